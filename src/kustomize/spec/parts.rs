//! The smaller parts of a kustomization.

use std::fmt;

use indexmap::IndexMap;

use super::super::fields::FieldSpec;
use super::super::resource::Gvk;
use super::fields::Fields;
use crate::model::Result;

/// An entry of `images`.
#[derive(Debug, Clone, Default)]
pub struct Image {
    /// The image without tag: a regular expression, as in kustomize.
    pub name: String,
    /// The new name; empty to keep it.
    pub new_name: String,
    /// The new tag; empty to keep it.
    pub new_tag: String,
    /// What is appended to the tag.
    pub tag_suffix: String,
    /// The digest; empty for none.
    pub digest: String,
}

impl Image {
    /// Reads an entry.
    pub fn read(fields: &mut Fields<'_>) -> Result<Image> {
        Ok(Image {
            name: fields.text("name")?,
            new_name: fields.text("newName")?,
            new_tag: fields.text("newTag")?,
            tag_suffix: fields.text("tagSuffix")?,
            digest: fields.text("digest")?,
        })
    }
}

/// An entry of `labels`.
#[derive(Debug, Clone, Default)]
pub struct Label {
    /// The labels.
    pub pairs: IndexMap<String, String>,
    /// True if selectors and templates get them too.
    pub selectors: bool,
    /// True if templates get them.
    pub templates: bool,
    /// True if claim templates get them.
    pub claims: bool,
    /// Further places.
    pub fields: Vec<FieldSpec>,
}

impl Label {
    /// Reads an entry.
    pub fn read(fields: &mut Fields<'_>) -> Result<Label> {
        Ok(Label {
            pairs: fields.text_map("pairs")?,
            selectors: fields.flag("includeSelectors")?,
            templates: fields.flag("includeTemplates")?,
            claims: fields.flag("includeVolumeClaimTemplates")?,
            fields: fields.list("fields", FieldSpec::read)?,
        })
    }
}

/// An entry of `replicas`.
#[derive(Debug, Clone, Default)]
pub struct Replica {
    /// The name of the workload.
    pub name: String,
    /// The count.
    pub count: i64,
}

impl Replica {
    /// Reads an entry.
    pub fn read(fields: &mut Fields<'_>) -> Result<Replica> {
        let count = match fields.take("count") {
            None => 0,
            Some(value) => value.as_i64().ok_or_else(|| fields.error("`count` must be a whole number"))?,
        };
        Ok(Replica { name: fields.text("name")?, count })
    }
}

/// Which objects a patch or replacement is for. Texts are anchored regular expressions; empty ones match all.
#[derive(Debug, Clone, Default)]
pub struct Selector {
    /// Group, version and kind.
    pub gvk: Gvk,
    /// The name.
    pub name: String,
    /// The namespace.
    pub namespace: String,
    /// A label selector.
    pub labels: String,
    /// A selector of annotations.
    pub annotations: String,
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ("group", &self.gvk.group),
            ("version", &self.gvk.version),
            ("kind", &self.gvk.kind),
            ("name", &self.name),
            ("namespace", &self.namespace),
            ("labelSelector", &self.labels),
            ("annotationSelector", &self.annotations),
        ];
        let said: Vec<String> = parts
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(field, value)| format!("{field} `{value}`"))
            .collect();
        f.write_str(&said.join(", "))
    }
}

impl Selector {
    /// Reads a selector.
    pub fn read(fields: &mut Fields<'_>) -> Result<Selector> {
        Ok(Selector {
            gvk: read_gvk(fields)?,
            name: fields.text("name")?,
            namespace: fields.text("namespace")?,
            labels: fields.text("labelSelector")?,
            annotations: fields.text("annotationSelector")?,
        })
    }
}

/// Reads `group`, `version` and `kind`.
pub fn read_gvk(fields: &mut Fields<'_>) -> Result<Gvk> {
    Ok(Gvk { group: fields.text("group")?, version: fields.text("version")?, kind: fields.text("kind")? })
}

