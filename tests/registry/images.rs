//! Images that the tests make, and put into a registry by hand.

use std::sync::OnceLock;

use kfctl_cn::registry::Digest;
use serde_json::{Value, json};

const LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// Bytes that look like chance and are the same each time.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// One client for all tests, since making one takes longer than a request; it keeps no connection, since each test has a runtime of
/// its own.
fn http() -> &'static reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap())
}

/// Puts a blob; its descriptor.
pub async fn blob(host: &str, repository: &str, bytes: Vec<u8>, kind: &str) -> Value {
    let digest = Digest::of(&bytes);
    let size = bytes.len();
    let begun = http().post(format!("http://{host}/v2/{repository}/blobs/uploads/")).send().await.unwrap();
    let url = begun.headers()["location"].to_str().unwrap().to_owned();
    let mark = if url.contains('?') { '&' } else { '?' };
    let put = http().put(format!("{url}{mark}digest={digest}")).body(bytes).send().await.unwrap();
    assert_eq!(put.status(), 201);
    json!({"mediaType": kind, "size": size, "digest": digest.to_string()})
}

/// Puts a manifest with blanks where nobody else would have them; its digest and length.
async fn manifest(host: &str, repository: &str, pointer: Option<&str>, kind: &str, value: &Value) -> (String, usize) {
    let text = serde_json::to_string_pretty(value).unwrap().replace(": ", " :   ") + "\n\n";
    let digest = Digest::of(text.as_bytes()).to_string();
    let url = format!("http://{host}/v2/{repository}/manifests/{}", pointer.unwrap_or(&digest));
    let length = text.len();
    let put = http().put(url).header("content-type", kind).body(text).send().await.unwrap();
    assert_eq!(put.status(), 201, "{}", put.text().await.unwrap());
    (digest, length)
}

/// Puts an image of one platform; its descriptor.
async fn single(host: &str, repository: &str, pointer: Option<&str>, arch: &str, layers: &[(u64, usize)]) -> Value {
    let config = json!({"architecture": arch, "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}});
    let config =
        blob(host, repository, config.to_string().into_bytes(), "application/vnd.docker.container.image.v1+json");
    let config = config.await;
    let mut all = Vec::new();
    for (seed, length) in layers {
        let kind = "application/vnd.docker.image.rootfs.diff.tar.gzip";
        all.push(blob(host, repository, noise(*seed, *length), kind).await);
    }
    let value = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": all});
    let (digest, size) = manifest(host, repository, pointer, MANIFEST, &value).await;
    json!({"mediaType": MANIFEST, "size": size, "digest": digest, "platform": {"os": "linux", "architecture": arch}})
}

/// An image of one platform with layers of these seeds and lengths; its digest.
pub async fn image(host: &str, name: &str, layers: &[(u64, usize)]) -> String {
    let (repository, tag) = name.split_once(':').unwrap();
    single(host, repository, Some(tag), "amd64", layers).await["digest"].as_str().unwrap().to_owned()
}

/// An image of three platforms that share a layer; its digest.
pub async fn index(host: &str, name: &str, seed: u64, length: usize) -> String {
    let (repository, tag) = name.split_once(':').unwrap();
    let mut children = Vec::new();
    for (at, arch) in ["amd64", "arm64", "s390x"].into_iter().enumerate() {
        let layers = [(seed, length), (seed + 1 + at as u64, length / 2)];
        children.push(single(host, repository, None, arch, &layers).await);
    }
    let value = json!({"schemaVersion": 2, "mediaType": LIST, "manifests": children});
    manifest(host, repository, Some(tag), LIST, &value).await.0
}
