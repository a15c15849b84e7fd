//! The configuration: what a wrong one is told, what `init` writes, what the schema allows.

use std::path::Path;

use crate::support::bin;

/// A configuration that is right, to be broken line by line.
const RIGHT: &str = "\
apiVersion: kfctl-cn/v1alpha1
kind: Deployment
metadata:
  name: demo
spec:
  region: cn-north-1
";

/// What the program says to a configuration; its exit code must be 65 and its stdout empty.
fn told(text: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("kfctl-cn.yaml"), text).unwrap();
    let output = bin().current_dir(dir.path()).args(["config", "view"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(65), "{text}\n{stderr}");
    assert!(output.stdout.is_empty());
    stderr
}

#[test]
fn each_impossible_value_is_told_with_line_and_hint() {
    let cases = [
        ("  region: us-east-1", "6:11: spec.region: `us-east-1` is not known here"),
        ("  region: cn-north1", "did you mean `cn-north-1`?"),
        ("  regoin: cn-north-1", "6:3: spec.regoin: unknown key\n  hint: did you mean `region`?"),
        ("  region: [cn-north-1]", "6:11: spec.region: must be text, is a list"),
        ("  region: cn-north-1\n  account: 12345", "7:3: spec.account: `12345` is not possible here\nhint: 12 digits"),
        (
            "  region: cn-north-1\n  cluster: {version: 1.21}",
            "7:13: spec.cluster.version: EKS creates no Kubernetes 1.21",
        ),
        ("  region: cn-north-1\n  cluster: {version: 1.37}", "Kubernetes 1.37 is not known"),
        ("  region: cn-north-1\n  cluster: {version: latest}", "`latest` is not a version"),
        (
            "  region: cn-north-1\n  cluster: {logs: [api, audits]}",
            "7:25: spec.cluster.logs[1]: `audits` is not known here\nhint: did you mean `audit`?",
        ),
        ("  region: cn-north-1\n  cluster: {publicAccessCidrs: [10.0.0.1/8]}", "that is 10.0.0.0/8"),
        (
            "  region: cn-north-1\n  cluster: {kmsKeyArn: 'arn:aws:kms:cn-north-1:123456789012:key/a'}",
            "a key of another partition",
        ),
        (
            "  region: cn-north-1\n  data: {kmsKeyArn: 'arn:aws-cn:kms:cn-northwest-1:123456789012:key/a'}",
            "spec.data.kmsKeyArn: `arn:aws-cn:kms:cn-northwest-1:123456789012:key/a` is not the ARN of a key in cn-north-1",
        ),
        ("  region: cn-north-1\n  cluster: {existing: {}}", "7:23: spec.cluster.existing.name: is missing"),
        (
            "  region: cn-north-1\n  cluster: {existing: {name: -team}}",
            "spec.cluster.existing.name: `-team` is not possible here",
        ),
        (
            "  region: cn-north-1\n  cluster: {existing: {name: team}, publicAccessCidrs: [10.0.0.0/8]}",
            "spec.cluster.publicAccessCidrs: means nothing for a cluster that is there already",
        ),
        (
            "  region: cn-north-1\n  cluster: {existing: {name: team}, nodeGroup: {diskGib: 50}}",
            "no node group is made in a cluster that is there already\nhint: set `spec.cluster.existing.nodeGroup: true`",
        ),
        (
            "  region: cn-north-1\n  cluster: {existing: {name: team}}\n  network: {natGateways: single}",
            "spec.network.natGateways: means nothing for a cluster that is there already",
        ),
        (
            "  region: cn-north-1\n  network: {proxy: {url: 'http://me:secret@proxy:3128'}}",
            "spec.network.proxy.url: a login in it would be readable on every node",
        ),
        (
            "  region: cn-north-1\n  network: {proxy: {url: proxy}}",
            "spec.network.proxy.url: `proxy` is not possible here\nhint: scheme, host and port",
        ),
        (
            "  region: cn-north-1\n  network: {proxy: {url: 'http://proxy:3128', noProxy: ['a,b']}}",
            "spec.network.proxy.noProxy[0]: `a,b` is not possible here",
        ),
        (
            "  region: cn-north-1\n  cluster: {existing: {name: team}}\n  gpu: {enabled: false}\n  network: {proxy: {url: 'http://proxy:3128'}}",
            "spec.network.proxy: no node is made that it could be told to",
        ),
        ("  region: cn-north-1\n  cluster: {nodeGroup: {instanceTypes: [m6g.large]}}", "m6g.large is an Arm instance"),
        ("  region: cn-north-1\n  cluster: {nodeGroup: {minSize: 4, desiredSize: 3}}", "4 is more than desiredSize 3"),
        ("  region: cn-north-1\n  cluster: {nodeGroup: {desiredSize: 9}}", "9 is more than maxSize 6"),
        ("  region: cn-north-1\n  cluster: {nodeGroup: {diskGib: -1}}", "-1 is out of range"),
        ("  region: cn-north-1\n  cluster: {nodeGroup: {diskGib: big}}", "must be a whole number, is text"),
        ("  region: cn-north-1\n  network: {vpcCidr: 10.0.0.0/8}", "larger than a VPC may be"),
        ("  region: cn-north-1\n  network: {vpcCidr: 10.0.0.0/24}", "too small"),
        ("  region: cn-north-1\n  network: {vpcCidr: 8.8.0.0/16}", "not private"),
        ("  region: cn-north-1\n  network: {vpcCidr: 172.20.0.0/18}", "overlaps the addresses of Kubernetes services"),
        ("  region: cn-north-1\n  network: {natGateways: many}", "one of: single, per-zone"),
        ("  region: cn-north-1\n  network: {existing: {}}", "7:23: spec.network.existing.vpcId: is missing"),
        (
            "  region: cn-north-1\n  network: {existing: {vpcId: my-vpc}}",
            "spec.network.existing.vpcId: `my-vpc` is not possible here\nhint: an id such as vpc-0123456789abcdef0",
        ),
        (
            "  region: cn-north-1\n  network: {vpcCidr: 10.1.0.0/16, existing: {vpcId: vpc-01234567}}",
            "spec.network.vpcCidr: means nothing for a VPC that is there already",
        ),
        (
            "  region: cn-north-1\n  network: {existing: {vpcId: vpc-01234567, privateSubnetIds: [subnet-01234567]}}",
            "1 subnets\nhint: 2 to 16, or none",
        ),
        (
            "  region: cn-north-1\n  data: {bucket: a-bucket, existingBucket: b-bucket}",
            "`b-bucket` is one bucket, spec.data.bucket another",
        ),
        (
            "  region: cn-north-1\n  data: {database: {existing: {secret: s}}}",
            "spec.data.database.existing: names no database",
        ),
        (
            "  region: cn-north-1\n  data: {database: {existing: {secret: s, host: h, cluster: c}}}",
            "has cluster and host",
        ),
        (
            "  region: cn-north-1\n  data: {database: {existing: {secret: s, host: h, port: 70000}}}",
            "70000 is out of range",
        ),
        (
            "  region: cn-north-1\n  data: {existingS3Secret: 'arn:aws:secretsmanager:cn-north-1:123456789012:secret:a'}",
            "is not possible here\nhint: a name, or an ARN that begins with arn:aws-cn:secretsmanager:cn-north-1:",
        ),
        (
            "  region: cn-north-1\n  cluster: {permissionsBoundaryArn: 'arn:aws:iam::123456789012:policy/a'}",
            "is not possible here\nhint: arn:aws-cn:iam::<account>:policy/<name>",
        ),
        ("  region: cn-north-1\n  data: {bucket: My.Bucket}", "`My.Bucket` has a dot"),
        ("  region: cn-north-1\n  data: {bucket: ab}", "not possible as a bucket name"),
        ("  region: cn-north-1\n  data: {database: {engineVersion: 8.4}}", "MySQL `8.4` is not possible here"),
        ("  region: cn-north-1\n  data: {database: {backupRetentionDays: 0}}", "0 is out of range\nhint: 1 to 35 days"),
        ("  region: cn-north-1\n  data: {database: {multiAz: maybe}}", "must be true or false, is text"),
        ("  region: cn-north-1\n  data: {database: {storageGib: 1000}}", "leaves no room above storageGib"),
        ("  region: cn-north-1\n  data: {database: {instanceClass: m5.large}}", "a class such as db.m5.large"),
        ("  region: cn-north-1\n  images: {registry: 'https://registry.example.com'}", "has a scheme"),
        (
            "  region: cn-north-1\n  images: {registry: kubeflow/images}",
            "would be taken for a repository of Docker Hub",
        ),
        (
            "  region: cn-north-1\n  images: {registry: 123456789012.dkr.ecr.us-east-1.amazonaws.com}",
            "another partition",
        ),
        ("  region: cn-north-1\n  kubeflow: {variant: cognito}", "the variant `cognito` is not installed"),
        ("  region: cn-north-1\n  kubeflow: {admin: {email: admin}}", "an address such as user@example.com"),
        ("  region: cn-north-1\n  gpu: {families: [g4dn.xlarge]}", "`g4dn.xlarge` is an instance type"),
        ("  region: cn-north-1\n  gpu: {families: [inf1]}", "not a family with NVIDIA GPUs"),
        ("  region: cn-north-1\n  gpu: {families: []}", "enabled: false"),
        ("  region: cn-north-1\n  gpu: {capacityTypes: [reserved]}", "one of: on-demand, spot"),
        ("  region: cn-north-1\n  gpu: {maxGpus: 0}", "1 to 10000 GPUs"),
        ("  region: cn-north-1\n  gpu: {consolidateAfter: soon}", "a duration such as 60s"),
        ("  region: cn-north-1\n  gpu: {devicePluginVersion: 0.14.0}", "\"0.20.0\" or \"0.9.0\""),
        ("  region: cn-north-1\n  karpenter: {version: 0.12.1}", "version: \"1.14.1\""),
        ("  region: cn-north-1\n  tags: {'aws:x': y}", "belong to AWS"),
        ("  region: cn-north-1\n  tags: {Name: y}", "set by the program"),
        ("  region: cn-north-1\n  region: cn-north-1", "7:3: `region` is given twice\nhint: keep one of the two"),
        ("\tregion: cn-north-1", "6:2: a tab is not possible here\nhint: YAML is indented with spaces"),
        ("  region: cn-north-1\n region: x", ":7:"),
        ("  region: \"cn-north-1", ":6:"),
    ];
    for (line, expected) in cases {
        let seen = told(&RIGHT.replace("  region: cn-north-1", line));
        let seen = seen.replace("\nhint: ", "\n  hint: ");
        let expected = expected.replace("\nhint: ", "\n  hint: ");
        assert!(seen.contains(&expected), "{line}\nwanted: {expected}\nseen:   {seen}");
        assert!(seen.starts_with("error: kfctl-cn.yaml:"), "no file and line: {seen}");
    }
}

