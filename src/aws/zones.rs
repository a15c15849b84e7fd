//! The availability zones that a deployment spans.

use crate::model::{Error, ErrorClass, Result};

use super::{Call, Clients};

/// How many zones the deployment spans.
pub const ZONES: usize = 3;

/// The zones that the subnets are in: the first three that are open to the account, by name. Names aren't always a, b, c, and local
/// zones don't count.
///
/// # Errors
/// Class `Permanent` if there are fewer.
pub async fn zones(aws: &Clients) -> Result<Vec<String>> {
    let answer = aws.ec2.describe_availability_zones().send().await.call("ec2:DescribeAvailabilityZones")?;
    let mut names: Vec<String> = answer
        .availability_zones()
        .iter()
        .filter(|z| z.state().is_none_or(|s| s.as_str() == "available"))
        .filter(|z| z.zone_type().is_none_or(|t| t == "availability-zone"))
        .filter_map(|z| z.zone_name().map(str::to_owned))
        .collect();
    names.sort();
    if names.len() < ZONES {
        return Err(Error::new(
            ErrorClass::Permanent,
            format!("the account sees {} availability zones in {}, {ZONES} are needed", names.len(), aws.region()),
        )
        .hint("use the other region of AWS China"));
    }
    names.truncate(ZONES);
    Ok(names)
}
