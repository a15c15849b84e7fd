//! Writing objects as kustomize prints them: keys sorted, lists not indented below their key, long texts
//! folded.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::quote::{Style, printable, style};
use crate::model::Object;

/// The longest text that stands as a key on one line.
const LONGEST_SIMPLE_KEY: usize = 128;
/// The column beyond which a text is folded.
const WIDTH: usize = 80;

/// Objects as YAML documents, divided by `---`.
pub fn to_yaml(objects: &[Object]) -> String {
    let mut out = String::new();
    for (i, object) in objects.iter().enumerate() {
        if i > 0 {
            out.push_str("---\n");
        }
        match &object.0 {
            Value::Object(map) if !map.is_empty() => write_map(map, 0, false, &mut out),
            other => {
                write_inline(other, 0, &mut out);
                out.push('\n');
            }
        }
    }
    out
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', depth));
}

/// `inline`: the first key goes on the line that is begun (after `- `).
fn write_map(map: &Map<String, Value>, depth: usize, inline: bool, out: &mut String) {
    let mut entries: Vec<(&String, &Value)> = map.iter().collect();
    entries.sort_by(|a, b| natural(a.0, b.0));
    for (i, (key, value)) in entries.into_iter().enumerate() {
        if i > 0 || !inline {
            indent(depth, out);
        }
        if key.len() > LONGEST_SIMPLE_KEY {
            out.push_str("? ");
            write_text(key, depth, true, out);
            out.push('\n');
            indent(depth, out);
            out.push(':');
        } else {
            write_text(key, depth, true, out);
            out.push(':');
        }
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                out.push('\n');
                write_map(inner, depth + 2, false, out);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                write_list(items, depth, false, out);
            }
            other => {
                out.push(' ');
                write_inline(other, depth + 2, out);
                out.push('\n');
            }
        }
    }
}

fn write_list(items: &[Value], depth: usize, inline: bool, out: &mut String) {
    for (i, item) in items.iter().enumerate() {
        if i > 0 || !inline {
            indent(depth, out);
        }
        out.push_str("- ");
        match item {
            Value::Object(map) if !map.is_empty() => write_map(map, depth + 2, true, out),
            Value::Array(inner) if !inner.is_empty() => write_list(inner, depth + 2, true, out),
            other => {
                write_inline(other, depth + 2, out);
                out.push('\n');
            }
        }
    }
}

/// A scalar or an empty collection. `depth` is the column of a block's lines.
fn write_inline(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(n) => out.push_str(&super::scalar::number(n)),
        Value::String(text) => write_text(text, depth, false, out),
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
    }
}

fn write_text(text: &str, depth: usize, is_key: bool, out: &mut String) {
    match style(text, is_key) {
        Style::Plain => write_folded(text, depth, Fold { is_key, quotes: None }, out),
        Style::Single => write_folded(text, depth, Fold { is_key, quotes: Some('\'') }, out),
        Style::Double => write_folded(text, depth, Fold { is_key, quotes: Some('"') }, out),
        Style::Literal => write_literal(text, depth, out),
    }
}

struct Fold {
    is_key: bool,
    quotes: Option<char>,
}

/// Writes a text that may be folded at its spaces: a line ends at the first one beyond [`WIDTH`].
fn write_folded(text: &str, depth: usize, fold: Fold, out: &mut String) {
    if fold.quotes.is_none() && (fold.is_key || !text.contains(' ')) {
        return out.push_str(text);
    }
    out.extend(fold.quotes);
    let begun = out.rfind('\n').map_or(0, |i| i + 1);
    let mut column = out[begun..].chars().count();
    let mut after_space = false;
    let mut chars = text.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        let space_follows = chars.peek() == Some(&' ');
        let at_edge = first || chars.peek().is_none();
        let foldable = c == ' ' && !fold.is_key && !after_space && column > WIDTH;
        let folds = foldable
            && match fold.quotes {
                None => !space_follows,
                Some('"') => !at_edge,
                Some(_) => !at_edge && !space_follows,
            };
        first = false;
        after_space = c == ' ';
        if folds {
            out.push('\n');
            indent(depth, out);
            column = depth;
            if space_follows {
                out.push('\\');
                column += 1;
            }
            continue;
        }
        column += match (fold.quotes, c) {
            (Some('\''), '\'') => {
                out.push_str("''");
                2
            }
            (Some('"'), _) => {
                let from = out.len();
                escape(c, out);
                out[from..].chars().count()
            }
            _ => {
                out.push(c);
                1
            }
        };
    }
    out.extend(fold.quotes);
}

