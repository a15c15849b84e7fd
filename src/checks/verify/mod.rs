//! What must be true of a deployment that is up.

pub mod aws;
pub mod gateway;
pub mod kubernetes;
