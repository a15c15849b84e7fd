//! Which style a text gets: the rules of the YAML 1.1 emitter that kustomize prints with.

use std::sync::LazyLock;

use regex::Regex;

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Bare.
    Plain,
    /// In `'`.
    Single,
    /// In `"`, with escapes.
    Double,
    /// As a block after `|`.
    Literal,
}

/// A pattern that is part of the program.
#[expect(clippy::expect_used, reason = "the patterns are constants, and a test compiles them all")]
fn constant(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

static FLOAT: LazyLock<Regex> = LazyLock::new(|| constant(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$"));
static BASE60: LazyLock<Regex> = LazyLock::new(|| constant(r"^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$"));
static TIME: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"^\d{4}-(\d{1,2})-(\d{1,2})([Tt]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[-+]\d{2}:\d{2})| \d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?)?$",
    )
});

/// Words that YAML 1.1 reads as something else than text.
const WORDS: [&str; 40] = [
    "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "n", "N", "no", "No", "NO", "false",
    "False", "FALSE", "off", "Off", "OFF", "", "~", "null", "Null", "NULL", ".nan", ".NaN", ".NAN", ".inf", ".Inf",
    ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", "<<",
];

/// The length of the longest of them.
const LONGEST_WORD: usize = 5;

fn is_special(text: &str) -> bool {
    text.len() <= LONGEST_WORD && WORDS.contains(&text)
}

/// True if a bare text would be read as something else than text.
pub fn reads_as_other(text: &str) -> bool {
    if is_special(text) {
        return true;
    }
    match text.as_bytes().first() {
        Some(b'.') => FLOAT.is_match(text),
        Some(b'0'..=b'9' | b'+' | b'-') => is_number(text) || is_time(text) || BASE60.is_match(text),
        _ => false,
    }
}

fn is_number(text: &str) -> bool {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    let (negative, digits) = match plain.as_bytes().first() {
        Some(b'-') => (true, &plain[1..]),
        Some(b'+') => (false, &plain[1..]),
        _ => (false, plain.as_str()),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, body) = if let Some(hex) = lower.strip_prefix("0x") {
        (16, hex)
    } else if let Some(octal) = lower.strip_prefix("0o") {
        (8, octal)
    } else if let Some(binary) = lower.strip_prefix("0b") {
        (2, binary)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..])
    } else {
        (10, lower.as_str())
    };
    let whole = !body.is_empty() && body.chars().all(|c| c.is_digit(radix)) && {
        let limit = if negative { 1u128 << 63 } else { u128::from(u64::MAX) };
        u128::from_str_radix(body, radix).is_ok_and(|n| n <= limit)
    };
    whole || FLOAT.is_match(&plain)
}

fn is_time(text: &str) -> bool {
    let Some(found) = TIME.captures(text) else { return false };
    let part = |i: usize| found.get(i).and_then(|m| m.as_str().parse::<u32>().ok()).unwrap_or(0);
    (1..=12).contains(&part(1)) && (1..=31).contains(&part(2))
}

/// Characters that the emitter writes as they are; the rest is escaped.
pub fn printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank_or_end(c: Option<char>) -> bool {
    matches!(c, None | Some(' ' | '\t'))
}

/// Chooses the style of a text.
pub fn style(text: &str, is_key: bool) -> Style {
    // A word of letters that isn't one of the few special ones: most texts are.
    let is_word = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'/' | b'.' | b'_' | b'-');
    if text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && text.bytes().all(is_word) && !is_special(text) {
        return Style::Plain;
    }
    let facts = Facts::of(text);
    if text.contains('\n') {
        return if facts.block_allowed && !is_key { Style::Literal } else { Style::Double };
    }
    if reads_as_other(text) || BASE60.is_match(text) {
        return Style::Double;
    }
    match (facts.plain_allowed && !(is_key && facts.multiline), facts.single_allowed && !(is_key && facts.multiline)) {
        (true, _) => Style::Plain,
        (false, true) => Style::Single,
        (false, false) => Style::Double,
    }
}

struct Facts {
    plain_allowed: bool,
    single_allowed: bool,
    block_allowed: bool,
    multiline: bool,
}

impl Facts {
    fn of(text: &str) -> Facts {
        let chars: Vec<char> = text.chars().collect();
        let last = chars.len().saturating_sub(1);
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let (mut special, mut multiline, mut break_space, mut space_break) = (false, false, false, false);
        let (mut after_space, mut after_break) = (false, false);
        for (i, &c) in chars.iter().enumerate() {
            let blank_follows = is_blank_or_end(chars.get(i + 1).copied());
            indicators |= match c {
                '#' if i > 0 => chars[i - 1] == ' ' || chars[i - 1] == '\t' || is_break(chars[i - 1]),
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => {
                    i == 0
                }
                '?' | '-' => i == 0 && blank_follows,
                ':' => blank_follows,
                _ => false,
            };
            special |= !printable(c);
            if c == ' ' {
                break_space |= after_break;
                (after_space, after_break) = (true, false);
            } else if is_break(c) {
                multiline = true;
                space_break |= after_space;
                (after_space, after_break) = (false, true);
            } else {
                (after_space, after_break) = (false, false);
            }
        }
        let edge = |c: Option<&char>| c.is_some_and(|c| *c == ' ' || is_break(*c));
        let edges = edge(chars.first()) || edge(chars.get(last));
        let trailing_space = chars.get(last) == Some(&' ');
        let hard = space_break || special;
        Facts {
            plain_allowed: !(edges || break_space || hard || multiline || indicators),
            single_allowed: !(break_space || hard),
            block_allowed: !(trailing_space || hard || chars.is_empty()),
            multiline,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_would_be_read_as_something_else_are_quoted() {
        let double =
            ["yes", "on", "y", "null", "~", "", "1", "0644", "1_000", "0x1F", "1e3", "1.", ".5", "12:30", "2022-01-02"];
        for text in double {
            assert_eq!(style(text, false), Style::Double, "{text:?}");
        }
        for text in ["- a", "a: b", "# a", "a #b", "'a", "*a", "{a", "a:", " a", "a ", "---a", "@a", "%a", "!a"] {
            assert_eq!(style(text, false), Style::Single, "{text:?}");
        }
        for text in
            ["a", "a:b", "a#b", "1.2.3", "v1", "-a", "/a/b", "0x", "08a", "a, b", "yess", "1-2", "2022-13-02", "="]
        {
            assert_eq!(style(text, false), Style::Plain, "{text:?}");
        }
        assert_eq!(style("a\tb", false), Style::Double);
        assert_eq!(style("a\nb", false), Style::Literal);
        assert_eq!(style("a \nb", false), Style::Double);
        assert_eq!(style("a\nb", true), Style::Double);
    }
}
