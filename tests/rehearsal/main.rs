//! The program against the rehearsal's AWS China and EKS.

mod accepted;
mod aws;
mod cases;
mod census;
mod changed;
mod checks;
mod existing;
mod faults;
mod keys;
mod leftovers;
mod nodes;
mod permissions;
mod preflight;
mod proxy;
mod shared;
#[path = "../support/mod.rs"]
mod support;
mod teardown;
mod whole;
mod world;
