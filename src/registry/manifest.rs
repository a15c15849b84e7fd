//! Manifests: their bytes, which are never changed, and what they name.

use bytes::Bytes;
use serde::Deserialize;

use super::{Digest, Platform};
use crate::model::{Error, ErrorClass, Result};

/// Bytes that no manifest exceeds; registries refuse more than 4 MiB.
pub(super) const MAX_MANIFEST: usize = 8 << 20;

const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// What is accepted, best first.
pub(super) const ACCEPT: [&str; 4] = [OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST];

/// What a manifest names: another manifest or a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// The media type.
    pub media_type: String,
    /// The digest.
    pub digest: Digest,
    /// Its length, bytes.
    pub size: u64,
    /// The platform, in an index.
    pub platform: Option<Platform>,
}

/// A manifest as the registry has it.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The media type that it is pushed with.
    pub media_type: String,
    /// The bytes. What is pushed are these, so that the digest stays.
    pub bytes: Bytes,
    /// Their digest.
    pub digest: Digest,
    /// The manifests of an index.
    pub children: Vec<Descriptor>,
    /// Configuration and layers of an image, each once.
    pub blobs: Vec<Descriptor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    schema_version: Option<u32>,
    media_type: Option<String>,
    manifests: Option<Vec<RawDescriptor>>,
    config: Option<RawDescriptor>,
    layers: Option<Vec<RawDescriptor>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDescriptor {
    #[serde(default)]
    media_type: String,
    digest: Digest,
    size: u64,
    platform: Option<Platform>,
}

impl From<RawDescriptor> for Descriptor {
    fn from(raw: RawDescriptor) -> Descriptor {
        Descriptor { media_type: raw.media_type, digest: raw.digest, size: raw.size, platform: raw.platform }
    }
}

impl Manifest {
    /// Reads a manifest. `content_type` is what the registry calls it; the manifest's own word goes before.
    ///
    /// # Errors
    /// Class `Permanent` if it is none that can be copied.
    pub fn parse(bytes: Bytes, content_type: Option<&str>) -> Result<Manifest> {
        let raw: Raw = serde_json::from_slice(&bytes).map_err(|error| {
            Error::new(ErrorClass::Permanent, "the manifest can't be read").caused_by(error.to_string())
        })?;
        let plain = content_type.map(|text| text.split(';').next().unwrap_or_default().trim().to_owned());
        if raw.schema_version == Some(1) {
            return Err(Error::new(
                ErrorClass::Permanent,
                "the manifest is of schema 1, which registries no longer take",
            )
            .hint("pull and push it once with a current Docker, and copy from there"));
        }
        let known = |name: &String| ACCEPT.contains(&name.as_str());
        let guess = if raw.manifests.is_some() { OCI_INDEX } else { OCI_MANIFEST };
        let media_type =
            raw.media_type.filter(known).or_else(|| plain.filter(known)).unwrap_or_else(|| guess.to_owned());
        let index = [OCI_INDEX, DOCKER_LIST].contains(&media_type.as_str());
        if index != raw.manifests.is_some() || !index && raw.config.is_none() {
            return Err(Error::new(ErrorClass::Permanent, format!("the manifest is no {media_type}")));
        }
        let mut blobs: Vec<Descriptor> = Vec::new();
        for blob in raw.config.into_iter().chain(raw.layers.into_iter().flatten()).map(Descriptor::from) {
            if !foreign(&blob.media_type) && blobs.iter().all(|known| known.digest != blob.digest) {
                blobs.push(blob);
            }
        }
        let children = raw.manifests.into_iter().flatten().map(Descriptor::from).collect();
        Ok(Manifest { media_type, digest: Digest::of(&bytes), bytes, children, blobs })
    }

    /// True for an index.
    pub fn is_index(&self) -> bool {
        [OCI_INDEX, DOCKER_LIST].contains(&self.media_type.as_str())
    }

