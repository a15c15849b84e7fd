//! The pinned upstream files: lock, fetch, verify, cache.
