//! Random input never panics: it is rendered, or an error of class `Config`.

use kfctl_cn::kustomize::{Options, build, parse_value, parse_yaml, to_yaml};
use kfctl_cn::model::{ErrorClass, Object};
use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::tree;

/// Names that mean something to the renderer, and some that don't.
const NAMES: [&str; 30] = [
    "resources",
    "namespace",
    "namePrefix",
    "commonLabels",
    "patches",
    "patch",
    "target",
    "kind",
    "name",
    "metadata",
    "spec",
    "template",
    "containers",
    "image",
    "env",
    "ports",
    "containerPort",
    "protocol",
    "$patch",
    "configMapGenerator",
    "literals",
    "files",
    "vars",
    "objref",
    "images",
    "newTag",
    "subjects",
    "labels",
    "annotations",
    "data",
];
/// Texts that mean something.
const TEXTS: [&str; 20] = [
    "a.yaml",
    "b.yaml",
    ".",
    "..",
    "",
    "v1",
    "apps/v1",
    "Deployment",
    "ConfigMap",
    "delete",
    "replace",
    "merge",
    "$(V)",
    "$(",
    "a=b",
    "(",
    "web",
    "yes",
    "null",
    "\u{0}",
];

fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![4 => prop::sample::select(&TEXTS[..]).prop_map(str::to_owned), 1 => ".{0,8}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f32>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let name = prop_oneof![6 => prop::sample::select(&NAMES[..]).prop_map(str::to_owned), 1 => ".{0,5}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..6).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn named(value: Value, kind: &str) -> Value {
    let mut map = match value {
        Value::Object(map) => map,
        other => Map::from_iter([("spec".to_owned(), other)]),
    };
    map.insert("apiVersion".into(), if kind == "Deployment" { "apps/v1" } else { "v1" }.into());
    map.insert("kind".into(), kind.into());
    let metadata = map.entry("metadata").or_insert(Value::Null);
    if !metadata.is_object() {
        *metadata = Value::Object(Map::new());
    }
    metadata["name"] = "web".into();
    Value::Object(map)
}

fn check(files: &[(&str, &str)]) {
    let dir = tree(files.iter().copied());
    match build(dir.path(), &Options::default()) {
        Ok(objects) => drop(to_yaml(&objects)),
        Err(error) => assert_eq!(error.class, ErrorClass::Config, "{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_text(kustomization in "\\PC{0,60}", text in "[-a-z:\\[\\]{}&*!|>'\"%@#,? \n\t]{0,80}") {
        check(&[("kustomization.yaml", &kustomization)]);
        check(&[("kustomization.yaml", &text)]);
        check(&[("kustomization.yaml", "resources: [a.yaml]"), ("a.yaml", &text)]);
        let _ = parse_yaml(&text, "random");
        let _ = parse_value(&text, "random");
    }

    #[test]
    fn random_kustomizations(spec in value(), object in value()) {
        let object = named(object, "Deployment").to_string();
        let mut spec = match spec { Value::Object(map) => map, other => Map::from_iter([("resources".to_owned(), other)]) };
        check(&[("kustomization.yaml", &Value::Object(spec.clone()).to_string()), ("a.yaml", &object)]);
        spec.insert("resources".into(), Value::from(vec!["a.yaml"]));
        check(&[("kustomization.yaml", &Value::Object(spec).to_string()), ("a.yaml", &object)]);
    }

    #[test]
    fn random_transformations(object in value(), patch in value(), other in value(), text in ".{0,6}") {
        let object = named(object, "Deployment").to_string();
        let patch = named(patch, "Deployment").to_string();
        let other = named(other, "ConfigMap").to_string();
        let name = Value::from(text).to_string();
        let spec = format!(
            "resources: [a.yaml, b.yaml]\nnamespace: {name}\nnamePrefix: {name}\ncommonLabels: {{a: {name}}}\n\
             images: [{{name: web, newTag: {name}}}, {{name: {name}, newName: x}}]\npatchesStrategicMerge: [p.yaml]\n\
             patches: [{{path: p.yaml, target: {{kind: Deployment}}}}]\n\
             vars: [{{name: V, objref: {{apiVersion: v1, kind: ConfigMap, name: web}}, fieldref: {{fieldPath: data.data}}}}]\n"
        );
        check(&[("kustomization.yaml", &spec), ("a.yaml", &object), ("b.yaml", &other), ("p.yaml", &patch)]);
        check(&[("kustomization.yaml", "resources: [a.yaml]\npatchesStrategicMerge: [p.yaml]\n"), ("a.yaml", &object), ("p.yaml", &patch)]);
    }

    #[test]
    fn what_is_printed_reads_back(object in value()) {
        let object = Object(named(object, "Deployment"));
        let text = to_yaml(std::slice::from_ref(&object));
        let back = parse_yaml(&text, "printed").map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        prop_assert_eq!(&to_yaml(&back), &text);
    }
}

#[test]
fn deep_nesting_is_an_error_not_an_overflow() {
    for (open, close) in [("[", "]"), ("{a: ", "}")] {
        let deep = format!("{}1{}", open.repeat(20_000), close.repeat(20_000));
        check(&[("kustomization.yaml", "resources: [a.yaml]"), ("a.yaml", &deep)]);
        check(&[("kustomization.yaml", &deep)]);
    }
    let bomb: String = (1..30).fold("a0: &a0 [x]\n".to_owned(), |text, i| {
        let j = i - 1;
        format!("{text}a{i}: &a{i} [*a{j}, *a{j}, *a{j}, *a{j}]\n")
    });
    check(&[("kustomization.yaml", "resources: [a.yaml]"), ("a.yaml", &bomb)]);
}
