//! What was changed: in the configuration, and outside.

mod drift;
mod fields;
mod unwanted;
mod upgrade;
