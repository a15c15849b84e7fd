//! `*` in names.

/// True if the text matches the pattern, in which `*` stands for any run of characters.
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(head) else {
        return false;
    };
    (0..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| matches(tail, &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_any_run() {
        for (pattern, text, expected) in [
            ("dex", "dex", true),
            ("dex", "dexter", false),
            ("*", "", true),
            ("jupyter-web-app-config-*", "jupyter-web-app-config-fc68fcb7h8", true),
            ("jupyter-web-app-config-*", "jupyter-web-app-logos", false),
            ("*-config*", "a-config", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }
}