/// An entry of `patches` or `patchesJson6902`.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    /// A file; empty if inline.
    pub path: String,
    /// The text; empty if in a file.
    pub inline: String,
    /// What it is for; strategic merge patches can do without.
    pub target: Option<Selector>,
    /// True if the patch may rename.
    pub rename: bool,
    /// True if the patch may change the kind.
    pub rekind: bool,
}

impl Patch {
    /// Reads an entry.
    pub fn read(fields: &mut Fields<'_>) -> Result<Patch> {
        let options = fields.nested("options", |f| Ok((f.flag("allowNameChange")?, f.flag("allowKindChange")?)))?;
        let (rename, rekind) = options.unwrap_or_default();
        Ok(Patch {
            path: fields.text("path")?,
            inline: fields.text("patch")?,
            target: fields.nested("target", Selector::read)?,
            rename,
            rekind,
        })
    }
}

/// A var: a field of an object whose value takes the place of `$(NAME)`.
#[derive(Debug, Clone, Default)]
pub struct Var {
    /// The name.
    pub name: String,
    /// The object's type.
    pub gvk: Gvk,
    /// The object's name before prefixes.
    pub object: String,
    /// The object's namespace; empty for any.
    pub namespace: String,
    /// The field, dotted.
    pub path: String,
}

impl Var {
    /// Reads a var.
    pub fn read(fields: &mut Fields<'_>) -> Result<Var> {
        let target = fields.nested("objref", |f| {
            let mut gvk = read_gvk(f)?;
            let api_version = f.text("apiVersion")?;
            match api_version.split('/').collect::<Vec<_>>()[..] {
                [group, version] => (gvk.group, gvk.version) = (group.into(), version.into()),
                [version] if !version.is_empty() => gvk.version = version.into(),
                _ => {}
            }
            Ok((gvk, f.text("name")?, f.text("namespace")?))
        })?;
        let (gvk, object, namespace) = target.unwrap_or_default();
        let path = fields.nested("fieldref", |f| f.text("fieldPath"))?.filter(|p| !p.is_empty());
        let path = path.unwrap_or_else(|| "metadata.name".into());
        Ok(Var { name: fields.text("name")?, gvk, object, namespace, path })
    }
}

/// `sortOptions` of the root kustomization.
#[derive(Debug, Clone, Default)]
pub struct SortOptions {
    /// False for the order of reading.
    pub legacy: bool,
    /// Kinds that come first and last; `None` for the built-in lists.
    pub kinds: Option<(Vec<String>, Vec<String>)>,
}

impl SortOptions {
    /// Reads the options.
    pub fn read(fields: &mut Fields<'_>) -> Result<SortOptions> {
        let order = fields.text("order")?;
        let kinds = fields.nested("legacySortOptions", |f| Ok((f.texts("orderFirst")?, f.texts("orderLast")?)))?;
        match order.as_str() {
            "legacy" => Ok(SortOptions { legacy: true, kinds }),
            "fifo" if kinds.is_some() => Err(fields.error("`legacySortOptions` needs `order: legacy`")),
            "fifo" => Ok(SortOptions { legacy: false, kinds: None }),
            other => Err(fields.error(&format!("`order` must be fifo or legacy, not `{other}`"))),
        }
    }
}

/// `openapi`: which schema says how lists are merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenApi {
    /// The built-in one, by name.
    BuiltIn,
    /// A file with a schema of one's own.
    File(String),
}

impl OpenApi {
    /// Reads the field; `None` if it says nothing.
    pub fn read(fields: &mut Fields<'_>) -> Result<Option<OpenApi>> {
        let (path, version) = (fields.text("path")?, fields.text("version")?);
        match (path.is_empty(), version.as_str()) {
            (true, "") => Ok(None),
            (true, "v1.21.2") => Ok(Some(OpenApi::BuiltIn)),
            (true, other) => Err(fields
                .error(&format!("the schema version `{other}` is not built in"))
                .hint("use v1.21.2, or name a file in `path`")),
            (false, "") => Ok(Some(OpenApi::File(path))),
            (false, _) => Err(fields.error("`path` and `version` exclude each other")),
        }
    }
}
