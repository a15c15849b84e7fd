//! YAML as kustomize reads and writes it.

mod emit;
mod lines;
mod quote;
mod read;
mod scalar;
mod unique;

pub use emit::to_yaml;
pub use read::{parse_value, parse_yaml};

pub(super) use lines::Lines;
pub(super) use read::{parse_legacy, parse_objects};
pub(super) use scalar::{go_json, text};
