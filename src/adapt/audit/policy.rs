//! The data of the rules: `manifests/policies/`.

use std::sync::OnceLock;

use regex::Regex;
use serde::Deserialize;

use super::super::report::Finding;
use super::super::rules::Target;
use super::super::table;
use crate::model::{Error, ErrorClass, Object, ObjectId, Result, glob};

/// What is allowed in spite of a rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    rule: String,
    /// The word that is allowed wherever it stands, an anchored expression.
    #[serde(default)]
    word: Option<String>,
    /// The place where anything is allowed.
    #[serde(default)]
    target: Option<Target>,
    /// The path of that place; `*` stands for any run of characters.
    #[serde(default)]
    path: Option<String>,
    /// Why. People read it; the program only insists that it is there.
    #[allow(dead_code)]
    reason: String,
}

/// API versions that Kubernetes stopped to serve.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Removed {
    pub(super) group: String,
    pub(super) version: String,
    /// The kinds; none means all of the version.
    #[serde(default)]
    pub(super) kinds: Vec<String>,
    /// The first minor version of Kubernetes 1 that doesn't serve it.
    pub(super) removed: u32,
    /// What takes its place.
    pub(super) instead: String,
    /// Why objects of it, or some of them, aren't raised by the program.
    #[serde(default)]
    pub(super) by_hand: Option<String>,
}

/// Digests of login data that were published.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Published {
    /// SHA-256 of the text, in hexadecimal digits.
    pub(super) sha256: String,
    /// What it is.
    pub(super) what: String,
}

/// All data.
pub(super) struct Policy {
    allowed: Vec<Allowed>,
    words: Vec<(String, Regex)>,
    pub(super) removed: Vec<Removed>,
    pub(super) published: Vec<Published>,
}

macro_rules! policy_file {
    ($name:literal) => {
        (concat!("policies/", $name), include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/manifests/policies/", $name)))
    };
}

/// Reads the data, once.
pub(super) fn get() -> Result<&'static Policy> {
    static POLICY: OnceLock<Result<Policy>> = OnceLock::new();
    match POLICY.get_or_init(load) {
        Ok(policy) => Ok(policy),
        Err(error) => Err(error.clone()),
    }
}

fn load() -> Result<Policy> {
    let (name, text) = policy_file!("allowed.yaml");
    let allowed: Vec<Allowed> = table::read(name, text)?;
    let mut words = Vec::new();
    for (rule, word) in allowed.iter().filter_map(|entry| Some((&entry.rule, entry.word.as_ref()?))) {
        let expression = Regex::new(&format!("^(?:{word})$"))
            .map_err(|error| Error::new(ErrorClass::Bug, name).caused_by(error.to_string()))?;
        words.push((rule.clone(), expression));
    }
    let (name, text) = policy_file!("removed-apis.yaml");
    let removed = table::read(name, text)?;
    let (name, text) = policy_file!("published-logins.yaml");
    let published = table::read(name, text)?;
    Ok(Policy { allowed, words, removed, published })
}

impl Policy {
    /// True if a word may stand anywhere in spite of the rule.
    pub(super) fn allows_word(&self, rule: &str, word: &str) -> bool {
        self.words.iter().any(|(allowed, expression)| allowed == rule && expression.is_match(word))
    }

    /// True if the rule doesn't hold at the finding's place.
    pub(super) fn allows_place(&self, finding: &Finding) -> bool {
        self.allowed.iter().any(|entry| {
            entry.rule == finding.rule
                && entry.target.as_ref().is_some_and(|target| target.matches(&as_object(&finding.object)))
                && entry.path.as_ref().is_none_or(|path| glob::matches(path, &finding.path))
        })
    }
}

/// An object with nothing but a name, to match targets with.
fn as_object(id: &ObjectId) -> Object {
    Object(serde_json::json!({
        "apiVersion": id.api_version(),
        "kind": id.kind,
        "metadata": {"name": id.name, "namespace": id.namespace},
    }))
}
