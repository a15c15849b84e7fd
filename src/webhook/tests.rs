use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::review::Outcome;
use super::*;

const ECR: &str = "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/kfctl-cn";

fn mapping() -> Mapping {
    let text = format!(
        "prefixes:\n  docker.io: {ECR}/docker.io\n  gcr.io: {ECR}/gcr.io/\n  gcr.io/own: mirror.example.com/own\n  \
         quay.io: quay.io/mirror/quay.io\n"
    );
    Mapping::parse([("a", text.as_str())]).unwrap()
}

#[test]
fn names_become_those_of_the_registry() {
    let mapping = mapping();
    for (image, expected) in [
        ("nginx", Some("ECR/docker.io/library/nginx")),
        ("nginx:1.27@sha256:00", Some("ECR/docker.io/library/nginx:1.27@sha256:00")),
        ("kserve/agent:v1", Some("ECR/docker.io/kserve/agent:v1")),
        ("index.docker.io/kserve/agent", Some("ECR/docker.io/kserve/agent")),
        ("gcr.io/ml-pipeline/api:2", Some("ECR/gcr.io/ml-pipeline/api:2")),
        // The longest prefix wins, and ends at a boundary.
        ("gcr.io/own:v1", Some("mirror.example.com/own:v1")),
        ("gcr.io/own/x", Some("mirror.example.com/own/x")),
        ("gcr.io/owner/x", Some("ECR/gcr.io/owner/x")),
        // Other hosts, though they begin or end likewise.
        ("gcr.io.example.com/x", None),
        ("gcr.io:5000/x", None),
        ("us.gcr.io/x", None),
        ("registry.example.com/team/x:1", None),
        ("localhost/x", None),
        // What was rewritten stays, also below another prefix.
        ("ECR/docker.io/library/nginx", None),
        ("quay.io/mirror/quay.io/a/b", None),
        ("quay.io/mirror/other", Some("quay.io/mirror/quay.io/mirror/other")),
        // No names.
        ("", None),
        ("auto", None),
        ("$(IMAGE)", None),
        ("a b", None),
    ] {
        let expected = expected.map(|text| text.replace("ECR", ECR));
        assert_eq!(mapping.rewrite(&image.replace("ECR", ECR)), expected, "{image}");
    }
}

#[test]
fn a_later_file_goes_over_an_earlier_one() {
    let files = [
        ("a", "prefixes: {gcr.io: a.example.com/x, quay.io: b.example.com}"),
        ("b", "prefixes: {gcr.io: c.example.com}"),
    ];
    let mapping = Mapping::parse(files).unwrap();
    assert_eq!(mapping.rewrite("gcr.io/y").as_deref(), Some("c.example.com/y"));
    assert_eq!(mapping.rewrite("quay.io/y").as_deref(), Some("b.example.com/y"));
    assert!(Mapping::parse([("a", ""), ("b", "prefixes:\n")]).unwrap().is_empty());
}

#[test]
fn a_mapping_that_means_nothing_is_refused_with_its_name() {
    for text in [
        "prefixes: {nginx: a.example.com}",
        "prefixes: {gcr.io: nowhere}",
        "prefixes: {'https://gcr.io': a.example.com}",
        "prefixes: {'gcr.io/a:v1': a.example.com}",
        "registries: {}",
        "prefixes: [a]",
        "\u{0}",
    ] {
        let error = Mapping::parse([("some.yaml", text)]).expect_err(text);
        assert!(error.to_string().contains("some.yaml"), "{error}");
        assert!(!error.hints.is_empty());
    }
}

fn review(operation: &str, pod: &Value, before: &Value) -> Vec<u8> {
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u-1",
        "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": operation, "object": pod, "oldObject": before}})
    .to_string()
    .into_bytes()
}

