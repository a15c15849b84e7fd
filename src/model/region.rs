//! The AWS China partition: what differs from the rest of AWS, for both regions.
//!
//! Source: botocore 1.44.8 `endpoints.json` and its rule sets (partition `aws-cn`), and the Amazon EKS user guide.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A region of the partition `aws-cn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Region {
    /// Beijing, operated by Sinnet.
    #[serde(rename = "cn-north-1")]
    CnNorth1,
    /// Ningxia, operated by NWCD.
    #[serde(rename = "cn-northwest-1")]
    CnNorthwest1,
}

impl Region {
    /// Both regions.
    pub const ALL: [Region; 2] = [Region::CnNorth1, Region::CnNorthwest1];
    /// The partition's name, the second field of its ARNs.
    pub const PARTITION: &'static str = "aws-cn";
    /// The DNS suffix of the partition's endpoints.
    pub const DNS_SUFFIX: &'static str = "amazonaws.com.cn";

    /// The region's code, such as `cn-north-1`.
    pub fn as_str(self) -> &'static str {
        match self {
            Region::CnNorth1 => "cn-north-1",
            Region::CnNorthwest1 => "cn-northwest-1",
        }
    }

    /// The host of a regional service, such as `s3.cn-north-1.amazonaws.com.cn`.
    pub fn host(self, service: &str) -> String {
        format!("{service}.{self}.{}", Region::DNS_SUFFIX)
    }

    /// The host of an account's private registry.
    pub fn ecr_host(self, account: &str) -> String {
        format!("{account}.dkr.ecr.{self}.{}", Region::DNS_SUFFIX)
    }

    /// The account that owns the registry of EKS add-on images in this region.
    /// Source: EKS user guide, add-on image registries; eksctl `EKSResourceAccountID`.
    pub fn eks_addon_account(self) -> &'static str {
        match self {
            Region::CnNorth1 => "918309763551",
            Region::CnNorthwest1 => "961992271922",
        }
    }

    /// The region that signs calls to IAM, whose only control plane is in Beijing.
    pub fn iam_signing_region(self) -> &'static str {
        "cn-north-1"
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Region {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Region::ALL
            .into_iter()
            .find(|r| r.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not an AWS China region (cn-north-1 or cn-northwest-1)"))
    }
}
