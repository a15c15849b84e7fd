//! Which MySQL: the newest 8.0 that RDS offers.
//!
//! ML Metadata 1.5.0 can't log in with `caching_sha2_password` (google/ml-metadata#178), the default of MySQL 8.4; on RDS 8.0 users
//! are made with `mysql_native_password`. Minor versions come and go, so the list is asked for.

use crate::model::{Error, ErrorClass, Result};

use super::{Call, Clients};

/// A version that RDS offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Such as `8.0.43`.
    pub version: String,
    /// The family of its parameter groups, such as `mysql8.0`.
    pub family: String,
}

/// The versions of MySQL that RDS offers in the region and that match `wanted`, such as `8.0` or `8.0.43`.
///
/// # Errors
/// Class `Permanent` if there is none.
pub async fn newest(aws: &Clients, wanted: &str) -> Result<Offered> {
    let answer = aws.rds.describe_db_engine_versions().engine("mysql").engine_version(wanted).send().await;
    let mut offered: Vec<Offered> = answer
        .call("rds:DescribeDBEngineVersions")?
        .db_engine_versions()
        .iter()
        .map(|v| Offered {
            version: v.engine_version().unwrap_or_default().to_owned(),
            family: v.db_parameter_group_family().unwrap_or_default().to_owned(),
        })
        .filter(|v| matches(&v.version, wanted))
        .collect();
    offered.sort_by_key(|v| numbers(&v.version));
    offered.pop().ok_or_else(|| {
        Error::new(ErrorClass::Permanent, format!("RDS offers no MySQL {wanted} in {}", aws.region()))
            .hint("set `spec.data.database.engineVersion` to 8.0, or to a version that RDS offers")
    })
}

/// True if a version is `wanted`, or a patch of it.
pub fn matches(version: &str, wanted: &str) -> bool {
    version == wanted || version.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'))
}

/// A version's numbers, for ordering.
pub fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|n| n.parse().unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_matches_its_line_and_orders_by_number() {
        assert!(matches("8.0.43", "8.0") && matches("8.0.43", "8.0.43"));
        assert!(!matches("8.0.43", "8.0.4") && !matches("8.4.1", "8.0"));
        assert!(numbers("8.0.9") < numbers("8.0.43"));
    }
}
