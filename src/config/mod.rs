//! `kfctl-cn.yaml`: model, defaults, validation, schema.

mod model;

pub use model::*;
