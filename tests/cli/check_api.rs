//! `render --check-api`: any manifests against a version, without configuration, bundle or network.

use std::path::Path;

use crate::support::bin;

const CRON: &str = "apiVersion: batch/v1beta1\nkind: CronJob\nmetadata: {name: nightly, namespace: jobs}\nspec: {}\n";
const POLICY: &str = "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: strict}\n";
const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n";
const HOOK: &str = "apiVersion: admissionregistration.k8s.io/v1beta1\nkind: ValidatingWebhookConfiguration\n\
    metadata: {name: hook}\nwebhooks: [{name: a.example.com, clientConfig: {}}]\n";

fn write(dir: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// Status, stdout and stderr.
fn check(dir: &Path, args: &[&str], stdin: &str) -> (i32, String, String) {
    let mut command = bin();
    command.current_dir(dir).args(["render", "--check-api"]).args(args).write_stdin(stdin);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_is_raised_what_needs_a_hand_and_how_it_ends() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &[("hook.yaml", HOOK), ("all.yaml", &[CRON, POLICY, MAP].join("---\n")), ("map.yaml", MAP)]);
    let (code, text, said) = check(dir.path(), &["all.yaml"], "");
    assert_eq!((code, said.as_str()), (1, ""));
    insta::assert_snapshot!(text, @r"
    PodSecurityPolicy/strict (all.yaml)
      policy/v1beta1, gone since 1.25
      needs a hand: policy/v1beta1 PodSecurityPolicy is gone since Kubernetes 1.25
        hint: use the labels of Pod Security Admission; the labels stand on the namespace and know three levels, so which one is meant is for people to say

    CronJob/nightly in jobs (all.yaml)
      batch/v1beta1, gone since 1.25
      becomes batch/v1 by kubernetes/cron-job-v1

    Kubernetes 1.35: 3 objects: 1 taken as they are, 1 raised, 1 in need of a hand
    ");
    let (code, text, _) = check(dir.path(), &["hook.yaml"], "");
    assert_eq!(code, 0, "what can be raised is no failure");
    assert!(text.contains("becomes admissionregistration.k8s.io/v1 by kubernetes/webhook-v1"), "{text}");
    assert!(text.contains("/webhooks/0/failurePolicy: (none) → \"Ignore\""), "{text}");
    assert_eq!(check(dir.path(), &["hook.yaml", "--detailed-exitcode"], "").0, 2);
    assert_eq!(check(dir.path(), &["map.yaml", "--detailed-exitcode"], "").0, 0);
    assert_eq!(check(dir.path(), &["all.yaml", "--detailed-exitcode"], "").0, 1);
    let (code, text, _) = check(dir.path(), &["all.yaml", "--kubernetes-version", "1.20"], "");
    assert!(code == 0 && text.ends_with("3 taken as they are, 0 raised, 0 in need of a hand\n"), "{text}");
}

#[test]
fn the_same_as_data_and_the_raised_objects() {
    let dir = tempfile::tempdir().unwrap();
    let all = [CRON, POLICY, MAP].join("---\n");
    let (code, json, _) = check(dir.path(), &["-", "-o", "json"], &all);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (code, &report["objects"], &report["raised"], &report["unserved"]),
        (1, &3.into(), &1.into(), &1.into())
    );
    let (cron, policy) = (&report["findings"][0], &report["findings"][1]);
    assert_eq!((cron["source"].as_str(), cron["goneSince"].as_str()), (Some("stdin"), Some("1.25")));
    assert_eq!(cron["raised"]["apiVersion"], "batch/v1");
    assert!(cron["raised"]["reason"].as_str().is_some_and(|reason| reason.contains("1.25")), "{cron}");
    assert!(policy["raised"].is_null() && policy["unserved"][0]["hint"].is_string(), "{policy}");
    let (code, yaml, said) = check(dir.path(), &["-", "--raise"], &all);
    assert!(code == 1 && yaml.starts_with("apiVersion: batch/v1\nkind: CronJob\n"), "{yaml}");
    assert!(yaml.contains("kind: ConfigMap") && said.contains("PodSecurityPolicy/strict (stdin)"), "{said}");
    let (code, again, _) =
        check(dir.path(), &["-", "--detailed-exitcode"], &yaml.replace("policy/v1beta1", "x.example/v1"));
    assert!(code == 0 && again.contains("3 taken as they are"), "a raised object stays: {again}");
}

