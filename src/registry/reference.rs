//! Names of images: host, repository, tag, digest.

use std::fmt;
use std::str::FromStr;

use super::Digest;
use crate::model::{Error, ErrorClass};

/// Where Docker Hub is written in other ways.
const DOCKER_HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// The name of an image in a registry. The host is written out, `library/` too where Docker Hub implies it; with neither tag nor
/// digest the tag is `latest`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The registry as it is named: `docker.io`, `gcr.io`, `127.0.0.1:5000`.
    pub host: String,
    /// The repository, such as `library/busybox`.
    pub repository: String,
    /// The tag. `None` only where there is a digest.
    pub tag: Option<String>,
    /// The digest of the manifest, if the name pins one.
    pub digest: Option<Digest>,
}

impl Reference {
    /// The host that answers: Docker Hub's API has another name than its images.
    pub fn api_host(&self) -> &str {
        if self.host == "docker.io" { "registry-1.docker.io" } else { &self.host }
    }

    /// What stands in the place of the manifest in a request: the digest if there is one, else the tag.
    pub fn pointer(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.clone(),
            (None, None) => "latest".into(),
        }
    }

    /// The same repository, with a manifest of this digest.
    #[must_use]
    pub fn at(&self, digest: Digest) -> Reference {
        Reference { tag: None, digest: Some(digest), ..self.clone() }
    }

    /// The same repository, with this tag and no digest.
    #[must_use]
    pub fn tagged(&self, tag: &str) -> Reference {
        Reference { tag: Some(tag.into()), digest: None, ..self.clone() }
    }

    /// The tag that a copy is kept under: that of the name, or one made from the digest. What has no tag is what registries throw
    /// away first.
    pub fn tag_to_keep(&self) -> String {
        match (&self.tag, &self.digest) {
            (Some(tag), _) => tag.clone(),
            (None, Some(digest)) => format!("digest-{}", &digest.hex()[..16]),
            (None, None) => "latest".into(),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for Reference {
    type Err = Error;

    fn from_str(text: &str) -> Result<Reference, Error> {
        let wrong = |why: &str| {
            Error::new(ErrorClass::Config, format!("`{text}` is not the name of an image")).caused_by(why.to_owned())
        };
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.parse()?)),
            None => (text, None),
        };
        let (host, rest) = match name.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (host, rest),
            _ => ("docker.io", name),
        };
        let (path, tag) = match rest.rsplit_once(':') {
            Some((path, tag)) => (path, Some(tag)),
            None => (rest, None),
        };
        if !is_host(host) {
            return Err(wrong(&format!("`{host}` is not a host")));
        }
        if path.len() > 255 || !path.split('/').all(is_component) {
            return Err(wrong("a repository has lower-case letters, digits and `/`, with `.`, `_`, `-` between them"));
        }
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(wrong("a tag has up to 128 letters, digits, `_`, `.` and `-`"));
        }
        let hub = DOCKER_HUB.contains(&host);
        Ok(Reference {
            host: if hub { "docker.io".into() } else { host.to_owned() },
            repository: if hub && !path.contains('/') { format!("library/{path}") } else { path.to_owned() },
            tag: tag.map(str::to_owned).or_else(|| digest.is_none().then(|| "latest".into())),
            digest,
        })
    }
}

fn is_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            ("ipv6", port.strip_prefix(':').or(port.is_empty().then_some("0")))
        }
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, Some("0")),
        },
    };
    let label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    name.split('.').all(label) && port.is_some_and(|port| port.parse::<u16>().is_ok())
}

fn is_component(part: &str) -> bool {
    let alphanumeric = |b: u8| b.is_ascii_digit() || b.is_ascii_lowercase();
    let bytes = part.as_bytes();
    let edge = |b: Option<&u8>| b.is_some_and(|b| alphanumeric(*b));
    edge(bytes.first()) && edge(bytes.last()) && bytes.iter().all(|b| alphanumeric(*b) || b"._-".contains(b))
}

fn is_tag(tag: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    (1..=128).contains(&tag.len())
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|b| word(b) || b == b'.' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn short_names_are_of_docker_hub_and_a_port_is_no_tag() {
        let digest = format!("gcr.io/knative-releases/x@sha256:{HEX}");
        let both = format!("public.ecr.aws/karpenter/controller:1.14.1@sha256:{HEX}");
        for (text, written) in [
            ("busybox", "docker.io/library/busybox:latest"),
            ("python:3.7", "docker.io/library/python:3.7"),
            ("index.docker.io/istio/pilot:1", "docker.io/istio/pilot:1"),
            ("localhost/a/b", "localhost/a/b:latest"),
            ("127.0.0.1:5000/a/b:v1", "127.0.0.1:5000/a/b:v1"),
            ("[::1]:5000/a:v1", "[::1]:5000/a:v1"),
            ("registry:5000/a", "registry:5000/a:latest"),
            (&digest, &digest),
            (&both, &both),
        ] {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), written);
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["", "A", "a//b", "a:", "a/b:x/y", "-a", "a@sha256:12", "host:99999/a", "a b", "h.io/../x", "[x]/a"]
        {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_digest_is_asked_for_before_a_tag_and_kept_under_a_tag_of_its_own() {
        let both: Reference = format!("q.io/a:v1@sha256:{HEX}").parse().unwrap();
        assert_eq!((both.pointer(), both.tag_to_keep()), (format!("sha256:{HEX}"), "v1".into()));
        let bare: Reference = format!("q.io/a@sha256:{HEX}").parse().unwrap();
        assert_eq!(bare.tag_to_keep(), "digest-e3b0c44298fc1c14");
        assert_eq!("busybox".parse::<Reference>().unwrap().api_host(), "registry-1.docker.io");
    }
}
