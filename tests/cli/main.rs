//! The program as a user sees it: arguments in, text and exit code out.

#[path = "../support/mod.rs"]
mod support;

mod basics;
mod cases;
mod changes;
mod check_api;
mod checks;
mod components;
mod config;
mod diff_upstream;
mod docs;
mod iam_policy;
mod images;
mod overlays;
mod render;
mod render_some;
mod run;
mod state;
mod webhook;
