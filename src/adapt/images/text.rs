//! Replaces image names inside text that must keep its form and comments.

use std::collections::BTreeMap;

/// Replaces names by others. A name is only found as a whole: `a/b` isn't in `c/a/b`, `a/b:1` or `a/bc`.
pub(super) fn replace(text: &str, names: &BTreeMap<String, String>) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || "._/:@-".contains(c);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(legal) {
        let end = rest[start..].find(|c| !legal(c)).map_or(rest.len(), |length| start + length);
        out.push_str(&rest[..start]);
        let token = &rest[start..end];
        out.push_str(names.get(token).map_or(token, String::as_str));
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_names_are_replaced() {
        let names = BTreeMap::from([("a/b".to_owned(), "r/a/b".to_owned())]);
        assert_eq!(replace("\"a/b\" r/a/b a/b:1 a/bc # a/b\n", &names), "\"r/a/b\" r/a/b a/b:1 a/bc # r/a/b\n");
    }
}
