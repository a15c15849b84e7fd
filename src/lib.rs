//! kfctl-cn: Kubeflow 1.5.1 on Amazon EKS in the AWS China regions.
//!
//! # Map
//! Each line names a layer and what it may import besides itself; `tests/arch.rs` holds it to that.
//!
//! | module | what it is for | may import |
//! |---|---|---|
//! | [`model`] | pure types shared by all | nothing of ours |
//! | [`engine`] | plan, execute, recover, retry, cancel | `model` |
//! | [`state`] | state file, journal, lock; in a folder or in S3 | `model`, `engine` (the store trait), `aws` |
//! | [`config`] | `kfctl-cn.yaml`: model, defaults, validation, schema | `model` |
//! | [`kustomize`] | the renderer: synchronous, no network | `model` |
//! | [`adapt`] | adaptations, API uplift, audit | `model` |
//! | [`webhook`] | the admission webhook that rewrites images of pods | `model`, `adapt` |
//! | [`bundle`] | pinned upstream files: fetch, verify, cache | `model` |
//! | [`registry`] | image registries and archives: copies of images | `model` |
//! | [`aws`] | clients, tags, error classes | `model` |
//! | [`kube`] | server-side apply, order, readiness, inventory | `model` |
//! | [`phases`] | the resources of each phase | all of the above |
//! | [`checks`] | preflight and verify checkers | `model`, `config`, `aws`, `kube` |
//! | [`ui`] | views of events | `model` |
//! | [`cli`] | arguments and one file a command; the only place that composes | all |
//!
//! The binary in `main.rs` parses, runs and exits; nothing else ends the process.
#![warn(missing_docs)]
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod adapt;
pub mod aws;
pub mod bundle;
pub mod checks;
pub mod cli;
pub mod config;
pub mod engine;
pub mod kube;
pub mod kustomize;
pub mod model;
pub mod phases;
pub mod registry;
pub mod state;
pub mod ui;
pub mod webhook;
