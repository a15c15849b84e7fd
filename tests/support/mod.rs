//! What several test binaries need. Included with `#[path = "../support/mod.rs"] mod support;`.
#![allow(dead_code)]

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