/// The replacements of an answer, by path.
fn patched(answer: &Value) -> Vec<(String, String)> {
    assert_eq!(answer["response"]["allowed"], true);
    assert_eq!(answer["response"]["uid"], "u-1");
    let Some(patch) = answer["response"]["patch"].as_str() else { return Vec::new() };
    let patch: Value = serde_json::from_slice(&STANDARD.decode(patch).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let replace = patch.as_array().unwrap().iter().filter(|op| op["op"] == "replace");
    replace.map(|op| (text(&op["path"]), text(&op["value"]).replace(ECR, "ECR"))).collect()
}

#[test]
fn every_carrier_of_a_pod_is_patched() {
    let pod = json!({"spec": {
        "containers": [{"name": "a", "image": "registry.example.com/a"}, {"name": "b", "image": "gcr.io/b:1"}],
        "initContainers": [{"name": "i", "image": "busybox"}],
        "ephemeralContainers": [{"name": "e", "image": "busybox"}, {"name": "none"}],
        "volumes": [{"name": "v", "emptyDir": {}}, {"name": "m", "image": {"reference": "gcr.io/model:2"}}]}});
    let (answer, outcome) = answer(&review("CREATE", &pod, &Value::Null), &mapping()).unwrap();
    assert_eq!(outcome, Outcome::Rewritten(4));
    let expected = [
        ("/spec/containers/1/image", "ECR/gcr.io/b:1"),
        ("/spec/initContainers/0/image", "ECR/docker.io/library/busybox"),
        ("/spec/ephemeralContainers/0/image", "ECR/docker.io/library/busybox"),
        ("/spec/volumes/1/image/reference", "ECR/gcr.io/model:2"),
    ];
    assert_eq!(patched(&answer), expected.map(|(path, image)| (path.to_owned(), image.to_owned())));
    let told = answer["response"]["auditAnnotations"]["rewritten"].as_str().unwrap();
    assert!(told.contains("gcr.io/b:1 → "), "{told}");
}

/// Ephemeral containers and volumes can't be changed once they are there: a patch would get the update refused.
#[test]
fn what_was_there_before_an_update_stays() {
    let before = json!({"spec": {"containers": [{"name": "a", "image": "gcr.io/a:1"}],
        "ephemeralContainers": [{"name": "old", "image": "busybox"}]}});
    let mut after = before.clone();
    after["spec"]["ephemeralContainers"] =
        json!([{"name": "new", "image": "alpine"}, {"name": "old", "image": "busybox"}]);
    let (answer, _) = answer(&review("UPDATE", &after, &before), &mapping()).unwrap();
    let expected = ("/spec/ephemeralContainers/0/image".to_owned(), "ECR/docker.io/library/alpine".to_owned());
    assert_eq!(patched(&answer), [expected]);
}

#[test]
fn what_isnt_understood_is_let_through_with_a_warning() {
    let ask = |pointer: &str, value: Value| {
        let mut asked: Value = serde_json::from_slice(&review("CREATE", &json!({"spec": {}}), &Value::Null)).unwrap();
        *asked.pointer_mut(pointer).unwrap() = value;
        answer(asked.to_string().as_bytes(), &mapping()).unwrap()
    };
    for (pointer, value) in [
        ("/apiVersion", json!("admission.k8s.io/v1beta1")),
        ("/request/kind/kind", json!("Deployment")),
        ("/request/kind/group", json!("apps")),
        ("/request/object", Value::Null),
        ("/request/object/spec", json!("text")),
    ] {
        let (answer, outcome) = ask(pointer, value);
        assert_eq!(outcome, Outcome::NotUnderstood, "{pointer}");
        assert!(patched(&answer).is_empty());
        assert!(answer["response"]["warnings"][0].as_str().unwrap().contains("left this as it is"));
    }
    // Strange items are no pods that a server would have let pass, and no reason to stop.
    let (_, outcome) =
        ask("/request/object/spec", json!({"containers": [1, null, {"image": 3}], "volumes": {"image": "x"}}));
    assert_eq!(outcome, Outcome::Unchanged);
    let (_, outcome) = ask("/request/operation", json!("DELETE"));
    assert_eq!(outcome, Outcome::Unchanged);
}

#[test]
fn the_error_of_a_broken_body_repeats_nothing_of_it() {
    let error = answer(br#"{"apiVersion": "hunter2", "kind": 5, "request": "hunter2"}"#, &mapping()).unwrap_err();
    assert!(error.contains("no AdmissionReview") && !error.contains("hunter2"), "{error}");
}

proptest! {
    #[test]
    fn rewriting_twice_changes_nothing_and_keeps_tag_and_digest(
        host in prop_oneof![Just(""), Just("docker.io/"), Just("gcr.io/"), Just("gcr.io/own/"), Just("quay.io/"), Just("quay.io/mirror/"), Just("r.example.com:5000/")],
        path in "[a-z0-9]{1,8}(/[a-z0-9._-]{1,8}){0,3}",
        tail in "(:[a-zA-Z0-9_.-]{1,9})?(@sha256:[0-9a-f]{8})?",
    ) {
        let mapping = mapping();
        if let Some(once) = mapping.rewrite(&format!("{host}{path}{tail}")) {
            prop_assert!(once.ends_with(&format!("{path}{tail}")), "{once}");
            prop_assert_eq!(mapping.rewrite(&once), None);
        }
    }

    #[test]
    fn any_bytes_get_an_answer(body in prop::collection::vec(any::<u8>(), 0..200), name in "\\PC{0,40}") {
        let _ = answer(&body, &mapping());
        let pod = json!({"spec": {"containers": [{"image": name}], "volumes": [name]}});
        let (answer, _) = answer(&review("CREATE", &pod, &Value::Null), &mapping()).unwrap();
        prop_assert!(answer["response"]["allowed"] == true);
    }
}
