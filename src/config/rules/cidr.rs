//! IPv4 blocks.

use std::net::Ipv4Addr;

/// An IPv4 block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    /// The first address.
    pub first: u32,
    /// The length of the prefix, 0 to 32.
    pub prefix: u8,
}

impl Cidr {
    /// Reads `10.0.0.0/16`; the error says what is wrong.
    pub fn parse(text: &str) -> Result<Cidr, String> {
        let wrong = || format!("`{text}` is not an IPv4 block");
        let (address, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let first = u32::from(address.parse::<Ipv4Addr>().map_err(|_| wrong())?);
        let prefix = prefix.parse::<u8>().ok().filter(|p| *p <= 32).ok_or_else(wrong)?;
        let cidr = Cidr { first: first & mask(prefix), prefix };
        if cidr.first != first {
            return Err(format!("`{text}` does not begin where its block begins: that is {cidr}"));
        }
        Ok(cidr)
    }

    /// True if some address is in both.
    pub fn overlaps(self, other: Cidr) -> bool {
        let mask = mask(self.prefix.min(other.prefix));
        self.first & mask == other.first & mask
    }

    /// True if all addresses of the other are in this one.
    pub fn contains(self, other: Cidr) -> bool {
        self.prefix <= other.prefix && self.overlaps(other)
    }
}

fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

impl std::fmt::Display for Cidr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.first), self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::Cidr;

    #[test]
    fn reads_and_compares() {
        let block = |text| Cidr::parse(text).unwrap();
        assert!(block("10.0.0.0/8").contains(block("10.1.0.0/16")));
        assert!(!block("10.1.0.0/16").contains(block("10.0.0.0/8")));
        assert!(block("10.1.0.0/16").overlaps(block("10.0.0.0/8")));
        assert!(!block("10.1.0.0/16").overlaps(block("10.2.0.0/16")));
        assert!(block("0.0.0.0/0").contains(block("255.255.255.255/32")));
        for wrong in ["10.0.0.0", "10.0.0/16", "10.0.0.0/33", "10.0.0.0/x", "::/0"] {
            assert!(Cidr::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Cidr::parse("10.0.1.0/16").unwrap_err().ends_with("10.0.0.0/16"));
    }
}