#[test]
fn files_that_are_not_for_this_program() {
    let pod = told("apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {}}\nspec: {containers: []}\n");
    assert!(pod.contains("1:1: apiVersion: `v1` is not a version that this program reads"), "{pod}");
    assert!(pod.contains("hint: apiVersion: kfctl-cn/v1alpha1") && !pod.contains("containers"), "{pod}");
    let row = |i: usize| format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(","));
    let bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned() + &(1..12).map(row).collect::<String>();
    let bomb = told(&bomb);
    assert!(bomb.contains("grows beyond what a configuration can be\nhint: write out"), "{bomb}");
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("bytes.yaml"), [0xff, 0xfe, 0x00, 0x80]).unwrap();
    for (file, why) in [(".", "it is a folder"), ("bytes.yaml", "it is not text in UTF-8")] {
        let output = bin().current_dir(dir.path()).args(["-f", file, "config", "view"]).output().unwrap();
        assert_eq!(output.status.code(), Some(65));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(&format!("caused by: {why}\nhint: -f names")), "{stderr}");
    }
}

#[test]
fn names_that_aws_would_refuse_later() {
    for name in ["Demo", "1demo", "demo-", "de--mo", "a-name-that-is-longer-than-thirty-two", "de_mo"] {
        assert!(told(&RIGHT.replace("demo", name)).contains("4:3: metadata.name"), "{name}");
    }
}

