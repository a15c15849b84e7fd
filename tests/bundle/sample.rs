//! The sample against the real tree: it must use kustomize in every way that the real one does.

use std::collections::BTreeSet;
use std::path::Path;

use kfctl_cn::kustomize::parse_value;
use serde_json::Value;

use crate::{real, support};

const TREE: &str = "kubeflow-1.5.1-aws-b1.0.2";

/// The ways in which a tree uses kustomize: a line for each field, each kind of entry, each kind of deletion.
fn ways(tree: &Path) -> BTreeSet<String> {
    let mut ways = BTreeSet::new();
    walk(tree, &mut ways);
    ways
}

fn walk(dir: &Path, ways: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            walk(&path, ways);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        match name.as_str() {
            "kustomization.yaml" => kustomization(dir, &parse_value(&text, &name).unwrap(), ways),
            "params.yaml" | "kustomizeconfig.yaml" => {
                fields("configuration", &parse_value(&text, &name).unwrap(), 3, ways)
            }
            _ if text.starts_with("$patch: delete") => _ = ways.insert("delete, said first".into()),
            _ if text.contains("$patch: delete") => _ = ways.insert("delete, said last".into()),
            _ => {}
        }
    }
}

fn kustomization(dir: &Path, value: &Value, ways: &mut BTreeSet<String>) {
    if value["kind"].is_null() {
        ways.insert("no kind".into());
    }
    for list in ["bases", "resources"] {
        for entry in value[list].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let what = if dir.join(entry).is_file() { "file" } else { "folder" };
            ways.insert(format!("{list}: a {what}"));
        }
    }
    for generator in value["configMapGenerator"].as_array().into_iter().flatten() {
        ways.insert(format!("configMapGenerator: behavior {}", generator["behavior"]));
    }
    let mut value = value.clone();
    value.as_object_mut().unwrap().remove("commonLabels");
    fields("kustomization", &value, 3, ways);
}

/// The names of fields, to a depth.
fn fields(path: &str, value: &Value, depth: u32, ways: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) if depth > 0 => {
            for (key, value) in map {
                let path = format!("{path}.{key}");
                ways.insert(path.clone());
                fields(&path, value, depth - 1, ways);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| fields(path, value, depth, ways)),
        Value::Null => _ = ways.insert(format!("{path} is empty")),
        _ => {}
    }
}

#[test]
fn every_way_in_which_the_real_tree_uses_kustomize_occurs_in_the_sample() {
    let Some(dir) = real::bundle() else { return };
    let (real, sample) = (ways(&dir.join(TREE)), ways(&support::sample_bundle().join(TREE)));
    assert!(real.len() > 50, "{real:#?}");
    let missing: Vec<_> = real.difference(&sample).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
