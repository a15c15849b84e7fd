//! Where the state is kept.

use super::{Found, data};
use crate::config::Config;
use crate::model::Backend;

pub fn check(config: &Config, found: &mut Found) {
    let path = "spec.state.backend";
    match config.spec.state.backend.parse::<Backend>() {
        Ok(Backend::Local) => {}
        Ok(Backend::S3 { bucket, .. }) => data::bucket(path, &bucket, found),
        Err(message) => found.add(path, message, "local, or s3://bucket/prefix"),
    }
}