fn write_literal(text: &str, depth: usize, out: &mut String) {
    out.push('|');
    if text.starts_with(' ') || text.starts_with('\n') {
        out.push('2');
    }
    let body = match text.strip_suffix('\n') {
        None => {
            out.push('-');
            text
        }
        Some(rest) if rest.is_empty() || rest.ends_with('\n') => {
            out.push('+');
            rest
        }
        Some(rest) => rest,
    };
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            indent(depth, out);
            out.push_str(line);
        }
    }
}

/// Writes a character of a text in double quotes.
fn escape(c: char, out: &mut String) {
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ if printable(c) => return out.push(c),
        _ => {
            let code = c as u32;
            return out.push_str(&match code {
                0..=0xff => format!("\\x{code:02X}"),
                0x100..=0xffff => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            });
        }
    };
    out.push('\\');
    out.push(short);
}

/// The order of keys: digits by their value, letters after all else.
fn natural(a: &str, b: &str) -> Ordering {
    // Most keys differ in their first letters: no need to take them apart.
    if let Some((x, y)) = a.bytes().zip(b.bytes()).find(|(x, y)| x != y)
        && x.is_ascii_alphabetic()
        && y.is_ascii_alphabetic()
    {
        return x.cmp(&y);
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    for i in 0..a.len().min(b.len()) {
        if a[i] == b[i] {
            continue;
        }
        match (a[i].is_alphabetic(), b[i].is_alphabetic()) {
            (true, true) => return a[i].cmp(&b[i]),
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) => {}
        }
        // A zero in the middle of a number counts only if digits other than zero stand before it.
        let inside =
            (a[i] == '0' || b[i] == '0') && a[..i].iter().rev().take_while(|c| c.is_ascii_digit()).any(|c| *c != '0');
        let (an, ai) = digits(&a, i, inside);
        let (bn, bi) = digits(&b, i, inside);
        return an.cmp(&bn).then(ai.cmp(&bi)).then(a[i].cmp(&b[i]));
    }
    a.len().cmp(&b.len())
}

fn digits(text: &[char], from: usize, inside: bool) -> (i64, usize) {
    let mut value = i64::from(inside);
    let mut at = from;
    while let Some(digit) = text.get(at).and_then(|c| c.to_digit(10)) {
        value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
        at += 1;
    }
    (value, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_naturally_and_lists_are_not_indented() {
        let value: Value = serde_json::json!({
            "b": [1, {"x": [], "a": [["p"], {}]}], "a10": "yes", "a9": null, "a": {"t": "l1\nl2\n", "u": " l1\n\nl2"}, "_": 0.5
        });
        insta::assert_snapshot!(to_yaml(&[Object(value.clone()), Object(value)]), @r#"
        _: 0.5
        a:
          t: |
            l1
            l2
          u: |2-
             l1

            l2
        a9: null
        a10: "yes"
        b:
        - 1
        - a:
          - - p
          - {}
          x: []
        ---
        _: 0.5
        a:
          t: |
            l1
            l2
          u: |2-
             l1

            l2
        a9: null
        a10: "yes"
        b:
        - 1
        - a:
          - - p
          - {}
          x: []
        "#);
    }
}
