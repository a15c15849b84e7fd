//! Preflight and verify checkers, one file a category.
