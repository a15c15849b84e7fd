//! State file, journal and lock.
