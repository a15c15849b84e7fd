//! `--only`: a few objects of a render, by kind and name.

use std::str::FromStr;

use similar::TextDiff;

use crate::adapt::{Adapted, Set};
use crate::model::{Error, ErrorClass, ObjectId, Result};

/// How many near names are told.
const NEAR: usize = 5;

/// An object that is asked for: `KIND/NAME` or `KIND/NAMESPACE/NAME`; the kind in any case, also as `kind.group`.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cli) struct Only {
    kind: String,
    namespace: Option<String>,
    name: String,
}

impl FromStr for Only {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let (kind, namespace, name) = match parts[..] {
            [kind, name] => (kind, None, name),
            [kind, namespace, name] => (kind, Some(namespace.to_owned()), name),
            _ => return Err("written as KIND/NAME or KIND/NAMESPACE/NAME".into()),
        };
        if kind.is_empty() || name.is_empty() {
            return Err("both a kind and a name are needed, such as Deployment/ml-pipeline".into());
        }
        Ok(Only { kind: kind.to_owned(), namespace, name: name.to_owned() })
    }
}

impl Only {
    fn means(&self, id: &ObjectId) -> bool {
        self.is_kind(id)
            && self.name == id.name
            && self.namespace.as_ref().is_none_or(|namespace| *namespace == id.namespace)
    }

    fn is_kind(&self, id: &ObjectId) -> bool {
        self.kind.eq_ignore_ascii_case(&id.kind) || self.kind.eq_ignore_ascii_case(&format!("{}.{}", id.kind, id.group))
    }

    fn written(&self) -> String {
        write(&self.kind, self.namespace.as_deref().unwrap_or_default(), &self.name)
    }
}

/// True if one of them means the object.
pub(in crate::cli) fn means(only: &[Only], id: &ObjectId) -> bool {
    only.iter().any(|only| only.means(id))
}

/// # Errors
/// Class `Usage`: one of them means none of these objects.
pub(in crate::cli) fn each_is_known(only: &[Only], ids: &[ObjectId]) -> Result<()> {
    let missing = only.iter().find(|only| !ids.iter().any(|id| only.means(id)));
    missing.map_or(Ok(()), |missing| Err(none(missing, ids)))
}

fn write(kind: &str, namespace: &str, name: &str) -> String {
    if namespace.is_empty() { format!("{kind}/{name}") } else { format!("{kind}/{namespace}/{name}") }
}

/// Keeps what is asked for, all if nothing is; sets of which nothing is left go.
///
/// # Errors
/// Class `Usage`: one of them means no object, neither rendered nor removed by an adaptation.
pub(super) fn select(only: &[Only], rendered: &mut Vec<(Set, Adapted)>) -> Result<()> {
    if only.is_empty() {
        return Ok(());
    }
    let known = |adapted: &Adapted| -> Vec<ObjectId> {
        adapted.objects.iter().map(|o| o.id()).chain(adapted.applied.iter().map(|a| a.object.clone())).collect()
    };
    let ids: Vec<ObjectId> = rendered.iter().flat_map(|(_, adapted)| known(adapted)).collect();
    each_is_known(only, &ids)?;
    let wanted = |id: &ObjectId| means(only, id);
    for (_, adapted) in rendered.iter_mut() {
        adapted.objects.retain(|object| wanted(&object.id()));
        adapted.applied.retain(|applied| wanted(&applied.object));
    }
    rendered.retain(|(_, adapted)| !adapted.objects.is_empty() || !adapted.applied.is_empty());
    Ok(())
}

/// The names that are most like the one that was asked for: of its kind, if there is any of it.
fn none(only: &Only, ids: &[ObjectId]) -> Error {
    let of_kind: Vec<&ObjectId> = ids.iter().filter(|id| only.is_kind(id)).collect();
    let candidates = if of_kind.is_empty() { ids.iter().collect() } else { of_kind };
    let alike = |id: &ObjectId| {
        let kind = TextDiff::from_chars(only.kind.to_lowercase().as_str(), id.kind.to_lowercase().as_str()).ratio();
        kind + TextDiff::from_chars(only.name.as_str(), id.name.as_str()).ratio()
    };
    let mut near: Vec<(f32, String)> =
        candidates.into_iter().map(|id| (alike(id), write(&id.kind, &id.namespace, &id.name))).collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    near.dedup();
    let names: Vec<String> = near.into_iter().take(NEAR).map(|(_, name)| name).collect();
    Error::new(ErrorClass::Usage, format!("no object is called {}", only.written()))
        .hint(format!("near it are: {}", names.join(", ")))
}
