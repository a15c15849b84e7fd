//! Deployments in what was there before: used, and left as it was.

mod cluster;
mod data;
pub mod eks;
pub mod network;
pub mod team;
pub mod vpc;
