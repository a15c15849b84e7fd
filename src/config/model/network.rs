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
    /// A VPC that is there already. It is only used: no VPC, subnet, gateway or route is made, changed or removed, and
    /// `vpcCidr` and `natGateways` mean nothing.
    pub existing: Option<ExistingNetwork>,
    /// A proxy for the nodes that are made here: through it they pull images and call AWS. What is in the VPC, and what it
    /// has VPC endpoints for, is reached without it.
    pub proxy: Option<Proxy>,
}

impl Default for Network {
    fn default() -> Self {
        Network { vpc_cidr: "10.0.0.0/16".into(), nat_gateways: NatGateways::PerZone, existing: None, proxy: None }
    }
}

/// A proxy of nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Proxy {
    /// Where it is, such as `http://proxy.example.com:3128`; for HTTP and HTTPS alike, and without a password.
    pub url: String,
    /// What else is reached without it: hosts, domains with a leading dot, addresses, CIDR blocks.
    #[serde(default)]
    pub no_proxy: Vec<String>,
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

/// A VPC that is there already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExistingNetwork {
    /// Its id, such as `vpc-0123456789abcdef0`.
    pub vpc_id: String,
    /// The subnets for nodes, pods and the database, in two zones at least. Empty: all whose route table leads out, but not
    /// by an internet gateway; if there are none, all that lead nowhere.
    #[serde(default)]
    pub private_subnet_ids: Vec<String>,
    /// The subnets for load balancers that face the internet. Empty: all whose route table leads to an internet gateway.
    #[serde(default)]
    pub public_subnet_ids: Vec<String>,
    /// Put the tags `kubernetes.io/role/elb` and `kubernetes.io/role/internal-elb`, by which load balancers find their
    /// subnets, on the subnets that lack them; `down` takes off those that were put on.
    #[serde(default)]
    pub tag_subnets: bool,
}
