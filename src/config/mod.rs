//! `kfctl-cn.yaml`: model, defaults, validation, schema.
