//! The program as a user sees it: arguments in, text and exit code out.

#[path = "../support/mod.rs"]
mod support;

mod basics;
mod check_api;
mod config;
mod diff_upstream;
mod docs;
<<<<<<< HEAD
mod images;
=======
mod overlays;
>>>>>>> 4eba730 (Overlays: kustomizations of the user's own over the adapted objects, audited like the rest)
mod render;
mod render_some;
mod run;
mod webhook;
