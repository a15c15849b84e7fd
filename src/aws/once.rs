//! Calls that make a silent duplicate when they are repeated.

use aws_config::retry::RetryConfig;

/// Switches the SDK's own retries off for one call.
///
/// CreateVpc and its like take no client token: when the answer is lost after the effect, the SDK would repeat the call and make a
/// second VPC that nobody knows. Without its retries the error reaches the caller, who looks for the tag before the next try.
pub trait Once: Sized {
    /// A configuration override without retries.
    fn once() -> Self;
}

impl Once for aws_sdk_ec2::config::Builder {
    fn once() -> Self {
        aws_sdk_ec2::Config::builder().retry_config(RetryConfig::disabled())
    }
}

impl Once for aws_sdk_iam::config::Builder {
    fn once() -> Self {
        aws_sdk_iam::Config::builder().retry_config(RetryConfig::disabled())
    }
}