#[test]
fn several_problems_are_told_at_once_in_the_order_of_the_file() {
    let text =
        RIGHT.replace("Deployment", "Deploy") + "  gpu:\n    maxGpu: 4\n    enabled: yes please\n  netwrok: {}\n";
    insta::assert_snapshot!(told(&text));
    let text = RIGHT.replace("Deployment", "Deploy") + "  gpu: {maxGpus: 0}\n  cluster: {version: 1.20}\n";
    insta::assert_snapshot!(told(&text));
}

#[test]
fn missing_keys_and_missing_files() {
    insta::assert_snapshot!(told("apiVersion: kfctl-cn/v1alpha1\nkind: Deployment\nspec: {}\n"));
    assert!(told("# nothing\n").contains("is empty"));
    let dir = tempfile::tempdir().unwrap();
    let output = bin().current_dir(dir.path()).args(["config", "view"]).output().unwrap();
    assert_eq!(output.status.code(), Some(65));
    insta::assert_snapshot!(String::from_utf8(output.stderr).unwrap());
}

#[test]
fn what_people_write_without_quotes_is_understood() {
    let dir = tempfile::tempdir().unwrap();
    let text = RIGHT.to_string() + "  account: 012345678901\n  cluster: {version: 1.34}\n  gpu:\n  tags: {team: 42}\n";
    std::fs::write(dir.path().join("c.yaml"), text).unwrap();
    let output = bin().current_dir(dir.path()).args(["-f", "c.yaml", "config", "view", "-o", "json"]).output().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["spec"]["account"], "012345678901");
    assert_eq!(json["spec"]["cluster"]["version"], "1.34");
    assert_eq!(json["spec"]["tags"]["team"], "42");
    assert_eq!(json["spec"]["gpu"]["maxGpus"], 8);
}

