//! Is an address one of the own machine or network?

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses that the internet doesn't lead to (IANA's special-purpose registries).
pub(super) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => address.to_ipv4_mapped().map_or_else(|| is_private_v6(address), is_private_v4),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || matches!(
            (first, second, third),
            (0 | 240..=255, _, _) | (100, 64..=127, _) | (192, 0, 0) | (198, 18..=19, _)
        )
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let translated = (first, second) == (0x64, 0xff9b) || first == 0x2002;
    // The upper 96 bits are nothing: an IPv4 address in a form that is no longer used, beside :: and ::1.
    let compatible = matches!(address.segments(), [0, 0, 0, 0, 0, 0, ..]);
    address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        // What was link-local once: fec0::/10.
        || first & 0xffc0 == 0xfec0
        || (first, second) == (0x2001, 0xdb8)
        || translated
        || compatible
}

#[cfg(test)]
mod tests {
    use super::is_private;

    #[test]
    fn private_addresses_are_told_from_public_ones() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::",
            "::1",
            "::127.0.0.1",
            "fd00::1",
            "fe80::1",
            "fec0::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(is_private(address.parse().unwrap()), "{address}");
        }
        for address in ["142.250.1.1", "2a00:1450:4001::1", "1.1.1.1"] {
            assert!(!is_private(address.parse().unwrap()), "{address}");
        }
    }
}