#[test]
fn folders_are_built_or_read_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let kustomization = "namePrefix: x-\nresources: [cron.yaml]\n";
    write(
        dir.path(),
        &[
            ("k/kustomization.yaml", kustomization),
            ("k/cron.yaml", CRON),
            ("k/unused.yaml", POLICY),
            ("values.yml", "replicas: 3\n"),
            (".git/hidden.yaml", "a: ["),
        ],
    );
    let (code, text, _) = check(dir.path(), &["k"], "");
    assert!(code == 0 && text.contains("CronJob/x-nightly in jobs (k)") && text.contains("1 object:"), "{text}");
    let (code, text, said) = check(dir.path(), &["."], "");
    assert!(code == 1 && text.contains("(./k/cron.yaml)") && text.contains("(./k/unused.yaml)"), "{text}");
    assert!(said.contains("./k/kustomization.yaml isn't built; for what it makes, check ./k"), "{said}");
    assert!(said.contains("no Kubernetes object is in ./values.yml"), "{said}");
}

/// A CRD among the manifests says which versions of its kind there are.
#[test]
fn custom_resources_are_held_to_their_definitions() {
    let dir = tempfile::tempdir().unwrap();
    let crd = "apiVersion: apiextensions.k8s.io/v1beta1\nkind: CustomResourceDefinition\n\
        metadata: {name: books.example.com}\nspec: {group: example.com, version: v1, names: {kind: Book, plural: books}}\n---\n";
    let book = |version: &str| format!("{crd}apiVersion: example.com/{version}\nkind: Book\nmetadata: {{name: b}}\n");
    assert_eq!(check(dir.path(), &["-"], &book("v1")).0, 0);
    let (code, text, _) = check(dir.path(), &["-"], &book("v2"));
    assert!(code == 1 && text.contains("isn't served by the CRD of Book") && text.contains("use one of v1"), "{text}");
}

#[test]
fn every_fault_of_the_input_is_told() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        &[
            ("all/a.yaml", "apiVersion: v1\nkind: [\n"),
            ("all/b.yaml", "apiVersion: v1\nkind: ConfigMap\n"),
            ("all/c.yaml", MAP),
            ("bare/a.yaml", "kind: ConfigMap\nmetadata: {name: m}\n"),
            ("empty/readme.txt", "apiVersion"),
        ],
    );
    std::fs::write(dir.path().join("all/d.yaml"), b"apiVersion: v1\n# \xff\n").unwrap();
    let said = |args: &[&str], stdin: &str, code: i32| {
        let (seen, out, said) = check(dir.path(), args, stdin);
        assert_eq!((seen, out.as_str()), (code, ""), "{args:?}: {said}");
        said
    };
    let all = said(&["all"], "", 65);
    for fault in ["3 files have faults", "all/a.yaml:", "all/b.yaml: missing metadata.name", "all/d.yaml: not UTF-8"] {
        assert!(all.contains(fault), "{fault}: {all}");
    }
    assert!(said(&["bare/a.yaml"], "", 65).contains("bare/a.yaml: ConfigMap/m has no apiVersion"));
    assert!(said(&["empty"], "", 65).contains("there is no Kubernetes object in empty"));
    assert!(said(&["-"], "", 65).contains("there is no Kubernetes object in stdin"));
    assert!(said(&["nowhere"], "", 65).contains("nowhere doesn't exist"));
    assert!(said(&["all", "--kubernetes-version", "new"], "", 64).contains("`new` is not a Kubernetes version"));
    assert!(said(&["all", "--explain"], "", 64).contains("--explain"));
    let alone = bin().current_dir(dir.path()).args(["render", "--raise"]).output().unwrap();
    assert_eq!(alone.status.code(), Some(64));
}
