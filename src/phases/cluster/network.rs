//! How the VPC's block is divided over its zones.

use std::net::Ipv4Addr;

use crate::aws::ZONES;
use crate::model::{Error, ErrorClass, Result};

/// The blocks of the subnets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocks {
    /// For load balancers and NAT gateways: a sixteenth of the VPC each.
    pub public: [String; ZONES],
    /// For nodes, pods and the database: a quarter of the VPC each.
    pub private: [String; ZONES],
}

/// Divides a block: three quarters are private, the last quarter is divided again for the public subnets.
///
/// # Errors
/// Class `Config` if it isn't a block of /16 to /20.
pub fn divide(cidr: &str) -> Result<Blocks> {
    let wrong = || {
        Error::new(ErrorClass::Config, format!("`{cidr}` can't be divided into subnets"))
            .hint("`spec.network.vpcCidr` is an IPv4 block of /16 to /20, such as 10.0.0.0/16")
    };
    let (base, length) = cidr.split_once('/').ok_or_else(wrong)?;
    let base = u32::from(base.parse::<Ipv4Addr>().map_err(|_| wrong())?);
    let length: u32 = length.parse().map_err(|_| wrong())?;
    if !(16..=20).contains(&length) || base & (u32::MAX >> length) != 0 {
        return Err(wrong());
    }
    let block = |offset: u32, length: u32| format!("{}/{length}", Ipv4Addr::from(base + offset));
    let (quarter, sixteenth) = (1u32 << (30 - length), 1u32 << (28 - length));
    let private = std::array::from_fn(|i| block(i as u32 * quarter, length + 2));
    let public = std::array::from_fn(|i| block(3 * quarter + i as u32 * sixteenth, length + 4));
    Ok(Blocks { public, private })
}

#[cfg(test)]
mod tests {
    use super::divide;

    #[test]
    fn a_block_becomes_three_large_and_three_small_ones_that_dont_overlap() {
        let blocks = divide("10.0.0.0/16").unwrap();
        assert_eq!(blocks.private, ["10.0.0.0/18", "10.0.64.0/18", "10.0.128.0/18"]);
        assert_eq!(blocks.public, ["10.0.192.0/20", "10.0.208.0/20", "10.0.224.0/20"]);
        let small = divide("172.16.16.0/20").unwrap();
        assert_eq!(small.private, ["172.16.16.0/22", "172.16.20.0/22", "172.16.24.0/22"]);
        assert_eq!(small.public, ["172.16.28.0/24", "172.16.29.0/24", "172.16.30.0/24"]);
    }

    #[test]
    fn what_cant_be_divided_is_refused_with_a_hint() {
        for wrong in ["10.0.0.0", "10.0.0.0/21", "10.0.0.0/15", "10.0.0.1/16", "fd00::/16", "a/16"] {
            assert!(divide(wrong).unwrap_err().hints[0].contains("vpcCidr"), "{wrong}");
        }
    }
}