    /// An index with only the manifests that `keep` wants: other bytes, hence another digest. Itself if all are kept.
    ///
    /// # Errors
    /// Class `Permanent` if nothing is left.
    pub fn only(&self, keep: impl Fn(&Descriptor) -> bool) -> Result<Manifest> {
        if !self.is_index() || self.children.iter().all(&keep) {
            return Ok(self.clone());
        }
        let bug = |error: serde_json::Error| Error::new(ErrorClass::Bug, error.to_string());
        let mut value: serde_json::Value = serde_json::from_slice(&self.bytes).map_err(bug)?;
        let kept: Vec<bool> = self.children.iter().map(keep).collect();
        if let Some(list) = value.get_mut("manifests").and_then(serde_json::Value::as_array_mut) {
            let mut at = kept.iter();
            list.retain(|_| at.next().copied().unwrap_or(false));
            if list.is_empty() {
                let has: Vec<String> =
                    self.children.iter().filter_map(|c| c.platform.as_ref().map(ToString::to_string)).collect();
                return Err(Error::new(ErrorClass::Permanent, "the image has none of the platforms")
                    .caused_by(format!("it has {}", has.join(", "))));
            }
        }
        Manifest::parse(serde_json::to_vec(&value).map_err(bug)?.into(), Some(&self.media_type))
    }
}

/// Layers that stay where they are: their licence forbids pushing them, and clients get them from their own address.
fn foreign(media_type: &str) -> bool {
    media_type.contains(".foreign.") || media_type.contains(".nondistributable.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(spaces: &str) -> String {
        let child = |os: &str, arch: &str, byte: char| {
            let hex = byte.to_string().repeat(64);
            format!(
                r#"{{"mediaType":"{OCI_MANIFEST}","digest":"sha256:{hex}","size":7,"platform":{{"os":"{os}","architecture":"{arch}"}}}}"#
            )
        };
        let children = [child("linux", "amd64", 'a'), child("linux", "arm64", 'b')].join(",");
        format!(r#"{{{spaces}"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[{children}],"extra":1}}"#)
    }

    #[test]
    fn bytes_decide_the_digest_and_stay() {
        let text = index("\n\t  ");
        let manifest = Manifest::parse(text.clone().into(), None).unwrap();
        assert_eq!(manifest.digest, Digest::of(text.as_bytes()));
        assert_eq!(manifest.bytes, text);
        assert_eq!(manifest.children.len(), 2);
    }

    #[test]
    fn chosen_platforms_make_another_index_and_all_of_them_the_same() {
        let manifest = Manifest::parse(index("").into(), None).unwrap();
        let wanted: Platform = "linux/arm64".parse().unwrap();
        let only = manifest.only(|c| c.platform.as_ref().is_some_and(|p| wanted.means(p))).unwrap();
        assert_eq!(only.children.len(), 1);
        assert_ne!(only.digest, manifest.digest);
        assert_eq!(manifest.only(|_| true).unwrap().digest, manifest.digest);
        let error = manifest.only(|_| false).unwrap_err();
        assert_eq!(error.to_string(), "the image has none of the platforms: it has linux/amd64, linux/arm64");
    }

    #[test]
    fn what_cannot_be_copied_is_said() {
        let parse = |text: &str| Manifest::parse(text.to_owned().into(), None).unwrap_err().to_string();
        assert!(parse(r#"{"schemaVersion":1}"#).contains("schema 1"));
        assert!(parse("<html>").contains("can't be read"));
        assert!(parse(r#"{"schemaVersion":2}"#).contains("is no "));
    }

    #[test]
    fn foreign_layers_stay_where_they_are_and_a_layer_counts_once() {
        let hex = "c".repeat(64);
        let blob = |kind: &str| format!(r#"{{"mediaType":"application/vnd.{kind}","digest":"sha256:{hex}","size":3}}"#);
        let layers = [blob("docker.image.rootfs.foreign.diff.tar.gzip"), blob("x"), blob("x")].join(",");
        let text = format!(r#"{{"schemaVersion":2,"config":{},"layers":[{layers}]}}"#, blob("config"));
        assert_eq!(Manifest::parse(text.into(), Some(DOCKER_MANIFEST)).unwrap().blobs.len(), 1);
    }
}
