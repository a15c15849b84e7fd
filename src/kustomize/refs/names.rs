//! Name references: fields that hold the name of another object follow its new name.

use std::collections::HashSet;

use serde_json::Value;

use super::super::fields::{Create, FieldSpec, Referrers, follow};
use super::super::invalid;
use super::super::resource::{Gvk, Id, Resource};
use super::super::yaml::text;
use crate::model::Result;

/// An object as a target of references.
struct Target {
    id: Id,
    namespace: String,
    original_namespace: String,
    previous: Vec<Id>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
}

impl Target {
    fn of(resource: &Resource) -> Target {
        Target {
            id: resource.id(),
            namespace: resource.namespace(),
            original_namespace: resource.original_id().namespace,
            previous: resource.previous_ids(),
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
        }
    }

    fn was_named(&self, name: &str) -> bool {
        self.previous.iter().any(|id| id.name == name)
    }

    fn was(&self, gvk: &Gvk) -> bool {
        self.previous.iter().any(|id| id.gvk.is_selected_by(gvk))
    }

    /// True if prefixes and suffixes end alike: both objects went through the same kustomizations.
    fn has_affixes_of(&self, other: &Target, empty_matches: bool) -> bool {
        let alike = |a: &[String], b: &[String]| {
            (empty_matches && (a.is_empty() || b.is_empty())) || {
                let (short, long) = if a.len() > b.len() { (b, a) } else { (a, b) };
                if short.is_empty() { long.is_empty() } else { long.ends_with(short) }
            }
        };
        alike(&self.prefixes, &other.prefixes) && alike(&self.suffixes, &other.suffixes)
    }
}

/// Makes all name references follow.
pub fn fix_names(list: &mut [Resource], all: &[Referrers]) -> Result<()> {
    let targets: Vec<Target> = list.iter().map(Target::of).collect();
    for (resource, own) in list.iter_mut().zip(&targets) {
        let original = resource.original_id().gvk;
        let possible = reachable(&resource.value, own, &targets)?;
        for referrers in all {
            let mut fields = referrers.fields.iter().filter(|spec| original.is_selected_by(&spec.gvk)).peekable();
            // Few referrers are of the object's kind: only for these are candidates looked for.
            if fields.peek().is_none() {
                continue;
            }
            let candidates: Vec<&Target> = possible.iter().copied().filter(|t| t.was(&referrers.target)).collect();
            if candidates.is_empty() {
                continue;
            }
            for spec in fields {
                fix_field(&mut resource.value, own, spec, &candidates)?;
            }
        }
    }
    Ok(())
}

/// The objects that an object can refer to: those of its namespace and those without one; bindings reach the namespaces of
/// their accounts; objects without a namespace reach all.
fn reachable<'a>(object: &Value, own: &Target, targets: &'a [Target]) -> Result<Vec<&'a Target>> {
    if own.id.is_cluster_scoped() {
        return Ok(targets.iter().collect());
    }
    let mut accounts = HashSet::new();
    if own.id.gvk.kind == "RoleBinding" {
        for subject in object.get("subjects").and_then(Value::as_array).into_iter().flatten() {
            match (subject.get("kind").and_then(Value::as_str), subject.get("namespace")) {
                (Some("ServiceAccount"), Some(Value::String(namespace))) => {
                    accounts.insert(namespace.clone());
                }
                (Some("ServiceAccount"), Some(_)) => {
                    return Err(invalid(format!("a subject of {} has an empty namespace", own.id)));
                }
                _ => {}
            }
        }
    }
    let near =
        |t: &&Target| t.id.is_cluster_scoped() || t.id.namespace == own.id.namespace || accounts.contains(&t.namespace);
    Ok(targets.iter().filter(near).collect())
}

