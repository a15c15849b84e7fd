//! What is refused, and what the error says.

use kfctl_cn::kustomize::{Options, build};
use kfctl_cn::model::ErrorClass;

use crate::{kustomize, reference, tree};

const POD: (&str, &str) = ("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n");

/// What is wrong, the files, and words of the error.
type Case = (&'static str, Vec<(&'static str, &'static str)>, &'static [&'static str]);

/// Trees that can't be built, each with words that the error must have. kustomize refuses all of them, too.
fn cases() -> Vec<Case> {
    let k = "kustomization.yaml";
    vec![
        ("no kustomization", vec![POD], &["no kustomization.yaml"]),
        ("two kustomizations", vec![(k, "resources: [pod.yaml]"), ("Kustomization", ""), POD], &["more than one"]),
        ("empty", vec![(k, "")], &["is empty"]),
        ("nothing in it", vec![(k, "kind: Kustomization\nnamePrefix: ''")], &["is empty"]),
        ("unknown field", vec![(k, "resorces: [pod.yaml]"), POD], &["unknown field `resorces`"]),
        ("unknown nested field", vec![(k, "resources: [pod.yaml]\nimages: [{nam: x}]"), POD], &["images[0]", "`nam`"]),
        ("wrong type", vec![(k, "resources: pod.yaml"), POD], &["`resources` must be a list"]),
        (
            "a number as label",
            vec![(k, "commonLabels: {a: 1}\nresources: [pod.yaml]"), POD],
            &["commonLabels.a", "`1`"],
        ),
        ("wrong kind", vec![(k, "kind: Other\nresources: [pod.yaml]"), POD], &["kind must be", "`Other`"]),
        ("malformed", vec![(k, "resources:\n- pod.yaml\n  - x: [\n"), POD], &["kustomization.yaml:"]),
        ("malformed resource", vec![(k, "resources: [bad.yaml]"), ("bad.yaml", "a: b\nc: [\n")], &["bad.yaml:"]),
        ("no kind", vec![(k, "resources: [bad.yaml]"), ("bad.yaml", "metadata: {name: a}")], &["missing kind"]),
        ("no name", vec![(k, "resources: [bad.yaml]"), ("bad.yaml", "kind: A\nmetadata: {}")], &["metadata.name"]),
        ("no object", vec![(k, "resources: [bad.yaml]"), ("bad.yaml", "- a\n- b")], &["bad.yaml", "a list"]),
        ("missing file", vec![(k, "resources: [none.yaml]")], &["none.yaml: no such file"]),
        ("a base above", vec![("a/kustomization.yaml", ""), (k, "resources: [../]")], &["cycle"]),
        (
            "a replacement of nothing",
            vec![
                (
                    k,
                    "resources: [pod.yaml]\nreplacements:\n- source: {kind: Pod, name: other}\n  targets: [{select: {kind: Pod}}]",
                ),
                POD,
            ],
            &["Pod `other`", "doesn't exist"],
        ),
        (
            "a replacement into nothing",
            vec![
                (
                    k,
                    "resources: [pod.yaml]\nreplacements:\n- source: {kind: Pod}\n  targets: [{select: {kind: Pod}, fieldPaths: [spec.x]}]",
                ),
                POD,
            ],
            &["no field `spec.x`"],
        ),
        (
            "a replacement without target",
            vec![(k, "resources: [pod.yaml]\nreplacements: [{sourceValue: a}]"), POD],
            &["replacements[0]", "`targets`"],
        ),
        (
            "a validator that changes",
            vec![
                (
                    k,
                    "resources: [pod.yaml]\nvalidators:\n- |-\n  apiVersion: builtin\n  kind: PrefixTransformer\n  metadata: {name: v}\n  prefix: p-\n  fieldSpecs: [{path: metadata/name}]\n",
                ),
                POD,
            ],
            &["PrefixTransformer `v`", "must not change"],
        ),
        ("itself", vec![(k, "resources: [.]")], &["cycle"]),
        ("twice", vec![(k, "resources: [pod.yaml, same.yaml]"), POD, ("same.yaml", POD.1)], &["Pod `p`", "twice"]),
        (
            "a namespace makes two one",
            vec![
                (k, "namespace: there\nresources: [a.yaml]"),
                (
                    "a.yaml",
                    "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: a}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: b}}\n",
                ),
            ],
            &["appear twice"],
        ),
        (
            "a patch for nothing",
            vec![
                (k, "resources: [pod.yaml]\npatchesStrategicMerge: [p.yaml]"),
                POD,
                ("p.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: other}"),
            ],
            &["no object is", "`other`"],
        ),
        (
            "an empty patch",
            vec![(k, "resources: [pod.yaml]\npatchesStrategicMerge: [p.yaml]"), POD, ("p.yaml", "# nothing")],
            &["empty"],
        ),
        (
            "an unknown directive",
            vec![
                (k, "resources: [pod.yaml]\npatchesStrategicMerge: [p.yaml]"),
                POD,
                ("p.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p, $patch: nonsense}"),
            ],
            &["unknown patch strategy"],
        ),
        (
            "a map over a list",
            vec![
                (k, "resources: [d.yaml]\npatchesStrategicMerge: [p.yaml]"),
                ("d.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a}]}"),
                ("p.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: {a: b}}"),
            ],
            &["containers", "can't be merged"],
        ),
        (
            "a JSON patch without target",
            vec![(k, "resources: [pod.yaml]\npatches: [{patch: '[{op: add, path: /a, value: 1}]'}]"), POD],
            &["needs a target"],
        ),
        (
            "a JSON patch that fails",
            vec![
                (k, "resources: [pod.yaml]\npatches: [{patch: '[{op: remove, path: /spec}]', target: {kind: Pod}}]"),
                POD,
            ],
            &["remove `/spec`", "does not exist"],
        ),
        (
            "neither patch",
            vec![(k, "resources: [pod.yaml]\npatches: [{path: p.yaml}]"), POD, ("p.yaml", "just text")],
            &["neither"],
        ),
        ("generated twice", vec![(k, "configMapGenerator: [{name: a}, {name: a}]")], &["exists already"]),
        ("merge with nothing", vec![(k, "configMapGenerator: [{name: a, behavior: merge}]")], &["does not exist"]),
        ("a key twice", vec![(k, "configMapGenerator: [{name: a, literals: [x=1, x=2]}]")], &["`x` is there twice"]),
        ("no literal", vec![(k, "configMapGenerator: [{name: a, literals: [x]}]")], &["key=value"]),
        (
            "a missing data file",
            vec![(k, "configMapGenerator: [{name: a, files: [none]}]")],
            &["generator `a`", "none: no such"],
        ),
        (
            "a var for nothing",
            vec![(k, "resources: [pod.yaml]\nvars: [{name: V, objref: {apiVersion: v1, kind: Pod, name: x}}]"), POD],
            &["var `V`", "doesn't exist"],
        ),
        (
            "a var of nothing",
            vec![
                (
                    k,
                    "resources: [pod.yaml]\nvars: [{name: V, objref: {apiVersion: v1, kind: Pod, name: p}, fieldref: {fieldPath: spec.x}}]",
                ),
                POD,
            ],
            &["var `V`", "`spec.x`"],
        ),
        (
            "a var twice",
            vec![
                (
                    k,
                    "resources: [pod.yaml]\nvars: [{name: V, objref: {apiVersion: v1, kind: Pod, name: p}}, {name: V, objref: {apiVersion: v1, kind: Pod, name: p}}]",
                ),
                POD,
            ],
            &["`V` is there twice"],
        ),
        ("no such replica", vec![(k, "resources: [pod.yaml]\nreplicas: [{name: x, count: 1}]"), POD], &["`x`"]),
        (
            "a component as base",
            vec![
                (k, "resources: [c]"),
                (
                    "c/kustomization.yaml",
                    "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: a",
                ),
            ],
            &["kind Kustomization"],
        ),
        ("bad sorting", vec![(k, "resources: [pod.yaml]\nsortOptions: {order: upwards}"), POD], &["`upwards`"]),
    ]
}

#[test]
fn what_kustomize_refuses_is_refused_with_a_reason() {
    let kustomize = kustomize();
    for (name, files, words) in cases() {
        let dir = tree(files);
        let error = build(dir.path(), &Options::default()).expect_err(name);
        assert_eq!(error.class, ErrorClass::Config, "{name}");
        for word in words {
            assert!(error.to_string().contains(word), "{name}: `{word}` isn't in\n{}", error.chain.join("\n"));
        }
        if let Some(kustomize) = &kustomize {
            assert!(reference(kustomize, dir.path(), Default::default()).is_err(), "{name}: kustomize takes it");
        }
    }
}

#[test]
fn a_missing_file_is_told_with_the_way_to_it() {
    let dir = tree([
        ("top/kustomization.yaml", "resources: [../middle]"),
        ("middle/kustomization.yaml", "resources: [../bottom]"),
        ("bottom/kustomization.yaml", "resources: [gone/file.yaml]"),
    ]);
    let root = dir.path().canonicalize().unwrap().display().to_string();
    let error = build(&dir.path().join("top"), &Options::default()).unwrap_err();
    let told: Vec<String> = error.chain.iter().map(|line| line.replace(&root, "ROOT")).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    cannot render `ROOT/top`
    in ROOT/top/kustomization.yaml:1: resources[0]
    in ROOT/middle/kustomization.yaml:1: resources[0]
    in ROOT/bottom/kustomization.yaml:1: resources[0]
    ROOT/bottom/gone/file.yaml: no such file or folder
    ");
}

#[test]
fn malformed_yaml_is_told_with_its_line() {
    let dir =
        tree([("kustomization.yaml", "resources: [a.yaml]"), ("a.yaml", "kind: A\nmetadata:\n  name: x\n bad: y\n")]);
    let error = build(dir.path(), &Options::default()).unwrap_err();
    let last = error.chain.last().unwrap();
    assert!(last.contains("a.yaml:4:"), "{last}");
    let dir = tree([("kustomization.yaml", "resources: [a.yaml]\nnamespace: [\n")]);
    let error = build(dir.path(), &Options::default()).unwrap_err();
    let last = error.chain.last().unwrap();
    assert!(last.contains("kustomization.yaml:"), "{last}");
}

#[test]
fn files_outside_are_refused_links_included() {
    let dir = tree([("k/kustomization.yaml", "resources: [../secret.yaml]"), ("secret.yaml", POD.1)]);
    let error = build(&dir.path().join("k"), &Options::default()).unwrap_err();
    assert!(error.to_string().contains("not in or below"), "{error}");
    let anywhere = Options { files_from_anywhere: true, ..Options::default() };
    assert_eq!(build(&dir.path().join("k"), &anywhere).unwrap().len(), 1);
    let dir = tree([("k/kustomization.yaml", "resources: [link.yaml]"), ("secret.yaml", POD.1)]);
    std::os::unix::fs::symlink("../secret.yaml", dir.path().join("k/link.yaml")).unwrap();
    let error = build(&dir.path().join("k"), &Options::default()).unwrap_err();
    assert!(error.to_string().contains("not in or below"), "{error}");
}

#[test]
fn what_needs_a_network_or_programs_is_refused_with_a_hint() {
    for (field, word) in [
        ("resources: ['https://example.com/a.yaml']", "remote"),
        ("resources: ['github.com/a/b?ref=v1']", "remote"),
        ("helmCharts: [{name: a}]", "`helmCharts` is not supported"),
        ("generators: ['{apiVersion: a.io/v1, kind: X, metadata: {name: x}}']", "plugins are not supported"),
        ("transformers: ['{apiVersion: a.io/v1, kind: X, metadata: {name: x}}']", "plugins are not supported"),
        ("transformers: ['{apiVersion: builtin, kind: X, metadata: {name: x}}']", "`X` is no transformer"),
        ("buildMetadata: [originAnnotation]", "doesn't know `originAnnotation`"),
    ] {
        let dir = tree([("kustomization.yaml", field)]);
        let error = build(dir.path(), &Options::default()).unwrap_err();
        assert!(error.to_string().contains(word), "{field}: {error}");
        assert!(!error.hints.is_empty(), "{field}");
    }
}

#[test]
fn a_type_that_is_part_of_itself_ends() {
    let types = r##"{"a.Tree": {"Schema": {"properties": {
        "kind": {}, "apiVersion": {}, "metadata": {}, "left": {"$ref": "a.Tree"}, "right": {"$ref": "a.Tree"}
    }}}}"##;
    let dir = tree([("kustomization.yaml", "crds: [types.json]\nresources: [pod.yaml]"), ("types.json", types), POD]);
    let error = build(dir.path(), &Options::default()).unwrap_err();
    assert!(error.to_string().contains("part of itself"), "{error}");
    assert!(!error.hints.is_empty());
}

#[test]
fn cycles_end() {
    let dir = tree([("a/kustomization.yaml", "resources: [../b]"), ("b/kustomization.yaml", "resources: [../a]")]);
    let error = build(&dir.path().join("a"), &Options::default()).unwrap_err();
    assert!(error.to_string().contains("cycle"), "{error}");
}

#[test]
fn a_misspelt_field_is_corrected() {
    let dir = tree([("kustomization.yaml", "namePreffix: x")]);
    let error = build(dir.path(), &Options::default()).unwrap_err();
    assert_eq!(error.hints, ["did you mean `namePrefix`?"]);
}
