//! A field of some kinds, and lists of them.

use super::super::invalid;
use super::super::resource::Gvk;
use super::super::spec::Fields;
use super::super::spec::read_gvk;
use crate::model::Result;

/// A field of all objects that a type selector matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldSpec {
    /// Which objects.
    pub gvk: Gvk,
    /// The path: names divided by `/` (`\/` for a slash in a name); `[]` after a name hints at a list.
    pub path: String,
    /// True if the field is made where it is missing.
    pub create: bool,
}

impl FieldSpec {
    /// Reads a field spec of a configuration file.
    pub fn read(fields: &mut Fields<'_>) -> Result<FieldSpec> {
        Ok(FieldSpec { gvk: read_gvk(fields)?, path: fields.text("path")?, create: fields.flag("create")? })
    }

    /// A field of all objects.
    pub fn of_all(path: &str, create: bool) -> FieldSpec {
        FieldSpec { gvk: Gvk::default(), path: path.into(), create }
    }
}

/// Adds a field spec to a list, unless one of the list covers it.
pub fn merge_one(list: &mut Vec<FieldSpec>, new: FieldSpec) -> Result<()> {
    let same = list.iter().find(|old| old.gvk.is_selected_by(&new.gvk) && old.path == new.path);
    match same {
        None => list.push(new),
        Some(old) if old.create == new.create => {}
        Some(_) => {
            return Err(invalid(format!("two field specs for `{}` differ in `create`", new.path)));
        }
    }
    Ok(())
}

/// Adds field specs to a list.
pub fn merge_all(list: &mut Vec<FieldSpec>, new: &[FieldSpec]) -> Result<()> {
    new.iter().try_for_each(|spec| merge_one(list, spec.clone()))
}

/// Fields that hold the names of objects of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referrers {
    /// The type whose names they hold.
    pub target: Gvk,
    /// The fields.
    pub fields: Vec<FieldSpec>,
}

impl Referrers {
    /// Reads an entry of `nameReference`.
    pub fn read(fields: &mut Fields<'_>) -> Result<Referrers> {
        Ok(Referrers { target: read_gvk(fields)?, fields: fields.list("fieldSpecs", FieldSpec::read)? })
    }
}

/// Adds referrers to a list: fields of the same target type are joined.
pub fn merge_referrers(list: &mut Vec<Referrers>, new: &[Referrers]) -> Result<()> {
    for referrers in new {
        let mut found = false;
        for old in list.iter_mut().filter(|old| old.target == referrers.target) {
            merge_all(&mut old.fields, &referrers.fields)?;
            found = true;
        }
        if !found {
            list.push(referrers.clone());
        }
    }
    Ok(())
}
