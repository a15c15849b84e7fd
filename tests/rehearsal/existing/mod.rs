//! Deployments in what was there before: used, and left as it was.

mod network;
mod vpc;
