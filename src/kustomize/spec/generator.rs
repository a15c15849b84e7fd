//! `configMapGenerator`, `secretGenerator` and `generatorOptions`.

use indexmap::IndexMap;

use super::fields::Fields;
use crate::model::Result;

/// What a generator makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeneratorKind {
    /// A ConfigMap.
    ConfigMap,
    /// A Secret.
    Secret,
}

/// What happens if the object exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Behavior {
    /// That is an error.
    #[default]
    Create,
    /// Its data is replaced.
    Replace,
    /// Its data is kept where the generator has no key of that name.
    Merge,
}

/// Options of one generator.
#[derive(Debug, Clone, Default)]
pub struct GeneratorOptions {
    /// Labels of the object.
    pub labels: IndexMap<String, String>,
    /// Annotations of the object.
    pub annotations: IndexMap<String, String>,
    /// True if the name gets no hash.
    pub disable_hash: bool,
    /// True for `immutable: true`.
    pub immutable: bool,
}

impl GeneratorOptions {
    /// Reads the options.
    pub fn read(fields: &mut Fields<'_>) -> Result<GeneratorOptions> {
        Ok(GeneratorOptions {
            labels: fields.text_map("labels")?,
            annotations: fields.text_map("annotations")?,
            disable_hash: fields.flag("disableNameSuffixHash")?,
            immutable: fields.flag("immutable")?,
        })
    }

    /// Takes what the kustomization says for all generators; own labels and annotations win.
    pub fn inherit(&mut self, global: &GeneratorOptions) {
        for (key, value) in &global.labels {
            self.labels.entry(key.clone()).or_insert_with(|| value.clone());
        }
        for (key, value) in &global.annotations {
            self.annotations.entry(key.clone()).or_insert_with(|| value.clone());
        }
        self.disable_hash |= global.disable_hash;
        self.immutable |= global.immutable;
    }
}

/// One generator.
#[derive(Debug)]
pub struct Generator {
    /// What it makes.
    pub kind: GeneratorKind,
    /// The name without prefix and hash.
    pub name: String,
    /// The namespace; empty for none.
    pub namespace: String,
    /// What happens if the object exists.
    pub behavior: Behavior,
    /// `key=value` texts.
    pub literals: Vec<String>,
    /// `[key=]path` texts.
    pub files: Vec<String>,
    /// Files of `key=value` lines.
    pub envs: Vec<String>,
    /// The type of a Secret; empty for `Opaque`.
    pub secret_type: String,
    /// Further options.
    pub options: GeneratorOptions,
}

impl Generator {
    /// Reads a generator.
    pub fn read(fields: &mut Fields<'_>, kind: GeneratorKind) -> Result<Generator> {
        let mut envs = fields.texts("envs")?;
        envs.extend(Some(fields.text("env")?).filter(|e| !e.is_empty()));
        // Like kustomize: anything else than these two creates.
        let behavior = match fields.text("behavior")?.as_str() {
            "replace" => Behavior::Replace,
            "merge" => Behavior::Merge,
            _ => Behavior::Create,
        };
        let name = fields.text("name")?;
        if name.is_empty() {
            return Err(fields.error("a generator must have a name"));
        }
        Ok(Generator {
            kind,
            name,
            namespace: fields.text("namespace")?,
            behavior,
            literals: fields.texts("literals")?,
            files: fields.texts("files")?,
            envs,
            secret_type: if kind == GeneratorKind::Secret { fields.text("type")? } else { String::new() },
            options: fields.nested("options", GeneratorOptions::read)?.unwrap_or_default(),
        })
    }
}
