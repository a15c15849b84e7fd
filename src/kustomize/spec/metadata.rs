//! `buildMetadata`.

use super::Fields;
use crate::model::Result;

/// What the root kustomization wants to be told in the result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildMetadata {
    /// Annotations that say where objects come from.
    pub origins: bool,
    /// Annotations that say what changed objects.
    pub transformations: bool,
    /// A label that says who built objects.
    pub managed_by: bool,
}

impl BuildMetadata {
    /// Reads the field `buildMetadata`.
    pub fn read(fields: &mut Fields<'_>) -> Result<BuildMetadata> {
        let mut wanted = BuildMetadata::default();
        for option in fields.texts("buildMetadata")? {
            match option.as_str() {
                "originAnnotations" => wanted.origins = true,
                "transformerAnnotations" => wanted.transformations = true,
                "managedByLabel" => wanted.managed_by = true,
                other => {
                    return Err(fields
                        .error(&format!("`buildMetadata` doesn't know `{other}`"))
                        .hint("use originAnnotations, transformerAnnotations or managedByLabel"));
                }
            }
        }
        Ok(wanted)
    }
}
