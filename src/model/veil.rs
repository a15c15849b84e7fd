//! What other programs say, without what looks like a secret in it: logs and messages that are shown or kept.

use std::sync::LazyLock;

use regex::Regex;

/// What stands in for a secret.
const VEILED: &str = "***";

/// Each pattern with what of it is kept.
static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        // A field whose name speaks of a secret, in the manner of shells, YAML, JSON and Go structs.
        (
            r#"(?i)([a-z0-9_.-]*(?:passw(?:or)?d|pwd|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key)[a-z0-9_.-]*["']?\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[^\s,;&}]+)"#,
            "${1}***",
        ),
        // User and password of a URL or of a Go data source name.
        (r"(://[^\s:@/]*:)[^@\s]+@", "${1}***@"),
        (r"([a-zA-Z0-9._-]+:)\S+@(tcp|unix)\(", "${1}***@${2}("),
        (r"(?i)\b((?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{6,}", "${1}***"),
        // A JSON web token, an access key's id, a private key.
        (r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", VEILED),
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b", VEILED),
        (r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", VEILED),
    ]
    .into_iter()
    .filter_map(|(pattern, kept)| Some((Regex::new(pattern).ok()?, kept)))
    .collect()
});

/// The text with secrets replaced by `***`. It hides too much rather than too little.
pub fn veil(text: &str) -> String {
    PATTERNS.iter().fold(text.to_owned(), |text, (pattern, kept)| pattern.replace_all(&text, *kept).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(PATTERNS.len(), 7);
    }

    #[test]
    fn secrets_are_hidden_and_what_is_told_stays() {
        for (said, shown) in [
            ("dial tcp 10.0.1.2:3306: i/o timeout", "dial tcp 10.0.1.2:3306: i/o timeout"),
            ("password=hunter2 user=admin", "password=*** user=admin"),
            (r#"{"DBPassword": "a b, c", "host": "db"}"#, r#"{"DBPassword": ***, "host": "db"}"#),
            ("DBConfig_Password='x y'", "DBConfig_Password=***"),
            ("aws_secret_access_key: abc/+d", "aws_secret_access_key: ***"),
            ("connecting admin:p%40ss@tcp(db:3306)/mlpipeline", "connecting admin:***@tcp(db:3306)/mlpipeline"),
            ("mysql://root:toor@db/x", "mysql://root:***@db/x"),
            ("Authorization: Bearer abcdef.ghi", "Authorization: Bearer ***"),
            ("got eyJhbGciOi.eyJzdWIi.c2ln back", "got *** back"),
            ("key AKIAABCDEFGHIJKLMNOP refused", "key *** refused"),
            ("-----BEGIN RSA PRIVATE KEY-----\nabc", "***"),
            (
                "Access denied for user 'admin'@'10.0.0.1' (using password: YES)",
                "Access denied for user 'admin'@'10.0.0.1' (using password: ***",
            ),
        ] {
            assert_eq!(veil(said), shown);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_password_behind_its_name_is_shown(before in "[ -~]{0,20}", secret in "[A-Za-z0-9/+]{12,40}", after in "[ -~]{0,20}") {
            for said in [
                format!("{before} password={secret} {after}"),
                format!("{before} \"secretKey\": \"{secret}\"{after}"),
                format!("{before} token: {secret}\n{after}"),
                format!("{before} mysql://root:{secret}@db {after}"),
            ] {
                proptest::prop_assert!(!veil(&said).contains(&secret), "{said} became {}", veil(&said));
            }
        }
    }
}
