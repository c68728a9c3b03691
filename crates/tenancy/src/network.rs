//! Networks of the internet protocol: from where a key may be used, and whom a proxy's word is taken from.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// The text is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a network is an address, or the first address of a range and `/` and the length of its prefix")]
pub struct NotANetwork;

/// An address or a range of addresses, in CIDR notation: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    base: IpAddr,
    prefix: u8,
}

impl Network {
    /// True if the address lies in it. An IPv4 address that is written as one of IPv6 (`::ffff:192.0.2.7`) is the IPv4
    /// address that it stands for: which of the two a socket shows depends on the machine.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(other)) => {
                let mask = mask(self.prefix, 32);
                u128::from(base.to_bits()) & mask == u128::from(other.to_bits()) & mask
            }
            (IpAddr::V6(base), IpAddr::V6(other)) => {
                let mask = mask(self.prefix, 128);
                base.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// The bits that must agree, of addresses that are `bits` long.
fn mask(prefix: u8, bits: u32) -> u128 {
    let all = u128::MAX >> (128 - bits);
    let free = bits.saturating_sub(prefix.into());
    all & u128::MAX.checked_shl(free).unwrap_or(0)
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let base: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let longest = if base.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => longest,
            // No sign, no leading zeros: a length is written in one way.
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| NotANetwork)?
            }
            Some(_) => return Err(NotANetwork),
        };
        let network = Self { base, prefix };
        // Bits beyond the prefix would say that something else was meant, and a mapped address never matches.
        let fits = match base {
            IpAddr::V4(base) => u128::from(base.to_bits()) & !mask(prefix, 32) == 0,
            IpAddr::V6(v6) => v6.to_bits() & !mask(prefix, 128) == 0 && base.to_canonical() == base,
        };
        if prefix <= longest && fits { Ok(network) } else { Err(NotANetwork) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}

/// Whose request it is: the peer of the connection, or, if that is a proxy of ours, the last address in the list that it
/// forwarded which is none. What stands before that address is the client's own word and counts for nothing.
///
/// `forwarded` are the addresses in the order of the header, the client's first. `None` if one of the addresses that
/// decide is no address.
#[must_use]
pub fn client_address(peer: IpAddr, forwarded: &[&str], proxies: &[Network]) -> Option<IpAddr> {
    let is_ours = |address| proxies.iter().any(|proxy| proxy.contains(address));
    let mut client = peer.to_canonical();
    for text in forwarded.iter().rev() {
        if !is_ours(client) {
            break;
        }
        client = text.trim().parse::<IpAddr>().ok()?.to_canonical();
    }
    Some(client)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_holds_its_addresses_and_no_other() {
        for (range, inside, outside) in [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.8/31", "192.0.2.9", "192.0.2.10"),
            ("0.0.0.0/0", "203.0.113.1", "2001:db8::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::/0", "2001:db8::1", "203.0.113.1"),
            ("192.0.2.0/24", "::ffff:192.0.2.200", "::ffff:192.0.3.200"),
        ] {
            assert!(network(range).contains(address(inside)), "{inside} in {range}");
            assert!(!network(range).contains(address(outside)), "{outside} in {range}");
        }
        assert_eq!(network("10.0.0.0/8").to_string(), "10.0.0.0/8");
        assert_eq!(network("192.0.2.7").to_string(), "192.0.2.7/32");
    }

    #[test]
    fn what_does_not_say_clearly_what_it_means_is_refused() {
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "10.0.0/8",
            "example.org",
            "2001:db8::1/32",
            "::/129",
            "::ffff:10.0.0.0/104",
            "10.0.0.0/8/8",
            " 10.0.0.0/8",
            "10.0.0.0/999",
        ] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
    }

    #[test]
    fn only_a_proxy_of_ours_speaks_for_somebody_else() {
        let proxies = [network("10.0.0.0/8")];
        let ask = |peer, forwarded: &[&str]| client_address(address(peer), forwarded, &proxies);
        assert_eq!(ask("203.0.113.1", &["198.51.100.9"]), Some(address("203.0.113.1")), "a stranger's word");
        assert_eq!(ask("10.0.0.1", &["198.51.100.9"]), Some(address("198.51.100.9")));
        assert_eq!(ask("::ffff:10.0.0.1", &["198.51.100.9"]), Some(address("198.51.100.9")));
        let spoofed = ["192.0.2.1", "198.51.100.9", "10.0.0.2"];
        assert_eq!(ask("10.0.0.1", &spoofed), Some(address("198.51.100.9")), "what the client put before it");
        assert_eq!(ask("10.0.0.1", &[]), Some(address("10.0.0.1")));
        assert_eq!(ask("10.0.0.1", &["unknown"]), None);
        assert_eq!(ask("10.0.0.1", &["unknown", "198.51.100.9"]), Some(address("198.51.100.9")));
    }
}
