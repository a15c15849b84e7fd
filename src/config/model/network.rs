//! The network section.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Network {
    /// The VPC's IPv4 block, /16 to /20; it is divided over three zones.
    pub vpc_cidr: String,
    /// One NAT gateway for all zones, or one in each.
    pub nat_gateways: NatGateways,
}

impl Default for Network {
    fn default() -> Self {
        Network { vpc_cidr: "10.0.0.0/16".into(), nat_gateways: NatGateways::PerZone }
    }
}

/// How many NAT gateways there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NatGateways {
    /// One for all zones: cheaper; if its zone fails, no node reaches out.
    Single,
    /// One in each zone.
    PerZone,
}
