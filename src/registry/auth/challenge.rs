//! `WWW-Authenticate`: how a registry wants to be logged in to.

use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

/// What a registry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// User and password with each request.
    Basic,
    /// A token from the address `realm`.
    Bearer {
        /// Where tokens are had.
        realm: String,
        /// The registry's name there.
        service: Option<String>,
        /// The scopes that the registry says it needs, separated by spaces.
        scope: Option<String>,
    },
}

impl Challenge {
    /// The challenge of an answer; of several, a token goes before a password.
    pub fn of(headers: &HeaderMap) -> Option<Challenge> {
        let all = || headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let bearer = all().find_map(|text| {
            let parameters = parameters(strip(text, "bearer")?);
            Some(Challenge::Bearer {
                realm: parameters.get("realm")?.clone(),
                service: parameters.get("service").cloned(),
                scope: parameters.get("scope").cloned(),
            })
        });
        bearer.or_else(|| all().find_map(|text| strip(text, "basic")).map(|_| Challenge::Basic))
    }
}

/// What follows the name of a scheme.
fn strip<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (head, rest) = text.trim_start().split_once(' ').unwrap_or((text.trim(), ""));
    head.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// `key="value"` pairs with commas between; a quoted value may hold commas and escaped quotes.
fn parameters(mut text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    while let Some((key, rest)) = text.split_once('=') {
        let key = key.trim_matches(|c: char| c == ',' || c.is_whitespace()).to_ascii_lowercase();
        let (value, rest) = match rest.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let (value, rest) = rest.split_once(',').unwrap_or((rest, ""));
                (value.trim().to_owned(), rest)
            }
        };
        found.insert(key, value);
        text = rest;
    }
    found
}

/// A quoted value up to its closing quote, and what follows.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Option<Challenge> {
        Challenge::of(&values.iter().map(|v| (WWW_AUTHENTICATE, v.parse().unwrap())).collect())
    }

    #[test]
    fn a_token_goes_before_a_password() {
        let bearer = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#;
        let expected = Challenge::Bearer {
            realm: "https://auth.docker.io/token".into(),
            service: Some("registry.docker.io".into()),
            scope: Some("repository:a/b:pull,push".into()),
        };
        assert_eq!(of(&[r#"Basic realm="x""#, bearer]), Some(expected));
        assert_eq!(of(&["basic realm=x"]), Some(Challenge::Basic));
        assert_eq!(of(&["Negotiate"]), None);
        assert_eq!(of(&["Bearer service=x"]), None);
    }

    #[test]
    fn odd_forms_are_read() {
        let parsed = parameters(r#" Realm = "a\"b" , service=x, error="insufficient_scope" "#);
        assert_eq!(parsed.get("service").map(String::as_str), Some("x"));
        assert_eq!(parameters("realm=\"open"), BTreeMap::from([("realm".into(), "open".into())]));
    }
}
