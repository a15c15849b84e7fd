use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::*;

fn scope(region: Region, name: &str) -> Scope {
    let account = "111122223333".to_owned();
    Scope {
        region,
        cluster: name.into(),
        existing_cluster: false,
        own_nodes: false,
        bucket: format!("{name}-{account}-{region}"),
        repositories: Some(format!("arn:aws-cn:ecr:{region}:{account}:repository/kfctl-cn/*")),
        data_key: Some(format!("arn:aws-cn:kms:{region}:{account}:key/5678abcd-12ab-34cd-56ef-1234567890ab")),
        disk_key: Some(format!("arn:aws-cn:kms:{region}:{account}:key/9abc1234-12ab-34cd-56ef-1234567890ab")),
        key: Some(format!("arn:aws-cn:kms:{region}:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab")),
        vpc: Some("vpc-0123456789abcdef0".into()),
        state: "s3://states/team".parse().unwrap(),
        boundary: Some(format!("arn:aws-cn:iam::{account}:policy/team/boundary")),
        existing_bucket: false,
        existing_database: true,
        rds_secret: Some(format!("arn:aws-cn:secretsmanager:{region}:{account}:secret:team/mysql-*")),
        s3_secret: Some(format!("arn:aws-cn:secretsmanager:{region}:{account}:secret:team/s3-*")),
        account,
        name: name.into(),
    }
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        match path.is_dir() {
            true => sources(&path, found),
            false if path.extension().is_some_and(|e| e == "rs") => found.push(path),
            false => {}
        }
    }
}

/// The permissions that the calls of the source name.
fn called() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let call = Regex::new(r#"(?:\.(?:call|unless)\(|\boperation = )\s*"([a-z0-9]+:[A-Z]\w+)""#).unwrap();
    let texts =
        files.iter().filter(|file| !file.ends_with("tests.rs")).map(|file| std::fs::read_to_string(file).unwrap());
    texts.flat_map(|text| call.captures_iter(&text).map(|c| c[1].to_owned()).collect::<Vec<_>>()).collect()
}

#[test]
fn every_call_of_the_source_is_allowed_and_nothing_else_without_a_reason() {
    let called = called();
    assert!(called.len() > 100, "the scan finds {} calls only", called.len());
    let rows = rows().unwrap();
    let granted: BTreeSet<String> = rows.iter().flat_map(|row| row.actions.clone()).collect();
    let mend = "mend manifests/policies/operator.yaml";
    let missing: Vec<_> = called.difference(&granted).collect();
    assert!(missing.is_empty(), "called, but not in the operator's policy ({mend}): {missing:?}");
    let idle: Vec<_> = granted.difference(&called).collect();
    assert!(idle.is_empty(), "in the operator's policy, but never called ({mend}): {idle:?}");
    for row in rows {
        assert_eq!(row.implied.is_empty(), row.because.is_empty(), "{}: what is implied needs a reason", row.id);
    }
}

#[test]
fn it_is_of_china_in_both_regions_and_names_no_star_where_it_writes() {
    let place = Regex::new(r"\{[a-z0-9_-]+\}").unwrap();
    for region in Region::ALL {
        let elsewhere = Region::ALL.into_iter().find(|other| *other != region).unwrap();
        for statement in scope(region, "kf").statements().unwrap() {
            let text = statement.json().to_string();
            assert!(!text.contains("arn:aws:"), "{text}");
            assert!(!place.is_match(&text), "a place isn't filled: {text}");
            assert!(!text.contains(&format!("{elsewhere}:")) && !text.contains(&format!("{elsewhere}.")), "{text}");
            if statement.access == Access::Write {
                assert!(statement.resources.iter().all(|r| r.starts_with("arn:aws-cn:")), "{}", statement.id);
                assert!(statement.actions.iter().all(|action| !action.contains('*')), "{}", statement.id);
            }
        }
    }
}

#[test]
fn roles_pass_to_named_services_only_and_take_named_policies_only() {
    let all = scope(Region::CnNorthwest1, "kf").statements().unwrap();
    let of = |action: &str| -> Vec<Value> {
        all.iter().filter(|s| s.actions.iter().any(|a| a == action)).map(Statement::json).collect()
    };
    let passed: Vec<String> =
        of("iam:PassRole").iter().map(|s| s["Condition"]["StringEquals"]["iam:PassedToService"].to_string()).collect();
    assert_eq!(passed, [r#""eks.amazonaws.com""#, r#"["ec2.amazonaws.com","ec2.amazonaws.com.cn"]"#]);
    let attach = &of("iam:AttachRolePolicy")[0];
    assert!(attach["Condition"]["ArnEquals"]["iam:PolicyARN"].as_array().unwrap().len() < 10);
    assert_eq!(of("s3:PutObject")[0]["Resource"][0], "arn:aws-cn:s3:::states/team/kf/*");
    let vpc = &of("ec2:CreateVpc")[0];
    assert_eq!(vpc["Condition"]["StringEquals"]["aws:RequestTag/kfctl-cn/deployment"], "kf");
}

#[test]
fn each_document_fits_iam_and_together_they_are_whole_even_with_the_longest_name() {
    for name in ["kf", "a2345678901234567890123456789012"] {
        let scope = scope(Region::CnNorthwest1, name);
        let documents = scope.documents(false).unwrap();
        assert!(documents.iter().all(|document| size(document) <= LIMIT));
        assert!(documents.len() <= 4, "{} documents", documents.len());
        let parts: usize = documents.iter().map(|d| d["Statement"].as_array().unwrap().len()).sum();
        assert_eq!(parts, scope.statements().unwrap().len());
        assert_eq!(scope.documents(true).unwrap().len(), 1, "what reads fits into one");
    }
}

#[test]
fn what_reads_only_can_change_nothing() {
    let changes = Regex::new(r":(Create|Delete|Put|Update|Attach|Modify|Tag|Pass|Add|Remove)").unwrap();
    let text = scope(Region::CnNorth1, "kf").documents(true).unwrap()[0].to_string();
    assert!(!changes.is_match(&text), "{text}");
    let without = Scope {
        key: None,
        data_key: None,
        disk_key: None,
        repositories: None,
        vpc: None,
        state: Backend::Local,
        ..scope(Region::CnNorth1, "kf")
    };
    let text = without.documents(false).unwrap().iter().map(Value::to_string).collect::<String>();
    let theirs = Scope { existing_bucket: true, ..scope(Region::CnNorth1, "kf") }.documents(false).unwrap();
    assert!(!theirs.iter().any(|d| d.to_string().contains("s3:DeleteBucket")), "a bucket of others can be deleted");
    assert!(!text.contains("kms:") && !text.contains("ecr:Create") && !text.contains("ec2:DeleteTags"));
    assert!(!text.contains("s3:PutObject"));
}
