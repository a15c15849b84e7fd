//! The registry.

use super::{Found, matches};
use crate::config::Config;

pub fn check(config: &Config, found: &mut Found) {
    let Some(registry) = &config.spec.images.registry else { return };
    let path = "spec.images.registry";
    let hint = "host and prefix without scheme, such as <account>.dkr.ecr.<region>.amazonaws.com.cn/kfctl-cn";
    let host = registry.split('/').next().unwrap_or_default();
    if registry.contains("://") {
        found.add(path, format!("`{registry}` has a scheme"), hint);
    } else if !matches(r"[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*", registry) {
        found.add(path, format!("`{registry}` is not a registry"), hint);
    } else if !host.contains('.') && !host.contains(':') && host != "localhost" {
        found.add(path, format!("`{host}` is not a host: it would be taken for a repository of Docker Hub"), hint);
    } else if host.ends_with(".amazonaws.com") {
        found.add(path, format!("{host} is a registry of another partition"), hint);
    }
}
