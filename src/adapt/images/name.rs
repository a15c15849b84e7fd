//! Image names: what stands in a manifest, at the source, and in the registry that the cluster pulls from.

/// Where Docker Hub is written in other ways.
const DOCKER_HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// True if the text can be an image name: no template, no blank, not one of the words that stand for "chosen later".
pub fn is_name(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "._/:@-".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(legal) && text != "auto"
}

/// The host of a name, if it has one: its first part has a dot or a port, or is `localhost`.
pub fn host(name: &str) -> Option<&str> {
    let (first, _) = name.split_once('/')?;
    (first.contains(['.', ':']) || first == "localhost").then_some(first)
}

/// The full name at the source: the host written out, `library/` where Docker Hub implies it.
pub fn full(name: &str) -> String {
    let (host, rest) = match host(name) {
        Some(host) => (host, &name[host.len() + 1..]),
        None => ("docker.io", name),
    };
    if !DOCKER_HUB.contains(&host) {
        return name.to_owned();
    }
    if rest.contains('/') { format!("docker.io/{rest}") } else { format!("docker.io/library/{rest}") }
}

/// The name in the registry that the cluster pulls from: the registry, then the full name at the source. A port's colon
/// is illegal inside a path; `_` stands for it there, which no host has, so that [`source`] can give the name back.
pub(in crate::adapt) fn target(registry: &str, full: &str) -> String {
    match host(full) {
        Some(host) => format!("{registry}/{}{}", host.replace(':', "_"), &full[host.len()..]),
        None => format!("{registry}/{full}"),
    }
}

/// The full name at the source, from a name that [`target`] made; `None` for a name that isn't in the registry.
pub(in crate::adapt) fn source(registry: &str, target: &str) -> Option<String> {
    let path = target.strip_prefix(registry)?.strip_prefix('/')?;
    let (first, rest) = path.split_once('/')?;
    match first.rsplit_once('_') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => Some(format!("{host}:{port}/{rest}")),
        _ => Some(path.to_owned()),
    }
}

/// The name without tag and digest.
pub(in crate::adapt) fn repository(name: &str) -> &str {
    let name = name.split('@').next().unwrap_or(name);
    let last = name.rfind('/').map_or(0, |at| at + 1);
    name[last..].find(':').map_or(name, |colon| &name[..last + colon])
}

/// Whether an adaptation's `from` means this full name: the same, or the same without a tag.
pub(in crate::adapt) fn means(from: &str, full: &str) -> bool {
    from == full || (repository(from) == from && repository(full) == from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REGISTRY: &str = "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/kfctl-cn";

    proptest! {
        /// The way to the registry and back, for names with and without host, port, tag and digest.
        #[test]
        fn every_name_comes_back_from_its_place_in_the_registry(
            host in "([a-z0-9]{1,8}(\\.[a-z0-9]{1,5}){1,3}(:[0-9]{2,5})?/|localhost(:[0-9]{2,5})?/|docker\\.io/|)",
            path in "[a-z0-9]{1,6}([_-][a-z0-9]{1,4}){0,2}(/[a-z0-9]{1,6}((__|\\.)[a-z0-9]{1,3})?){0,3}",
            tag in "(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,12})?",
            digest in "(@sha256:[0-9a-f]{64})?",
        ) {
            let full = full(&format!("{host}{path}{tag}{digest}"));
            prop_assert_eq!(&super::full(&full), &full, "a full name is full");
            prop_assert!(full.ends_with(&format!("{path}{tag}{digest}")), "path, tag and digest stay: {}", full);
            let target = target(REGISTRY, &full);
            prop_assert!(!repository(&target).contains(':'), "no port inside a path: {}", target);
            prop_assert_eq!(source(REGISTRY, &target), Some(full));
        }
    }

    #[test]
    fn a_name_elsewhere_has_no_source() {
        for elsewhere in ["gcr.io/a/b", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/kfctl-cn2/gcr.io/a/b"] {
            assert_eq!(source(REGISTRY, elsewhere), None);
        }
    }

    #[test]
    fn writes_out_what_docker_hub_implies() {
        for (name, expected) in [
            ("python:3.7", "docker.io/library/python:3.7"),
            ("docker.io/busybox", "docker.io/library/busybox"),
            ("index.docker.io/istio/pilot:1", "docker.io/istio/pilot:1"),
            ("kserve/agent:v0.7.0", "docker.io/kserve/agent:v0.7.0"),
            ("gcr.io/ml-pipeline/frontend:1.8.2", "gcr.io/ml-pipeline/frontend:1.8.2"),
            ("localhost:5000/a:b", "localhost:5000/a:b"),
        ] {
            assert_eq!(full(name), expected);
        }
    }

    #[test]
    fn a_port_is_no_tag() {
        assert_eq!(repository("host:5000/a/b"), "host:5000/a/b");
        assert_eq!(repository("host:5000/a/b:v1@sha256:00"), "host:5000/a/b");
        assert!(means("gcr.io/a/b", "gcr.io/a/b:v1"));
        assert!(!means("gcr.io/a/b:v1", "gcr.io/a/b:v2"));
        assert!(!means("gcr.io/a/b", "gcr.io/a/bc:v1"));
    }
}
