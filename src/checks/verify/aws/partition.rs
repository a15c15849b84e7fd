//! Everything that was handed out is of AWS China.

use std::sync::Arc;

use crate::checks::look::{fail, look, pass};
use crate::checks::{Checker, Verdict};
use crate::model::{Region, Result};

use super::Subject;

const CATEGORY: &str = "partition";

pub(super) fn checkers(subject: &Subject) -> Vec<Arc<dyn Checker>> {
    let (arns, hosts) = (subject.clone(), subject.clone());
    vec![
        look(CATEGORY, "every ARN is of aws-cn", move || {
            let values = values(&arns);
            async move { judge(values, |v| v.starts_with("arn:"), |v| v.split(':').nth(1) == Some(Region::PARTITION)) }
        }),
        look(CATEGORY, "every AWS host is of China", move || {
            let values = values(&hosts);
            async move { judge(values, |v| v.contains("amazonaws.com") && !v.starts_with("arn:"), in_china) }
        }),
    ]
}

/// True if each AWS host in a text has the suffix of China.
fn in_china(text: &str) -> bool {
    text.match_indices("amazonaws.com").all(|(at, found)| text[at + found.len()..].starts_with(".cn"))
}

fn values(subject: &Subject) -> Vec<(String, String)> {
    let outputs = subject.outputs.iter();
    outputs.flat_map(|(addr, all)| all.iter().map(move |(k, v)| (format!("{addr} {k}"), v.clone()))).collect()
}

fn judge(values: Vec<(String, String)>, about: fn(&str) -> bool, right: fn(&str) -> bool) -> Result<Verdict> {
    let asked: Vec<_> = values.into_iter().filter(|(_, v)| about(v)).collect();
    let wrong: Vec<_> = asked.iter().filter(|(_, v)| !right(v)).map(|(of, v)| format!("{of} = {v}")).collect();
    if asked.is_empty() {
        return Ok(Verdict::Skip("nothing was made yet".into()));
    }
    if wrong.is_empty() {
        return pass(format!("{} looked at", asked.len()));
    }
    fail(wrong.join(", "), "check AWS_ENDPOINT_URL and the region: something outside China has answered")
}

#[cfg(test)]
mod tests {
    use super::in_china;

    #[test]
    fn a_host_without_the_suffix_is_seen() {
        assert!(in_china("https://oidc.eks.cn-north-1.amazonaws.com.cn/id/A"));
        assert!(!in_china("x.cn-north-1.eks.amazonaws.com"));
        assert!(!in_china("s3.cn-north-1.amazonaws.com.cn,s3.amazonaws.com"));
    }
}
