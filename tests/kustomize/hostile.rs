//! Trees and YAML made at random: rendered or refused with an error that names a file, never a panic, and soon.
//!
//! `KFCTL_CN_FUZZ_SECONDS=1800` makes each of the two properties go on for half an hour; without it, some hundred cases.

use std::cell::Cell;
use std::time::{Duration, Instant};

use kfctl_cn::kustomize::{Options, build, parse_value, parse_yaml, to_yaml};
use kfctl_cn::model::ErrorClass;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};

use crate::tree;

/// More than any small tree takes, even unoptimised on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// What entries of a kustomization may hold: files that are there or not, folders, cycles, what is malformed.
const ENTRIES: [&str; 14] = [
    "a.yaml",
    "b.yaml",
    "base",
    "comp",
    "none.yaml",
    ".",
    "..",
    "base/../base",
    "/etc",
    "'a.yaml '",
    "{}",
    "~",
    "'kind: Pod'",
    "|-\n    kind: Pod\n    metadata: {name: p}",
];

/// Fields of a kustomization; `@` stands for an entry or a wrong value.
const FIELDS: [&str; 27] = [
    "resources: [@]",
    "bases: [@]",
    "components: [@]",
    "namespace: @",
    "namePrefix: @",
    "nameSuffix: @",
    "commonLabels: {a: @, @: b}",
    "labels: [{pairs: {a: @}, includeSelectors: @, fields: [{path: @, create: true}]}]",
    "commonAnnotations: {a: @}",
    "patchesStrategicMerge: [@]",
    "patchesJson6902: [{path: @, target: {version: v1, kind: ConfigMap, name: @}}]",
    "patches: [{patch: @, target: {kind: @}, options: {allowNameChange: @}}]",
    "patches: [{patch: '[{op: @, path: /data/a, value: 1}]', target: {name: @}}]",
    "patches: [{patch: '[{op: move, from: /data, path: /data/@}]', target: {kind: ConfigMap}}]",
    "configMapGenerator: [{name: @, behavior: @, literals: [@, a=b], files: [@], envs: [@]}]",
    "secretGenerator: [{name: s, type: @, files: [x=@], options: {disableNameSuffixHash: @, labels: {a: @}}}]",
    "generatorOptions: {labels: {a: @}, immutable: @}",
    "images: [{name: @, newName: @, newTag: @, digest: @}]",
    "replicas: [{name: @, count: @}]",
    "vars: [{name: V, objref: {apiVersion: v1, kind: ConfigMap, name: @}, fieldref: {fieldPath: @}}]",
    "replacements: [{source: {kind: ConfigMap, fieldPath: @, options: {delimiter: @, index: @}}, targets: [{select: {kind: @}, fieldPaths: [@, data.a], options: {create: @}}]}]",
    "replacements: [{path: @}]",
    "configurations: [@]",
    "openapi: {path: @}",
    "transformers: [@]",
    "sortOptions: {order: @, legacySortOptions: {orderFirst: [@]}}",
    "@: @",
];

/// Values that are no entry: of a wrong type, empty, odd, at the edge.
const ODD: [&str; 22] = [
    "[]",
    "{}",
    "~",
    "true",
    "-1",
    "1e400",
    "99999999999999999999",
    "''",
    "'='",
    "'a=b=c'",
    "'('",
    "'[a-'",
    "'$(V)'",
    "'a.[b=c].d'",
    "'*'",
    "'data.a'",
    "'0'",
    "'a/b:c@d'",
    "[[]]",
    "{a: {b: [c]}}",
    "*x",
    "\"\\u0000\"",
];

/// Files that kustomizations name.
const OBJECTS: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: n\ndata:\n  a: \"1\"\n  b: |\n    x: $(V)\n---\n\
apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: {a: b}}\nspec:\n  replicas: 1\n  template:\n    spec:\n      \
containers:\n      - name: c\n        image: reg:5000/i/j:v1@sha256:0\n        env: [{name: A, value: $(V)}]\n        \
ports: &p\n        - {containerPort: 80, protocol: TCP}\n      - {name: d, ports: *p}\n";
const PATCH: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers:\n      - \
$patch: delete\n        name: c\n      - $setElementOrder/ports: [{containerPort: 80}]\n        name: d\n      $retainKeys: [containers]\n";

/// A change of a text at a place.
type Edit = (u8, Index, Index, usize);

fn edits(most: usize) -> impl Strategy<Value = Vec<Edit>> {
    prop::collection::vec((any::<u8>(), any::<Index>(), any::<Index>(), 0usize..64), 0..most)
}

/// Pieces that mean something to a YAML parser or to the renderer.
const PIECES: [&str; 24] = [
    ":",
    ": ",
    "- ",
    "\n",
    "\n\n",
    "\t",
    "  ",
    "#",
    "&p ",
    "*p",
    "!!binary ",
    "!x ",
    "|",
    ">-",
    "'",
    "\"",
    "{",
    "}",
    "[",
    "]",
    "---\n",
    "<<: *p\n",
    "\u{feff}",
    "$patch: replace\n",
];

