//! Writing a value into the fields of a target.

use serde_json::Value;

use super::super::fields::bounded;
use super::super::invalid;
use super::super::spec::{Part, ReplacementTarget};
use super::super::yaml::text;
use super::path::{self, Make};
use super::{plain, retyped, scalar_text, structured};
use crate::model::Result;

/// A value that was read: whole, and as text for targets that are scalars.
#[derive(Debug, Clone)]
pub struct Found {
    whole: Value,
    text: String,
}

impl Found {
    /// A fixed text.
    pub fn of_text(text: &str) -> Found {
        Found { whole: plain(text), text: text.to_owned() }
    }

    /// A value, or a piece of it.
    pub fn part_of(value: &Value, part: &Part) -> Result<Found> {
        if part.delimiter.is_empty() {
            return Ok(Found { whole: value.clone(), text: text(value) });
        }
        let all = scalar_text(value)?;
        let piece = usize::try_from(part.index).ok().and_then(|index| all.split(&part.delimiter).nth(index));
        let piece = piece.ok_or_else(|| invalid(format!("`{all}` has no part {}", part.index)))?;
        Ok(Found { whole: retyped(value, piece), text: piece.to_owned() })
    }

    fn kind(&self) -> Make {
        match self.whole {
            Value::Object(_) => Make::Map,
            Value::Array(_) => Make::List,
            _ => Make::Scalar,
        }
    }

    /// Puts the value in place of a field. A scalar keeps its type as far as it can: a text stays a text.
    fn put(&self, field: &mut Value, part: &Part, made: bool) -> Result<()> {
        let new = if part.delimiter.is_empty() {
            self.text.clone()
        } else {
            let old = scalar_text(field)?;
            let mut pieces: Vec<&str> = old.split(&part.delimiter).collect();
            match usize::try_from(part.index) {
                Err(_) => pieces.insert(0, &self.text),
                Ok(index) if index >= pieces.len() => pieces.push(&self.text),
                Ok(index) => pieces[index] = &self.text,
            }
            pieces.join(&part.delimiter)
        };
        *field = if field.is_array() || field.is_object() {
            self.whole.clone()
        } else if made {
            plain(&new)
        } else {
            retyped(field, &new)
        };
        Ok(())
    }
}

/// Writes a value into one path of an object. That nothing is there is an error.
pub fn write(object: &mut Value, path: &str, target: &ReplacementTarget, found: &Found) -> Result<()> {
    let make = if target.create { found.kind() } else { Make::Nothing };
    let parts = path::split(path);
    bounded(parts.len())?;
    let mut put = |field: &mut Value, made: bool| found.put(field, &target.part, made);
    if structured::write(object, &parts, make, &mut put) {
        return Ok(());
    }
    match path::visit(object, &parts, make, false, &mut put)? {
        0 => Err(invalid(format!("there is no field `{path}`"))
            .hint("set `options: {create: true}` on the target to make it, or correct the path")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_endless_path_is_an_error() {
        let target = ReplacementTarget {
            select: Default::default(),
            reject: Vec::new(),
            paths: Vec::new(),
            part: Part::default(),
            create: true,
        };
        let mut object = json!({});
        let error = write(&mut object, &"a.".repeat(500_000), &target, &Found::of_text("x")).unwrap_err();
        assert!(error.to_string().contains("more than 200 parts"), "{error}");
        write(&mut object, "a.b", &target, &Found::of_text("x")).unwrap();
        assert_eq!(object, json!({"a": {"b": "x"}}));
    }
}
