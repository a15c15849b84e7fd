use serde_json::{Value, json};

use super::*;
use crate::kube::Owned;

fn forecast(object: &Value, fate: Fate) -> Forecast {
    Forecast { id: Owned::of(&Object(object.clone())), fate, foreign: false }
}

fn changed(before: &Value, after: &Value) -> Forecast {
    let taken = Some("conflict with \"somebody\" using v1: .data.a".to_owned());
    forecast(before, Fate::Changed { before: Object(before.clone()), after: Object(after.clone()), taken })
}

fn object(kind: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "namespace": "n"}, "data": data})
}

fn report(forecasts: Vec<Forecast>) -> Report {
    let mut report = Report::new(Vec::new(), BTreeSet::from(["known-secret".to_owned()]));
    forecasts.into_iter().for_each(|forecast| report.add(&Addr::new("kubeflow/config"), forecast));
    report
}

#[test]
fn a_secret_is_told_to_differ_and_not_shown() {
    let secret = |value: &str| object("Secret", json!({"password": value, "user": "cm9vdA=="}));
    let map = |value: &str| object("ConfigMap", json!({"conf": format!("user: root\npassword: {value}\nport: 1\n")}));
    let report = report(vec![
        changed(&secret("b2xkLXNlY3JldA=="), &secret("bmV3LXNlY3JldA==")),
        changed(&map("old-secret"), &map("new-secret")),
        forecast(&secret(""), Fate::Refused(Refusal::permanent("`known-secret` is wrong".into()))),
    ]);
    let all = report.text(false) + &serde_json::to_string(&report).unwrap();
    for hidden in ["b2xk", "bmV3", "cm9vdA==", "old-secret", "new-secret", "known-secret"] {
        assert!(!all.contains(hidden), "{hidden} shows:\n{all}");
    }
    assert!(all.contains("-  password: ") && all.contains("+  password: "), "that they differ shows:\n{all}");
    assert!(all.contains("user: root"), "what is no secret shows:\n{all}");
}

#[test]
fn each_outcome_is_told_and_counted() {
    let map = |name: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "n"}, "data": {"a": "1"}});
    let (object, space) = (|name: &str| Object(map(name)), json!({"kind": "Namespace", "metadata": {"name": "old"}}));
    let mut after = map("other");
    after["data"]["a"] = "2".into();
    let report = report(vec![
        forecast(&map("same"), Fate::Same),
        forecast(
            &map("new"),
            Fate::New { after: object("new"), unasked: Some("its namespace is made in the same run".into()) },
        ),
        changed(&map("other"), &after),
        forecast(&map("gone"), Fate::Pruned { before: object("gone") }),
        forecast(&space, Fate::Kept),
        forecast(&map("wrong"), Fate::Refused(Refusal::permanent("field is immutable".into()))),
    ]);
    assert!(report.differs());
    insta::assert_snapshot!(report.text(false), @r#"
    # added: ConfigMap/n/new
    #   the server can't be asked yet: its namespace is made in the same run
    --- /dev/null
    +++ applied/ConfigMap/n/new
    @@ -0,0 +1,7 @@
    +apiVersion: v1
    +data:
    +  a: "1"
    +kind: ConfigMap
    +metadata:
    +  name: new
    +  namespace: "n"

    # changed: ConfigMap/n/other
    #   taken from another manager: conflict with "somebody" using v1: .data.a
    --- live/ConfigMap/n/other
    +++ applied/ConfigMap/n/other
    @@ -1,6 +1,6 @@
     apiVersion: v1
     data:
    -  a: "1"
    +  a: "2"
     kind: ConfigMap
     metadata:
       name: other

    # removed: ConfigMap/n/gone
    --- live/ConfigMap/n/gone
    +++ /dev/null
    @@ -1,7 +0,0 @@
    -apiVersion: v1
    -data:
    -  a: "1"
    -kind: ConfigMap
    -metadata:
    -  name: gone
    -  namespace: "n"

    # kept: Namespace/old
    #   no longer wanted; it stays, since it may hold data

    # refused: ConfigMap/n/wrong
    #   field is immutable
    "#);
    assert_eq!(
        report.summary(),
        "6 objects compared: 1 new, 1 changed, 1 pruned, 1 no longer wanted but kept, 1 refused"
    );
}

#[test]
fn what_stays_is_no_difference_and_what_is_unknown_is_one() {
    let same = report(vec![
        forecast(&object("ConfigMap", json!({})), Fate::Same),
        forecast(&json!({"kind": "Namespace", "metadata": {"name": "old"}}), Fate::Kept),
    ]);
    assert!(!same.differs());
    let unknown =
        Report::new(vec![(Addr::new("kubeflow/crds"), "data/database doesn't exist yet".into())], BTreeSet::new());
    assert!(unknown.differs());
    assert_eq!(unknown.text(false), "# not known yet: kubeflow/crds\n#   data/database doesn't exist yet\n");
}