/// The text with pieces put in, cut, doubled and moved.
fn edited(text: &str, edits: &[Edit]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (what, at, to, length) in edits {
        if chars.is_empty() {
            break;
        }
        let at = at.index(chars.len());
        let end = (at + length).min(chars.len());
        match what % 4 {
            0 => drop(chars.splice(at..at, PIECES[usize::from(*what) / 4 % PIECES.len()].chars())),
            1 => drop(chars.drain(at..end)),
            2 => {
                let piece = chars[at..end].to_vec();
                let to = to.index(chars.len());
                chars.splice(to..to, piece);
            }
            _ => chars[at] = PIECES[length % PIECES.len()].chars().next().unwrap_or(' '),
        }
    }
    chars.into_iter().collect()
}

fn kustomization() -> impl Strategy<Value = String> {
    let fill = prop_oneof![5 => select(&ENTRIES[..]), 3 => select(&ODD[..]), 1 => Just("a"), 1 => Just("ConfigMap"), 1 => Just("web")];
    let field = (select(&FIELDS[..]), prop::collection::vec(fill, 8));
    prop::collection::vec(field, 0..6).prop_map(|fields| {
        let mut text = String::new();
        for (field, fills) in fields {
            let mut parts = field.split('@');
            text.push_str(parts.next().unwrap_or_default());
            for (part, fill) in parts.zip(fills.iter().cycle()) {
                text.push_str(fill);
                text.push_str(part);
            }
            text.push('\n');
        }
        text
    })
}

/// Runs a property for some cases, or for as long as `KFCTL_CN_FUZZ_SECONDS` says.
fn explore<S: Strategy>(name: &str, strategy: S, property: impl Fn(S::Value)) {
    let seconds = std::env::var("KFCTL_CN_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let end = Instant::now() + Duration::from_secs(seconds);
    let (cases, slowest) = (Cell::new(0u64), Cell::new(Duration::ZERO));
    loop {
        let config = Config { cases: 192, failure_persistence: None, ..Config::default() };
        let found = TestRunner::new(config).run(&strategy, |value| {
            let begun = Instant::now();
            property(value);
            cases.set(cases.get() + 1);
            slowest.set(slowest.get().max(begun.elapsed()));
            prop_assert!(begun.elapsed() < SOON, "took {:?}", begun.elapsed());
            Ok(())
        });
        if let Err(error) = found {
            panic!("{name}, after {} cases: {error}", cases.get());
        }
        if Instant::now() >= end {
            break;
        }
    }
    eprintln!("{name}: {} cases, the slowest {:?}", cases.get(), slowest.get());
}

/// Builds a tree; an error must be of class `Config` and name a file of it.
fn check(files: &[(&str, &str)]) {
    let dir = tree(files.iter().copied());
    match build(dir.path(), &Options::default()) {
        Ok(objects) => {
            let text = to_yaml(&objects);
            assert_eq!(to_yaml(&parse_yaml(&text, "printed").unwrap()), text, "what is printed reads back");
        }
        Err(error) => {
            assert_eq!(error.class, ErrorClass::Config, "{error}");
            let said = error.to_string();
            assert!(said.contains(".yaml"), "no file is named: {said}");
        }
    }
}

#[test]
fn hostile_kustomizations_are_rendered_or_refused() {
    let strategy = (kustomization(), kustomization(), kustomization(), edits(3));
    explore("kustomizations", strategy, |(root, base, component, edits)| {
        let root = format!("resources: [a.yaml]\n{}", edited(&root, &edits));
        let component = format!("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n{component}");
        check(&[
            ("kustomization.yaml", &root),
            ("a.yaml", OBJECTS),
            ("b.yaml", PATCH),
            ("base/kustomization.yaml", &base),
            ("base/a.yaml", OBJECTS),
            ("comp/kustomization.yaml", &component),
            ("comp/b.yaml", PATCH),
        ]);
    });
}

#[test]
fn hostile_yaml_is_rendered_or_refused() {
    const SPEC: &str = "resources: [a.yaml]\nnamespace: n\nnamePrefix: p-\ncommonLabels: {l: m}\npatchesStrategicMerge: [b.yaml]\n\
        images: [{name: reg:5000/i/j, newTag: v2}]\nvars: [{name: V, objref: {apiVersion: v1, kind: ConfigMap, name: a}, fieldref: {fieldPath: data.a}}]\n";
    explore("yaml", (edits(6), edits(6), edits(2)), |(objects, patch, spec)| {
        let (objects, patch, spec) = (edited(OBJECTS, &objects), edited(PATCH, &patch), edited(SPEC, &spec));
        check(&[("kustomization.yaml", &spec), ("a.yaml", &objects), ("b.yaml", &patch)]);
        let _ = parse_value(&objects, "random");
    });
}
