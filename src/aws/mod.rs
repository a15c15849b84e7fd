//! AWS: clients, tags, error classes, typed calls.
