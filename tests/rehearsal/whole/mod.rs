//! The built program in whole environments: stand-ins for AWS China and EKS, started by `rehearsal/env`.
//!
//! Each test has an environment of its own, so that nothing one does is seen by another.

mod account;
mod broken;
mod checked;
mod cluster;
mod configured;
mod diff;
mod disturbed;
pub mod environment;
mod explained;
mod guest;
mod images;
mod killed;
mod kubernetes;
mod lost;
mod machine;
mod opened;
mod refused;
mod regions;
mod secrets;
mod used;
mod webhook;
