//! What several test binaries need. Included with `#[path = "../support/mod.rs"] mod support;`.
#![allow(dead_code)]

pub mod changes;
pub mod render;

use std::path::PathBuf;

use assert_cmd::Command;

/// The deployments of the bundle that the guide installs.
pub const DEPLOYMENTS: [&str; 8] = [
    "vanilla",
    "cognito",
    "add-ons/load-balancer",
    "cognito-rds-s3",
    "rds-s3",
    "rds-s3/base",
    "rds-s3/s3-only",
    "rds-s3/rds-only",
];

/// The groups of Kubernetes itself in the versions that manifests should have, each with a kind of it. Not taken from the program's list
/// of what is gone. Real API servers are asked for each (tests/rehearsal/accepted).
pub const SERVED: [(&str, &str); 17] = [
    ("v1", "Namespace"),
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("apiregistration.k8s.io/v1", "APIService"),
    ("apps/v1", "Deployment"),
    ("autoscaling/v1", "HorizontalPodAutoscaler"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("batch/v1", "CronJob"),
    ("certificates.k8s.io/v1", "CertificateSigningRequest"),
    ("coordination.k8s.io/v1", "Lease"),
    ("discovery.k8s.io/v1", "EndpointSlice"),
    ("networking.k8s.io/v1", "Ingress"),
    ("node.k8s.io/v1", "RuntimeClass"),
    ("policy/v1", "PodDisruptionBudget"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("scheduling.k8s.io/v1", "PriorityClass"),
    ("storage.k8s.io/v1", "StorageClass"),
];

/// The program, in an environment that holds nothing of the machine's: no credentials, no configuration, no colours.
pub fn bin() -> Command {
    let mut command = Command::cargo_bin("kfctl-cn").expect("cargo builds the binary for its tests");
    let keep = ["PATH", "TMPDIR", "LLVM_PROFILE_FILE"];
    let kept: Vec<_> = keep.iter().filter_map(|name| std::env::var_os(name).map(|value| (name, value))).collect();
    command.env_clear().envs(kept).env("CI", "1").env("HOME", "/nonexistent").env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// The bundle that tests work on: the real one if it is there, else the sample of the tree.
pub fn bundle_dir() -> PathBuf {
    named_bundle().unwrap_or_else(sample_bundle)
}

/// The real bundle; `None`, and a word about it, on a machine that has none.
pub fn real_bundle() -> Option<PathBuf> {
    let found = named_bundle();
    if found.is_none() {
        eprintln!("skipped: KFCTL_CN_BUNDLE names no bundle");
    }
    found
}

/// The sample bundle of the tree.
pub fn sample_bundle() -> PathBuf {
    root().join("manifests/sample-bundle")
}

/// The root of the tree.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn named_bundle() -> Option<PathBuf> {
    std::env::var_os("KFCTL_CN_BUNDLE").map(PathBuf::from).filter(|dir| dir.is_dir())
}
