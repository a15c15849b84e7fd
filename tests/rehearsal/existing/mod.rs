//! Deployments in what was there before: used, and left as it was.

mod data;
mod network;
pub mod team;
mod vpc;
