//! `index.json` and `oci-layout`: which images an archive holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::{Digest, Manifest};

/// What skopeo and crane find an image by.
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// What containerd calls an image when it imports it.
const IMAGE_NAME: &str = "io.containerd.image.name";

pub(super) const LAYOUT: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Index {
    pub schema_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    pub manifests: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    pub media_type: String,
    pub digest: Digest,
    pub size: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Entry {
    pub fn new(name: &str, manifest: &Manifest) -> Entry {
        Entry {
            media_type: manifest.media_type.clone(),
            digest: manifest.digest,
            size: manifest.bytes.len() as u64,
            annotations: [REF_NAME, IMAGE_NAME].map(|key| (key.to_owned(), name.to_owned())).into(),
        }
    }

    /// The image's name: containerd's is always the full one.
    pub fn name(&self) -> Option<&str> {
        self.annotations.get(IMAGE_NAME).or_else(|| self.annotations.get(REF_NAME)).map(String::as_str)
    }
}

impl Index {
    pub fn new(mut manifests: Vec<Entry>) -> Index {
        manifests.sort_by(|a, b| a.name().cmp(&b.name()));
        Index { schema_version: 2, media_type: Some("application/vnd.oci.image.index.v1+json".into()), manifests }
    }
}
