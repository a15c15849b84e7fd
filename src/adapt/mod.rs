//! Adaptations, API uplift and the audit of a render.
//!
//! [`adapt`] takes the objects of one [`Set`] as they come from the renderer and gives back what a cluster in AWS China
//! can take: API versions raised (`uplift`), reasoned changes from `manifests/adaptations` carried out (`rules`,
//! `change`), images rewritten to one registry (`images`), and the result audited (`audit`). It is pure: no I/O, no
//! cluster, the same answer for the same input, and a second time it changes nothing. It knows nothing of how manifests
//! are rendered or applied.

mod audit;
mod change;
mod compatibility;
mod diff;
mod embedded;
mod images;
mod inventory;
mod path;
mod report;
mod rules;
mod table;
mod template;
mod uplift;
mod values;

#[cfg(test)]
mod tests;

pub use compatibility::{ApiVerdict, check_apis};

/// Names of images, as containers write them.
pub mod image_name {
    pub use super::images::name::{full, host, is_name};
}

pub use inventory::{
    CompiledIn, ImageStatus, InventoryEntry, Note, SourceFact, SourceState, compiled_in, image_target, inventory,
    source_fact, to_copy,
};
pub use report::{Adapted, Applied, Fate, Finding, ImageRef, UpstreamImage};
pub use rules::{Adaptation, Change, Target, When};
pub use table::{adaptations, own_objects};
pub use values::{KubernetesVersion, Set, Values};

use crate::model::{Object, Result};

/// Stands for the host where this program would be the registry, in names of images that it makes itself.
const OWN_HOST: &str = "kfctl-cn.local/";

/// Adapts the objects of a set to a deployment in AWS China and audits the result. Findings are for the caller to
/// refuse; an error means that the objects or the embedded data can't be worked with at all.
pub fn adapt(set: Set, objects: Vec<Object>, values: &Values) -> Result<Adapted> {
    let before = images::scan::scan(&objects, &values.registry)?;
    let mut out = Adapted { objects, ..Adapted::default() };
    raise(&mut out, values);
    let wanted = wanted(set, values)?;
    let secrets = template::secrets(values);
    for adaptation in wanted.iter().filter(|adaptation| adaptation.is_data()) {
        carry_out(adaptation, &mut out, values, &secrets)?;
    }
    let replaced = rewrite(&mut out, &wanted, values)?;
    for adaptation in wanted.iter().filter(|adaptation| adaptation.is_image()) {
        if !replaced.contains(&adaptation.id) {
            out.unmatched.push(format!("{}: no such image", adaptation.id));
        }
    }
    let upstream = before.into_iter().filter(|(name, _)| !name.starts_with(OWN_HOST));
    out.upstream = upstream.map(|(name, places)| inventory::fate::fate(name, &places, &out, &wanted)).collect();
    out.findings = audit::audit(&out.objects, values)?;
    Ok(out)
}

/// The objects of a set after something of the user's own was laid over them: versions are raised, images rewritten and
/// all is audited, as [`adapt`] does it. What was changed is told under the id `by`.
pub fn adapt_again(set: Set, before: Adapted, objects: Vec<Object>, by: &str, values: &Values) -> Result<Adapted> {
    let changed = diff::objects(by, &before.objects, &objects, &template::secrets(values));
    let mut out = Adapted { objects, ..before };
    out.applied.extend(changed);
    raise(&mut out, values);
    rewrite(&mut out, &wanted(set, values)?, values)?;
    out.findings = audit::audit(&out.objects, values)?;
    Ok(out)
}

/// Raises the versions of all objects.
fn raise(out: &mut Adapted, values: &Values) {
    for object in &mut out.objects {
        let id = object.id();
        if let Some(done) = uplift::uplift(object, values.kubernetes) {
            out.applied.push(Applied { id: done.id.into(), object: id, changes: done.changes });
        }
    }
}

/// Rewrites all images; gives the ids of the adaptations whose image was found.
fn rewrite(out: &mut Adapted, wanted: &[&Adaptation], values: &Values) -> Result<Vec<String>> {
    let rewritten = images::rewrite(&mut out.objects, &values.registry, wanted)?;
    out.applied.extend(rewritten.applied);
    // What this program makes itself is in no registry to copy it from.
    out.images = rewritten.images.into_iter().filter(|image| !image.source.starts_with(OWN_HOST)).collect();
    Ok(rewritten.replaced)
}

/// The adaptations of a set that apply.
fn wanted(set: Set, values: &Values) -> Result<Vec<&'static Adaptation>> {
    let all = table::all().as_ref().map_err(Clone::clone)?;
    Ok(all.iter().filter(|adaptation| adaptation.sets.contains(&set) && adaptation.when.holds(values)).collect())
}

/// Carries out one adaptation on every object that it means.
fn carry_out(adaptation: &Adaptation, out: &mut Adapted, values: &Values, secrets: &[String]) -> Result<()> {
    let mut matched = false;
    let mut kept = Vec::with_capacity(out.objects.len());
    let mut added = Vec::new();
    for mut object in std::mem::take(&mut out.objects) {
        if !adaptation.target.matches(&object) {
            kept.push(object);
            continue;
        }
        matched = true;
        let before = object.clone();
        let mut deleted = false;
        for change in &adaptation.changes {
            match change::run(change, &mut object.0, values)? {
                change::Effect::Done => {}
                change::Effect::Delete => deleted = true,
                change::Effect::NoPlace(path) if !adaptation.optional => {
                    out.unmatched.push(format!("{}: {} has no {path}", adaptation.id, before.id()));
                }
                change::Effect::NoPlace(_) => {}
            }
            if let Change::Add { component } = change {
                added.extend(table::component(component, values)?);
            }
        }
        let changes = match deleted {
            true => vec!["removed".into()],
            false => diff::changes(&before.0, &object.0, secrets),
        };
        if !changes.is_empty() {
            out.applied.push(Applied { id: adaptation.id.clone(), object: before.id(), changes });
        }
        if !deleted {
            kept.push(object);
        }
    }
    if !matched && !adaptation.optional {
        out.unmatched.push(format!("{}: no such object", adaptation.id));
    }
    out.objects = kept;
    for object in added {
        if !out.objects.iter().any(|other| same(other, &object)) {
            let changes = vec!["added".into()];
            out.applied.push(Applied { id: adaptation.id.clone(), object: object.id(), changes });
            out.objects.push(object);
        }
    }
    Ok(())
}

/// True if both are the same object in a cluster, whatever the version.
fn same(a: &Object, b: &Object) -> bool {
    a.is(b.group(), b.kind()) && a.name() == b.name() && a.namespace() == b.namespace()
}