fn fix_field(object: &mut Value, own: &Target, spec: &FieldSpec, candidates: &[&Target]) -> Result<()> {
    let role = spec.path.ends_with("roleRef/name").then(|| role_type(object)).flatten();
    let pick = Pick { own, role, candidates };
    follow(object, spec, Create::Nothing, &mut |value| match value {
        Value::Null => Ok(()),
        Value::Object(_) => pick.set_map(value),
        Value::Array(items) => items.iter_mut().try_for_each(|item| match item {
            Value::Null => Ok(()),
            Value::Array(_) => Err(invalid("a list in a list of references")),
            Value::Object(_) => pick.set_map(item),
            scalar => pick.set_scalar(scalar),
        }),
        scalar => pick.set_scalar(scalar),
    })
}

/// The type that a binding's `roleRef` names.
fn role_type(object: &Value) -> Option<Gvk> {
    let role = object.get("roleRef")?;
    let part = |name: &str| role.get(name).map(text);
    Some(Gvk { group: part("apiGroup")?, version: String::new(), kind: part("kind")? })
}

struct Pick<'a> {
    own: &'a Target,
    role: Option<Gvk>,
    candidates: &'a [&'a Target],
}

impl Pick<'_> {
    /// A field that is a name.
    fn set_scalar(&self, value: &mut Value) -> Result<()> {
        let old = text(value);
        let same = |a: &Target, b: &Target| a.id.name == b.id.name;
        if let Some(target) = self.best(&old, self.candidates, same)?
            && target.id.name != old
        {
            *value = target.id.name.as_str().into();
        }
        Ok(())
    }

    /// A field that is a map with `name` and perhaps `namespace`.
    fn set_map(&self, value: &mut Value) -> Result<()> {
        let Some(map) = value.as_object_mut() else { return Ok(()) };
        let Some(old) = map.get("name").map(text) else {
            return Err(invalid("a reference without `name`"));
        };
        let candidates: Vec<&Target> = match map.get("namespace").map(text) {
            None => self.candidates.to_vec(),
            Some(namespace) => {
                let namespaced = |t: &&&Target| !t.id.is_cluster_scoped();
                let of = |pick: &dyn Fn(&Target) -> bool| {
                    self.candidates.iter().filter(namespaced).filter(|t| pick(t)).copied().collect::<Vec<_>>()
                };
                let first = of(&|t| t.original_namespace == namespace);
                if first.is_empty() { of(&|t| t.id.namespace == namespace) } else { first }
            }
        };
        let same = |a: &Target, b: &Target| a.id.name == b.id.name && a.namespace == b.namespace;
        let Some(target) = self.best(&old, &candidates, same)? else { return Ok(()) };
        map.insert("name".into(), target.id.name.as_str().into());
        if !target.namespace.is_empty() {
            map.insert("namespace".into(), target.namespace.as_str().into());
        }
        Ok(())
    }

    /// The one object that a name means; none if no object had that name. If more than one could be meant, those that went
    /// through the same kustomizations win; then it's an error.
    fn best<'t>(
        &self,
        old: &str,
        candidates: &[&'t Target],
        same: impl Fn(&Target, &Target) -> bool,
    ) -> Result<Option<&'t Target>> {
        let own = &self.own.id;
        let near = |t: &Target| {
            own.is_cluster_scoped()
                || t.id.is_cluster_scoped()
                || t.id.gvk.kind == "ServiceAccount"
                || t.id.namespace == own.namespace
        };
        let mut left: Vec<&Target> = candidates.to_vec();
        left.retain(|t| t.was_named(old) && self.role.as_ref().is_none_or(|role| t.was(role)) && near(t));
        if left.len() != 1 {
            left.retain(|t| t.has_affixes_of(self.own, true));
            if left.len() > 1 {
                left.retain(|t| t.has_affixes_of(self.own, false));
            }
        }
        match left[..] {
            [] => Ok(None),
            [first, ref others @ ..] if others.iter().all(|other| same(first, other)) => Ok(Some(first)),
            _ => {
                let ids: Vec<String> = left.iter().map(|t| t.id.to_string()).collect();
                Err(invalid(format!("`{old}` in {own} could mean any of: {}", ids.join("; ")))
                    .hint("give the objects different names, or refer to one of them by its new name"))
            }
        }
    }
}
