//! Adaptations, API uplift and the audit of a render.

mod values;

pub use values::{KubernetesVersion, Set, Values};
