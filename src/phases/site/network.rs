//! Where the private subnets come from: three of our own, or those of a VPC that was there before.

use crate::aws::ZONES;
use crate::engine::Context;
use crate::model::{Addr, Error, ErrorClass, Result};

use super::Site;

/// The security groups that nodes and pods carry: the cluster's own, and in a cluster that was there before those of its nodes,
/// which needn't carry the cluster's.
pub(crate) fn node_security_groups(cx: &Context) -> Vec<&str> {
    let outputs = ["security_group_id", "node_security_groups"].map(|key| cx.output("cluster/eks", key));
    outputs.into_iter().flatten().flat_map(|ids| ids.split(',')).filter(|id| !id.is_empty()).collect()
}

impl Site {
    /// What must be there before something is put into the private subnets.
    pub(crate) fn subnet_needs(&self) -> Vec<Addr> {
        if self.existing_network {
            return vec!["cluster/vpc".into()];
        }
        (1..=ZONES).map(|i| Addr::new(format!("cluster/subnet-private-{i}"))).collect()
    }

    /// What must be there before something in the private subnets can reach out.
    pub(crate) fn route_needs(&self) -> Vec<Addr> {
        if self.existing_network {
            return Vec::new();
        }
        (1..=ZONES).map(|i| Addr::new(format!("cluster/routes-private-{i}"))).collect()
    }

    /// The ids of the private subnets, as far as they are known.
    pub(crate) fn known_private_subnets(&self, cx: &Context) -> Vec<String> {
        if self.existing_network {
            let listed = cx.output("cluster/vpc", "private_subnets").unwrap_or_default();
            return listed.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect();
        }
        let addrs = self.subnet_needs();
        addrs.iter().filter_map(|addr| cx.output(addr.as_str(), "subnet_id").map(str::to_owned)).collect()
    }

    /// The ids of the private subnets in which something must be: `None` where any that fit are taken, since a subnet that comes
    /// into the VPC later is no reason to move, and while they aren't all known.
    pub(crate) fn fixed_private_subnets(&self, cx: &Context) -> Option<Vec<String>> {
        let known = self.known_private_subnets(cx);
        let whole = if self.existing_network { !known.is_empty() } else { known.len() == ZONES };
        (self.named_subnets && whole).then_some(known)
    }

    /// The ids of the private subnets, for `apply`, when all needs are done.
    pub(crate) fn private_subnets(&self, cx: &Context) -> Result<Vec<String>> {
        let known = self.known_private_subnets(cx);
        if known.is_empty() || !self.existing_network && known.len() < ZONES {
            return Err(Error::new(ErrorClass::Bug, "the private subnets aren't known when they are needed"));
        }
        Ok(known)
    }
}
