//! What a diff of objects shows, and what it never shows.

use serde_json::{Value, json};

use super::compare;
use crate::model::Object;

fn object(kind: &str, data: Value) -> Object {
    Object(json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "o"}, "data": data}))
}

#[test]
fn changes_stand_in_their_surroundings() {
    let (old, new) =
        (object("ConfigMap", json!({"a": "1", "b": "2"})), object("ConfigMap", json!({"b": "3", "a": "1"})));
    let diff = compare(Some(&old), Some(&new), &[]).expect("differs");
    let notes = ["china/pipelines: why".to_owned()];
    insta::assert_snapshot!(diff.text("ConfigMap/o", ("upstream", "kfctl-cn"), &notes, false), @r#"
    # changed: ConfigMap/o
    #   china/pipelines: why
    --- upstream/ConfigMap/o
    +++ kfctl-cn/ConfigMap/o
    @@ -1,7 +1,7 @@
     apiVersion: v1
     data:
       a: "1"
    -  b: "2"
    +  b: "3"
     kind: ConfigMap
     metadata:
       name: o
    "#);
    assert!(diff.text("o", ("a", "b"), &[], true).contains("\u{1b}[32m+  b: \"3\"\u{1b}[0m\n"));
    assert_eq!(
        compare(Some(&old), Some(&object("ConfigMap", json!({"b": "2", "a": "1"}))), &[]),
        None,
        "order says nothing"
    );
    let added = compare(None, Some(&old), &[]).expect("differs");
    let text = added.text("ConfigMap/o", ("upstream", "kfctl-cn"), &[], false);
    assert!(
        text.starts_with("# added: ConfigMap/o\n--- /dev/null\n+++ kfctl-cn/ConfigMap/o\n@@ -0,0 +1,7 @@\n+api"),
        "{text}"
    );
    let removed = compare(Some(&old), None, &[]).expect("differs");
    let text = removed.text("ConfigMap/o", ("upstream", "kfctl-cn"), &[], false);
    assert!(text.contains("+++ /dev/null\n@@ -1,7 +0,0 @@\n-api"), "{text}");
}

#[test]
fn that_secrets_differ_shows_but_not_what_they_are() {
    let shown = |old: &Object, new: &Object| {
        compare(Some(old), Some(new), &["hunter2".into()]).map(|diff| diff.diff).unwrap_or_default()
    };
    let (old, new) = (json!({"same": "c2FtZQ==", "pw": "b2xk"}), json!({"same": "c2FtZQ==", "pw": "bmV3"}));
    let diff = shown(&object("Secret", old), &object("Secret", new));
    assert!(diff.contains("-  pw: (secret, before)\n+  pw: (secret, after)\n"), "{diff}");
    assert!(diff.contains("   same: (secret)\n"), "{diff}");
    let hash = |c: &str| format!("hash: $2y$12${}", c.repeat(53));
    let (old, new) = (json!({"a": hash("a"), "b": "x"}), json!({"a": hash("b"), "b": "pw=hunter2"}));
    let diff = shown(&object("ConfigMap", old), &object("ConfigMap", new));
    for secret in ["hunter2", "aaaa", "bbbb", "$2y$"] {
        assert!(!diff.contains(secret), "{diff}");
    }
    assert!(diff.contains("hash: (secret, before)") && diff.contains("pw=(secret, after)"), "{diff}");
    let mut live = object("Secret", json!({"a": "b2xk"}));
    live.0["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/last-applied-configuration": "{b2xk}"});
    let diff = shown(&live, &object("Secret", json!({"a": "b2xk"})));
    assert!(!diff.contains("b2xk") && diff.contains("(not shown)"), "{diff}");
}
