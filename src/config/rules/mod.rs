//! What a configuration may say: the limits of AWS in China and of what is installed. One file a section.

mod cidr;
mod cluster;
mod components;
mod data;
mod gpu;
mod images;
mod network;
mod state;

use regex::Regex;

pub use cidr::Cidr;

use super::problem::Problem;
use super::tree::Node;
use super::{API_VERSION, Config, KIND};

/// All rules that a configuration breaks.
pub fn check(config: &Config) -> Vec<Problem> {
    let mut found = Found::default();
    head(config, &mut found);
    tags(config, &mut found);
    state::check(config, &mut found);
    network::check(config, &mut found);
    cluster::check(config, &mut found);
    data::check(config, &mut found);
    images::check(config, &mut found);
    components::check(config, &mut found);
    gpu::check(config, &mut found);
    found.0
}

/// What was found so far.
#[derive(Default)]
struct Found(Vec<Problem>);

impl Found {
    /// Notes a broken rule.
    fn add(&mut self, path: &str, message: String, hint: &str) {
        self.0.push(Problem::at(path, message, hint));
    }

    /// Notes a value that doesn't match a pattern, which is anchored at both ends.
    fn pattern(&mut self, path: &str, value: &str, pattern: &str, hint: &str) {
        if !matches(pattern, value) {
            self.add(path, format!("`{value}` is not possible here"), hint);
        }
    }

    /// Notes a number outside of its limits, both inclusive.
    fn range(&mut self, path: &str, value: u32, min: u32, max: u32, unit: &str) {
        if !(min..=max).contains(&value) {
            self.add(path, format!("{value} is out of range"), &format!("{min} to {max}{unit}"));
        }
    }
}

/// True if the whole text matches. The patterns are our own constants: one that isn't valid matches nothing, which the
/// tests of its rule would show.
fn matches(pattern: &str, text: &str) -> bool {
    Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|regex| regex.is_match(text))
}

/// What is wrong with a file that isn't for this program at all, such as a manifest of Kubernetes: what else stands in
/// it follows other rules, and to hold it against ours would only confuse.
pub fn foreign(root: &Node) -> Option<Problem> {
    let Node::Map(entries) = root else { return None };
    let (_, version) = entries.iter().find(|(key, _)| key.value == "apiVersion")?;
    let Node::Text(version) = &version.value else { return None };
    (API_VERSION.split('/').next() != version.split('/').next()).then(|| unknown_version(version))
}

fn unknown_version(seen: &str) -> Problem {
    let message = format!("`{seen}` is not a version that this program reads");
    Problem::at("apiVersion", message, format!("apiVersion: {API_VERSION}"))
}

fn head(config: &Config, found: &mut Found) {
    if config.api_version != API_VERSION {
        found.0.push(unknown_version(&config.api_version));
    }
    if config.kind != KIND {
        found.add("kind", format!("`{}` is not a kind that this program reads", config.kind), &format!("kind: {KIND}"));
    }
    let name = config.name();
    // RDS and S3 take neither a hyphen at the end nor, RDS, two in a row.
    if !matches("[a-z][a-z0-9-]{0,31}", name) || name.ends_with('-') || name.contains("--") {
        let hint =
            "1 to 32 lower-case letters, digits and single hyphens, beginning with a letter, not ending with a hyphen";
        found.add("metadata.name", format!("`{name}` is not possible as a name"), hint);
    }
    if let Some(account) = &config.spec.account {
        found.pattern("spec.account", account, "[0-9]{12}", "12 digits, in quotes");
    }
}

/// Source: the limits on tags of the AWS General Reference; 50 a resource, of which up to ten are ours.
fn tags(config: &Config, found: &mut Found) {
    let tags = &config.spec.tags;
    if tags.len() > 40 {
        found.add("spec.tags", format!("{} tags are too many", tags.len()), "AWS takes 50 a resource, and 10 are ours");
    }
    for (key, value) in tags {
        let path = format!("spec.tags.{key}");
        if key.to_lowercase().starts_with("aws:") {
            found.add(&path, "keys that begin with `aws:` belong to AWS".into(), "choose another key");
        } else if key == "Name"
            || key.starts_with("kfctl-cn/")
            || key.starts_with("kubernetes.io/")
            || key.starts_with("karpenter.sh/")
        {
            found.add(&path, "this key is set by the program".into(), "choose another key");
        } else if key.is_empty() || key.chars().count() > 128 || !taggable(key) {
            found.add(&path, "not possible as a key".into(), "1 to 128 letters, digits, spaces and _ . : / = + - @");
        }
        if value.chars().count() > 256 || !taggable(value) {
            let hint = "up to 256 letters, digits, spaces and _ . : / = + - @";
            found.add(&path, format!("`{value}` is not possible as a value"), hint);
        }
    }
}

/// True if AWS takes all characters in a tag.
fn taggable(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c))
}
