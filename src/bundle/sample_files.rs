//! The files of the sample.

/// Path below the bundle's root, and content.
pub(super) const FILES: &[(&str, &str)] = &[];
