//! What an error says: all faults, each with its place, the way to it, and what to do.

use std::path::Path;

use kfctl_cn::kustomize::{Options, build};
use kfctl_cn::model::Error;
use tempfile::TempDir;

use crate::tree;

const POD: (&str, &str) = ("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n");

/// The error of a tree as people read it, with `ROOT` for its folder.
fn told(dir: &TempDir, sub: &str) -> String {
    let error = build(&dir.path().join(sub), &Options::default()).unwrap_err();
    text(&error, dir.path())
}

fn text(error: &Error, root: &Path) -> String {
    let hints = error.hints.iter().map(|hint| format!("hint: {hint}"));
    let text = error.chain.iter().cloned().chain(hints).collect::<Vec<_>>().join("\n");
    let real = root.canonicalize().unwrap().display().to_string();
    text.replace(&real, "ROOT").replace(&root.display().to_string(), "ROOT")
}

#[test]
fn one_fault_is_told_with_lines_and_a_near_name() {
    let dir = tree([
        ("top/kustomization.yaml", "namePrefix: a-\nresources:\n- ../middle\n"),
        ("middle/kustomization.yaml", "resources: [../bottom]"),
        ("bottom/kustomization.yaml", "resources:\n- service.yaml\n- deploymnt.yaml\n"),
        ("bottom/service.yaml", POD.1),
        ("bottom/deployment.yaml", POD.1),
    ]);
    insta::assert_snapshot!(told(&dir, "top"), @r"
    cannot render `ROOT/top`
    in ROOT/top/kustomization.yaml:3: resources[0]
    in ROOT/middle/kustomization.yaml:1: resources[0]
    in ROOT/bottom/kustomization.yaml:3: resources[1]
    ROOT/bottom/deploymnt.yaml: no such file or folder
    hint: did you mean `deployment.yaml`?
    ");
}

#[test]
fn all_faults_of_a_tree_are_told_once() {
    let dir = tree([
        ("top/kustomization.yaml", "resources:\n- ../a\n- ../b\n- ../a\npatches:\n- path: gone.yaml\n"),
        (
            "a/kustomization.yaml",
            "resources:\n- ../common\n- one.yaml\nconfigMapGenerator:\n- name: c\n  files: [x.txt, y.txt]\n",
        ),
        (
            "b/kustomization.yaml",
            "resources: [../common, broken.yaml]\nnamePreffix: b-\nimages:\n- nam: x\n- name: y\n  newTag: 1\n",
        ),
        ("b/broken.yaml", "kind: A\nmetadata:\n  name: x\n bad: y\n"),
        ("common/kustomization.yaml", "resources: [pod.yml]"),
        ("common/pod.yaml", POD.1),
    ]);
    insta::assert_snapshot!(told(&dir, "top"), @r"
    cannot render `ROOT/top`: 9 faults
    ROOT/common/pod.yml: no such file or folder
    hint: did you mean `pod.yaml`?
    in ROOT/common/kustomization.yaml:1: resources[0]
    in ROOT/a/kustomization.yaml:2: resources[0]
    in ROOT/top/kustomization.yaml:2: resources[0]
    ROOT/a/one.yaml: no such file or folder
    hint: add `one.yaml`, or correct the entry: its folder has kustomization.yaml
    in ROOT/a/kustomization.yaml:3: resources[1]
    in ROOT/top/kustomization.yaml:2: resources[0]
    generator `c`: ROOT/a/x.txt: no such file or folder
    hint: add `x.txt`, or correct the entry: its folder has kustomization.yaml
    in ROOT/a/kustomization.yaml:6: configMapGenerator[0].files[0]
    in ROOT/top/kustomization.yaml:2: resources[0]
    generator `c`: ROOT/a/y.txt: no such file or folder
    hint: add `y.txt`, or correct the entry: its folder has kustomization.yaml
    in ROOT/a/kustomization.yaml:6: configMapGenerator[0].files[1]
    in ROOT/top/kustomization.yaml:2: resources[0]
    ROOT/b/kustomization.yaml:2: unknown field `namePreffix`
    hint: did you mean `namePrefix`?
    in ROOT/top/kustomization.yaml:3: resources[1]
    ROOT/b/kustomization.yaml:4: images[0]: unknown field `nam`
    hint: did you mean `name`?
    in ROOT/top/kustomization.yaml:3: resources[1]
    ROOT/b/kustomization.yaml:5: images[1]: `name` must be a text, found `true`
    hint: put it in quotes
    in ROOT/top/kustomization.yaml:3: resources[1]
    ROOT/b/broken.yaml:4:2: while parsing a block mapping, did not find expected key at line 4, column 2
    hint: the file must be YAML; mind the indentation and tabs at that line
    in ROOT/b/kustomization.yaml:1: resources[1]
    in ROOT/top/kustomization.yaml:3: resources[1]
    ROOT/top/gone.yaml: no such file or folder
    hint: add `gone.yaml`, or correct the entry: its folder has kustomization.yaml
    in ROOT/top/kustomization.yaml:6: patches[0]
    ");
}

#[test]
fn what_only_shows_in_building_stands_before_the_rest() {
    let dir = tree([
        ("top/kustomization.yaml", "resources: [../a, gone.yaml]"),
        ("a/kustomization.yaml", "resources: [pod.yaml]\nreplicas: [{name: x, count: 1}]"),
        ("a/pod.yaml", POD.1),
    ]);
    insta::assert_snapshot!(told(&dir, "top"), @r"
    cannot render `ROOT/top`: 2 faults
    `replicas` names `x`, which no workload is called
    in ROOT/a/kustomization.yaml
    in ROOT/top/kustomization.yaml
    ROOT/top/gone.yaml: no such file or folder
    hint: add `gone.yaml`, or correct the entry: its folder has kustomization.yaml
    in ROOT/top/kustomization.yaml:1: resources[1]
    ");
}

#[test]
fn what_is_out_of_scope_is_told_with_the_way_out() {
    let dir = tree([(
        "kustomization.yaml",
        "helmCharts: [{name: a}]\nresources:\n- https://example.com/a.yaml\n- github.com/a/b?ref=v1\ntransformers:\n- |\n  apiVersion: a.io/v1\n  kind: X\n  metadata: {name: x}\n",
    )]);
    insta::assert_snapshot!(told(&dir, ""), @r"
    cannot render `ROOT/`: 4 faults
    ROOT/kustomization.yaml:1: the field `helmCharts` is not supported
    hint: charts are not rendered: run `helm template` beforehand, and list its output beside the kustomization in `resources`
    `https://example.com/a.yaml` is remote: the renderer has no network
    hint: fetch it into the bundle or beside the kustomization, and name the local folder or file
    in ROOT/kustomization.yaml:3: resources[0]
    `github.com/a/b?ref=v1` is remote: the renderer has no network
    hint: fetch it into the bundle or beside the kustomization, and name the local folder or file
    in ROOT/kustomization.yaml:4: resources[1]
    a.io/v1 X `x` in namespace `default` is not built in: plugins are not supported
    hint: run the plugin beforehand and list its output in `resources`, or use a kind of apiVersion `builtin`
    in ROOT/kustomization.yaml:7: transformers[0]
    ");
}
