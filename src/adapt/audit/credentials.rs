//! Published logins, and placeholders where certificates should be.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::super::report::Finding;
use super::Place;
use super::policy::Policy;

/// A CA bundle must hold a certificate.
pub(super) fn bundle(here: &Place, text: &str) -> Option<Finding> {
    if here.pointer.ends_with("/caBundle") && text != "caBundle" && placeholder(text) {
        let hint =
            "drop it: the injector of certificates fills it, and the API server refuses one that is no certificate";
        return Some(here.finding("ca-bundle", text, hint));
    }
    None
}

/// No login that everybody knows.
pub(super) fn logins(here: &Place, text: &str, policy: &Policy) -> Vec<Finding> {
    let mut findings = Vec::new();
    let secret = here.object.kind() == "Secret" && here.pointer.starts_with("/data/");
    let decoded = secret.then(|| STANDARD.decode(text).ok()).flatten().and_then(|bytes| String::from_utf8(bytes).ok());
    let words = text.split(|c: char| c.is_whitespace() || "\"',".contains(c));
    for word in words.chain(decoded.as_deref()).filter(|word| word.len() >= 16) {
        let digest = Sha256::digest(word.as_bytes());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        if let Some(published) = policy.published.iter().find(|published| published.sha256 == digest) {
            let hint = "everybody knows it: it must be replaced by one of this deployment";
            findings.push(here.finding("published-login", published.what.clone(), hint));
        }
    }
    findings
}

/// True if a CA bundle holds no certificate.
fn placeholder(text: &str) -> bool {
    let decoded = STANDARD.decode(text).unwrap_or_default();
    !String::from_utf8_lossy(&decoded).contains("-----BEGIN CERTIFICATE-----")
}
