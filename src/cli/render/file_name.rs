//! The names of files for objects.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::model::ObjectId;

/// The longest name; file systems allow 255 bytes, and an extension follows.
const LONGEST: usize = 200;

/// `kind.group_namespace_name`, without what the object lacks: different for different objects, the same in every run,
/// and safe on file systems that know no case.
pub(super) fn of(id: &ObjectId) -> String {
    let kind = id.kind.to_lowercase();
    let kind = if id.group.is_empty() { kind } else { format!("{kind}.{}", id.group) };
    let parts: Vec<String> =
        [kind.as_str(), &id.namespace, &id.name].into_iter().filter(|part| !part.is_empty()).map(escape).collect();
    shorten(parts.join("_"))
}

/// Everything but small letters, digits, `-` and `.` as `%` and two digits: `system:node` becomes `system%3Anode`.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string can't fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn shorten(mut name: String) -> String {
    if name.len() <= LONGEST {
        return name;
    }
    let digest = Sha256::digest(name.as_bytes());
    name.truncate(LONGEST - 17);
    digest.iter().take(8).fold(name + "-", |name, byte| format!("{name}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, of};
    use crate::model::Object;
    use serde_json::json;

    fn name(api: &str, kind: &str, namespace: &str, name: &str) -> String {
        let metadata = json!({"name": name, "namespace": namespace});
        of(&Object(json!({"apiVersion": api, "kind": kind, "metadata": metadata})).id())
    }

    #[test]
    fn names_are_safe_short_and_different() {
        assert_eq!(name("apps/v1", "Deployment", "kubeflow", "ml-pipeline"), "deployment.apps_kubeflow_ml-pipeline");
        assert_eq!(name("v1", "Namespace", "", "istio-system"), "namespace_istio-system");
        let role = |n: &str| name("rbac.authorization.k8s.io/v1", "ClusterRole", "", n);
        assert_eq!(role("system:Node_x/../y"), "clusterrole.rbac.authorization.k8s.io_system%3A%4Eode%5Fx%2F..%2Fy");
        assert_ne!(role("a"), role("A"));
        let long = "n".repeat(250);
        assert!(role(&format!("{long}a")).len() <= LONGEST);
        assert_ne!(role(&format!("{long}a")), role(&format!("{long}b")));
    }
}
