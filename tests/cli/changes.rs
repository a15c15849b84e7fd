//! Every field of the configuration has a row in docs/reference/changes.md.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::changes::{KINDS, page};

/// The fields of a section and of the sections in it.
fn fields(root: &Value, object: &Value, path: &str, all: &mut BTreeSet<String>) {
    use kfctl_cn::config::resolve;
    for (name, field) in resolve(root, object)["properties"].as_object().into_iter().flatten() {
        let here = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match resolve(root, field)["properties"].is_object() {
            true => fields(root, field, &here, all),
            false => drop(all.insert(here)),
        }
    }
}

#[test]
fn every_field_has_a_row_that_says_what_becomes_of_a_change() {
    let (schema, mut wanted) = (kfctl_cn::config::schema(), BTreeSet::new());
    fields(&schema, &schema, "", &mut wanted);
    // What says which format it is, not what is wanted.
    wanted.retain(|field| field.contains('.'));
    assert!(wanted.len() > 45, "{wanted:?}");
    let rows = page();
    let seen: BTreeSet<String> = rows.iter().map(|row| row.field.clone()).collect();
    assert_eq!(seen, wanted, "docs/reference/changes.md and the schema");
    assert_eq!(rows.len(), seen.len(), "a field has two rows");
    for row in &rows {
        let known = row.kinds.iter().all(|kind| KINDS.contains(&kind.as_str()));
        assert!(known && !row.kinds.is_empty(), "{}: {:?}", row.field, row.kinds);
    }
}
