//! ARNs, hosts and regions of other partitions.

use std::sync::LazyLock;

use regex::Regex;

use super::super::report::Finding;
use super::policy::Policy;
use super::{Place, words};
use crate::model::Region;

/// The code of a region: area, direction, number.
static REGION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b(?:(?:af|ap|ca|cn|eu|il|me|mx|sa|us)(?:-(?:gov|iso[a-z]?))?-(?:central|(?:north|south)(?:east|west)?|east|west)-\d)\b").ok()
});

pub(super) fn check(here: &Place, text: &str, policy: &Policy) -> Vec<Finding> {
    let mut findings = Vec::new();
    for word in words(text) {
        if word.contains("arn:aws:") {
            findings.push(here.finding("partition", word, "ARNs of AWS China begin with arn:aws-cn:"));
        }
        if foreign_host(word) && !policy.allows_word("endpoint", word) {
            findings.push(here.finding("endpoint", word, "hosts of AWS China end in .amazonaws.com.cn"));
        }
        // Every region's code has a hyphen before its number; most words haven't and cost nothing.
        if let Some(found) = REGION.as_ref().filter(|_| word.contains('-')).and_then(|region| {
            region.find_iter(word).find(|found| Region::ALL.iter().all(|ours| ours.as_str() != found.as_str()))
        }) && !policy.allows_word("region", word)
        {
            findings.push(here.finding("region", found.as_str(), "use cn-north-1 or cn-northwest-1"));
        }
    }
    findings
}

/// True if the word has `amazonaws.com` that isn't followed by `.cn`.
fn foreign_host(word: &str) -> bool {
    word.match_indices("amazonaws.com").any(|(at, host)| {
        let rest = &word[at + host.len()..];
        let china =
            rest.strip_prefix(".cn").is_some_and(|r| !r.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-'));
        // `amazonaws.community` is another name, and `.com.` or `.com,` still ends here.
        let same_label = rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
        !china && !same_label
    })
}
