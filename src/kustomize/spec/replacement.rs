//! `replacements`: a field of one object, or a fixed text, copied into fields of others.

use super::Selector;
use super::fields::Fields;
use crate::model::Result;

/// The field that is read or written if none is named.
const DEFAULT_PATH: &str = "metadata.name";

/// An entry of `replacements`.
#[derive(Debug, Clone)]
pub enum ReplacementEntry {
    /// A file with one replacement or a list of them.
    File(String),
    /// A replacement that stands in the kustomization.
    Inline(Box<Replacement>),
}

/// Where a value comes from and where it goes.
#[derive(Debug, Clone)]
pub struct Replacement {
    /// Where it comes from.
    pub source: ReplacementSource,
    /// Where it goes.
    pub targets: Vec<ReplacementTarget>,
}

/// Where a value comes from.
#[derive(Debug, Clone)]
pub enum ReplacementSource {
    /// A fixed text.
    Text(String),
    /// The field of the one object that has or had this type, name and namespace. Empty parts match all.
    Field {
        /// Type, name and namespace, as plain texts.
        object: Selector,
        /// The field, dotted.
        path: String,
        /// A part of the field's text.
        part: Part,
    },
}

/// Objects and their fields that take the value.
#[derive(Debug, Clone)]
pub struct ReplacementTarget {
    /// Which objects.
    pub select: Selector,
    /// Which of these are left out.
    pub reject: Vec<Selector>,
    /// The fields, dotted.
    pub paths: Vec<String>,
    /// A part of the fields' text.
    pub part: Part,
    /// True if missing fields are made.
    pub create: bool,
}

/// A part of a text: the n-th piece between delimiters. An empty delimiter means the whole text.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// What divides the pieces.
    pub delimiter: String,
    /// Which piece; for targets, -1 and below mean before the first, beyond the last after it.
    pub index: i64,
}

impl ReplacementEntry {
    /// Reads an entry of a kustomization.
    pub fn read(fields: &mut Fields<'_>) -> Result<ReplacementEntry> {
        let path = fields.text("path")?;
        if path.is_empty() {
            return Ok(ReplacementEntry::Inline(Box::new(Replacement::read(fields)?)));
        }
        let has_source = fields.take("source").is_some();
        if fields.take("targets").is_some() || has_source {
            return Err(fields.error("a replacement can't have both `path` and `source` or `targets`"));
        }
        Ok(ReplacementEntry::File(path))
    }
}

impl Replacement {
    /// Reads a replacement.
    pub fn read(fields: &mut Fields<'_>) -> Result<Replacement> {
        let text = match fields.take("sourceValue") {
            None => None,
            Some(value) => Some(value.as_str().ok_or_else(|| fields.error("`sourceValue` must be a text"))?.to_owned()),
        };
        let source = fields.nested("source", read_source)?;
        let targets = fields.list("targets", ReplacementTarget::read)?;
        let source = match (text, source) {
            (Some(_), Some(_)) => return Err(fields.error("`source` and `sourceValue` exclude each other")),
            (Some(text), None) => ReplacementSource::Text(text),
            (None, Some(source)) => source,
            (None, None) => return Err(fields.error("a replacement needs `source` or `sourceValue`")),
        };
        if targets.is_empty() {
            return Err(fields.error("a replacement needs at least one entry in `targets`"));
        }
        Ok(Replacement { source, targets })
    }
}

fn read_source(fields: &mut Fields<'_>) -> Result<ReplacementSource> {
    let (part, _) = fields.nested("options", read_options)?.unwrap_or_default();
    let path = Some(fields.text("fieldPath")?).filter(|path| !path.is_empty());
    Ok(ReplacementSource::Field {
        object: Selector {
            gvk: super::read_gvk(fields)?,
            name: fields.text("name")?,
            namespace: fields.text("namespace")?,
            ..Selector::default()
        },
        path: path.unwrap_or_else(|| DEFAULT_PATH.into()),
        part,
    })
}

impl ReplacementTarget {
    fn read(fields: &mut Fields<'_>) -> Result<ReplacementTarget> {
        let select = fields.nested("select", Selector::read)?;
        let (part, create) = fields.nested("options", read_options)?.unwrap_or_default();
        let mut paths = fields.texts("fieldPaths")?;
        if paths.is_empty() {
            paths.push(DEFAULT_PATH.into());
        }
        Ok(ReplacementTarget {
            select: select.ok_or_else(|| fields.error("a target needs `select`"))?,
            reject: fields.list("reject", Selector::read)?,
            paths,
            part,
            create,
        })
    }
}

fn read_options(fields: &mut Fields<'_>) -> Result<(Part, bool)> {
    // Read and not used by the reference either.
    fields.text("encoding")?;
    let index = match fields.take("index") {
        None => 0,
        Some(value) => value.as_i64().ok_or_else(|| fields.error("`index` must be a whole number"))?,
    };
    Ok((Part { delimiter: fields.text("delimiter")?, index }, fields.flag("create")?))
}