#[test]
fn init_writes_a_valid_file_once() {
    let dir = tempfile::tempdir().unwrap();
    let init = |args: &[&str]| bin().current_dir(dir.path()).arg("init").args(args).output().unwrap();
    let without_region = init(&[]);
    assert_eq!(without_region.status.code(), Some(64), "{}", String::from_utf8_lossy(&without_region.stderr));
    assert!(!dir.path().join("kfctl-cn.yaml").exists());

    let args = ["--region", "cn-northwest-1", "--name", "demo"];
    assert_eq!(init(&args).status.code(), Some(0));
    let text = std::fs::read_to_string(dir.path().join("kfctl-cn.yaml")).unwrap();
    insta::assert_snapshot!("init", text);

    let again = init(&args);
    assert_eq!(again.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&again.stderr).contains("--force"));
    assert_eq!(init(&["--region", "cn-north-1", "--force"]).status.code(), Some(0));
    assert_eq!(only_file(dir.path()), "kfctl-cn.yaml", "no temporary file is left");

    bin().current_dir(dir.path()).args(["config", "view", "--resolved"]).assert().code(0);
}

#[test]
fn init_takes_the_region_of_the_environment_and_refuses_a_wrong_name() {
    let dir = tempfile::tempdir().unwrap();
    bin().current_dir(dir.path()).env("AWS_REGION", "us-east-1").arg("init").assert().code(64);
    let output =
        bin().current_dir(dir.path()).env("AWS_REGION", "cn-north-1").args(["init", "--name", "No"]).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).contains("metadata.name"));
    bin().current_dir(dir.path()).env("AWS_REGION", "cn-north-1").arg("init").assert().code(0);
}

#[test]
fn resolved_view_reads_back_as_the_same_configuration() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.yaml"), RIGHT).unwrap();
    let view = |file: &str| {
        let output = bin().current_dir(dir.path()).args(["-f", file, "config", "view", "--resolved"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let first = view("a.yaml");
    std::fs::write(dir.path().join("b.yaml"), &first).unwrap();
    assert_eq!(view("b.yaml"), first);
}

fn only_file(dir: &Path) -> String {
    let names: Vec<_> =
        std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.join(" ")
}
