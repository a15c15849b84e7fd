//! What was changed: in the configuration, and outside.

mod fields;
mod unwanted;
