//! The phase `karpenter`: what it needs in AWS, and itself with its GPU pool in the cluster.

pub mod aws;
pub mod cluster;
