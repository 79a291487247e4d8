//! IP addresses and CIDR ranges in conditions.

use std::net::IpAddr;

/// Whether the address lies in the range, such as `203.0.113.0/24`. A range without prefix length is one address.
pub(super) fn in_range(address: &str, range: &str) -> bool {
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let (network, length) = match range.split_once('/') {
        Some((network, length)) => (network, Some(length)),
        None => (range, None),
    };
    let Ok(network) = network.parse::<IpAddr>() else { return false };
    let (address, network, width) = match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (u128::from(address.to_bits()), u128::from(network.to_bits()), 32)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => (address.to_bits(), network.to_bits(), 128),
        _ => return false,
    };
    match length.map_or(Ok(width), str::parse::<u32>) {
        Ok(length) if length <= width => same_prefix(address, network, width - length),
        _ => false,
    }
}

/// Whether both are equal but for their last bits.
fn same_prefix(left: u128, right: u128, free_bits: u32) -> bool {
    let shifted = |bits: u128| bits.checked_shr(free_bits).unwrap_or(0);
    shifted(left) == shifted(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_their_addresses_in_both_families() {
        assert!(in_range("203.0.113.255", "203.0.113.0/24") && !in_range("203.0.114.0", "203.0.113.0/24"));
        assert!(in_range("10.0.0.1", "10.0.0.1") && !in_range("10.0.0.2", "10.0.0.1"));
        assert!(in_range("1.2.3.4", "0.0.0.0/0") && in_range("2001:db8::1", "::/0") && !in_range("1.2.3.4", "::/0"));
        assert!(in_range("2001:db8:1234:5678::9", "2001:DB8:1234:5678::/64") && !in_range("::1", "::2"));
    }

    #[test]
    fn malformed_texts_hold_nothing() {
        for (address, range) in
            [("x", "10.0.0.0/8"), ("10.0.0.1", "10.0.0.0/33"), ("10.0.0.1", "10/8"), ("10.0.0.1", "")]
        {
            assert!(!in_range(address, range), "{address} {range}");
        }
    }
}
