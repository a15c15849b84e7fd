//! Fetching, verifying and packing bundles, against a real HTTP server on loopback.

#[path = "../support/mod.rs"]
mod support;

mod hostile;
mod killed;
mod local;
mod network;
mod real;
mod sample;
mod server;
mod world;
