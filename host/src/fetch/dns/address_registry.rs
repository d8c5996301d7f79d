//! IANA's special-purpose address registries: which addresses are globally reachable.
//!
//! Sources: <https://www.iana.org/assignments/iana-ipv4-special-registry/> and
//! <https://www.iana.org/assignments/iana-ipv6-special-registry/>, with multicast, which has registries of its own. The most specific
//! block decides. An IPv6 address that a translator turns into an IPv4 address is judged by that. The standard library's `is_global` is
//! unstable, and allows 6to4 and ORCHIDv2.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A block of a registry.
#[derive(Debug)]
struct Block {
    /// The first address; an IPv4 block's is mapped into IPv6, so that one table serves both.
    first: Ipv6Addr,
    /// The length of the prefix, counted in IPv6.
    bits: u32,
    reach: Reach,
    /// Where the block is defined.
    #[cfg_attr(not(test), expect(dead_code, reason = "it documents the row, and tests name it"))]
    source: &'static str,
}

/// Who can reach a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Everybody.
    Global,
    /// Nobody outside the machine or network, or nobody at all.
    Special,
    /// Whoever can reach the IPv4 address in its last 32 bits.
    Embedded,
}

use Reach::{Embedded, Global, Special};

/// IPv4 blocks.
const V4: [Block; 25] = [
    v4([0, 0, 0, 0], 8, Special, "RFC 791: this network"),
    v4([10, 0, 0, 0], 8, Special, "RFC 1918: private use"),
    v4([100, 64, 0, 0], 10, Special, "RFC 6598: shared address space"),
    v4([127, 0, 0, 0], 8, Special, "RFC 1122: loopback"),
    v4([169, 254, 0, 0], 16, Special, "RFC 3927: link-local"),
    v4([172, 16, 0, 0], 12, Special, "RFC 1918: private use"),
    v4([192, 0, 0, 0], 24, Special, "RFC 6890: IETF protocol assignments"),
    v4([192, 0, 0, 0], 29, Special, "RFC 7335: IPv4 service continuity"),
    v4([192, 0, 0, 8], 32, Special, "RFC 7600: IPv4 dummy address"),
    v4([192, 0, 0, 9], 32, Global, "RFC 7723: port control protocol anycast"),
    v4([192, 0, 0, 10], 32, Global, "RFC 8155: TURN anycast"),
    v4([192, 0, 0, 170], 31, Special, "RFC 7050: NAT64 and DNS64 discovery"),
    v4([192, 0, 2, 0], 24, Special, "RFC 5737: documentation"),
    v4([192, 31, 196, 0], 24, Global, "RFC 7535: AS112"),
    v4([192, 52, 193, 0], 24, Global, "RFC 7450: AMT"),
    v4([192, 88, 99, 0], 24, Special, "RFC 7526: 6to4 relay anycast, deprecated"),
    v4([192, 88, 99, 2], 32, Special, "RFC 6751: 6a44 relay anycast"),
    v4([192, 168, 0, 0], 16, Special, "RFC 1918: private use"),
    v4([192, 175, 48, 0], 24, Global, "RFC 7534: AS112"),
    v4([198, 18, 0, 0], 15, Special, "RFC 2544: benchmarking"),
    v4([198, 51, 100, 0], 24, Special, "RFC 5737: documentation"),
    v4([203, 0, 113, 0], 24, Special, "RFC 5737: documentation"),
    v4([224, 0, 0, 0], 4, Special, "RFC 5771: multicast"),
    v4([240, 0, 0, 0], 4, Special, "RFC 1112: reserved"),
    v4([255, 255, 255, 255], 32, Special, "RFC 8190: limited broadcast"),
];

/// IPv6 blocks.
const V6: [Block; 30] = [
    v6([0, 0, 0, 0, 0, 0, 0, 0], 96, Special, "RFC 4291: IPv4-compatible, deprecated"),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 128, Special, "RFC 4291: unspecified"),
    v6([0, 0, 0, 0, 0, 0, 0, 1], 128, Special, "RFC 4291: loopback"),
    v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96, Special, "RFC 2765: IPv4-translated, obsolete"),
    v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, Embedded, "RFC 4291: IPv4-mapped"),
    v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96, Embedded, "RFC 6052: NAT64"),
    v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, Special, "RFC 8215: NAT64, local use"),
    v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64, Special, "RFC 6666: discard only"),
    v6([0x100, 0, 0, 1, 0, 0, 0, 0], 64, Special, "RFC 9780: dummy prefix"),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, Special, "RFC 2928: IETF protocol assignments"),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, Special, "RFC 4380: Teredo"),
    v6([0x2001, 1, 0, 0, 0, 0, 0, 1], 128, Global, "RFC 7723: port control protocol anycast"),
    v6([0x2001, 1, 0, 0, 0, 0, 0, 2], 128, Global, "RFC 8155: TURN anycast"),
    v6([0x2001, 1, 0, 0, 0, 0, 0, 3], 128, Global, "RFC 9665: DNS-SD anycast"),
    v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48, Special, "RFC 5180: benchmarking"),
    v6([0x2001, 3, 0, 0, 0, 0, 0, 0], 32, Global, "RFC 7450: AMT"),
    v6([0x2001, 4, 0x112, 0, 0, 0, 0, 0], 48, Global, "RFC 7535: AS112"),
    v6([0x2001, 0x10, 0, 0, 0, 0, 0, 0], 28, Special, "RFC 4843: ORCHID, deprecated"),
    // The registry calls these two reachable, but they are identifiers of cryptography that no route leads to.
    v6([0x2001, 0x20, 0, 0, 0, 0, 0, 0], 28, Special, "RFC 7343: ORCHIDv2"),
    v6([0x2001, 0x30, 0, 0, 0, 0, 0, 0], 28, Special, "RFC 9374: drone remote identification"),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, Special, "RFC 3849: documentation"),
    // What it embeds could be judged, but the relays are gone since 2015.
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, Special, "RFC 7526: 6to4, deprecated"),
    v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48, Global, "RFC 7534: AS112"),
    v6([0x3ffe, 0, 0, 0, 0, 0, 0, 0], 16, Special, "RFC 3701: 6bone, returned"),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, Special, "RFC 9637: documentation"),
    v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16, Special, "RFC 9602: segment routing"),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, Special, "RFC 4193: unique local"),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, Special, "RFC 4291: link-local"),
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, Special, "RFC 3879: site-local, deprecated"),
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, Special, "RFC 4291: multicast"),
];

/// Bits of IPv6 before those of a mapped IPv4 address.
const IPV4_MAPPED_PREFIX_BITS: u32 = 96;

const fn v4([a, b, c, d]: [u8; 4], bits: u32, reach: Reach, source: &'static str) -> Block {
    Block { first: Ipv4Addr::new(a, b, c, d).to_ipv6_mapped(), bits: IPV4_MAPPED_PREFIX_BITS + bits, reach, source }
}

const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], bits: u32, reach: Reach, source: &'static str) -> Block {
    Block { first: Ipv6Addr::new(a, b, c, d, e, f, g, h), bits, reach, source }
}

impl Block {
    fn contains(&self, address: Ipv6Addr) -> bool {
        let differing = address.to_bits() ^ self.first.to_bits();
        differing.leading_zeros() >= self.bits
    }
}

/// Whether anybody on the internet can reach the address.
pub(in crate::fetch) fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_global_v4(address),
        IpAddr::V6(address) => match reach(&V6, address) {
            Embedded => is_global_v4(Ipv4Addr::from_bits(address.to_bits() as u32)),
            reach => reach == Global,
        },
    }
}

fn is_global_v4(address: Ipv4Addr) -> bool {
    reach(&V4, address.to_ipv6_mapped()) == Global
}

/// What the most specific block says. Addresses that no registry lists are global.
fn reach(blocks: &[Block], address: Ipv6Addr) -> Reach {
    let containing = blocks.iter().filter(|block| block.contains(address));
    containing.max_by_key(|block| block.bits).map_or(Global, |block| block.reach)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(block: &Block) -> Ipv6Addr {
        Ipv6Addr::from_bits(block.first.to_bits() | u128::MAX.checked_shr(block.bits).unwrap_or(0))
    }

    fn is_global_v6(address: Ipv6Addr) -> bool {
        is_global(IpAddr::V6(address))
    }

    #[test]
    fn each_row_of_the_ipv4_registry_decides_from_its_first_to_its_last_address() {
        for block in &V4 {
            for address in [block.first, last(block)] {
                let decided = V4.iter().filter(|other| other.contains(address)).max_by_key(|other| other.bits).unwrap();
                let v4 = address.to_ipv4_mapped().unwrap();
                assert_eq!(is_global(IpAddr::V4(v4)), decided.reach == Global, "{v4}: {}", block.source);
                assert_eq!(is_global_v6(address), decided.reach == Global, "mapped {v4}: {}", block.source);
            }
            assert!(block.source.starts_with("RFC "), "{block:?}");
        }
    }

    #[test]
    fn each_row_of_the_ipv6_registry_decides_from_its_first_to_its_last_address() {
        for block in &V6 {
            for address in [block.first, last(block)] {
                let decided = V6.iter().filter(|other| other.contains(address)).max_by_key(|other| other.bits).unwrap();
                let expected = decided.reach == Global;
                assert_eq!(is_global_v6(address), expected, "{address}: {}", block.source);
            }
        }
    }

    #[test]
    fn blocks_end_at_their_ends() {
        for (address, expected) in [
            ("9.255.255.255", true),
            ("11.0.0.0", true),
            ("100.63.255.255", true),
            ("100.64.0.0", false),
            ("100.127.255.255", false),
            ("100.128.0.0", true),
            ("169.253.255.255", true),
            ("172.15.255.255", true),
            ("172.31.255.255", false),
            ("172.32.0.0", true),
            ("192.0.0.9", true),
            ("192.0.0.11", false),
            ("192.0.1.0", true),
            ("192.88.98.255", true),
            ("192.88.99.1", false),
            ("192.88.100.0", true),
            ("198.17.255.255", true),
            ("198.20.0.0", true),
            ("223.255.255.255", true),
            ("239.255.255.255", false),
            ("100::1", false),
            ("100:0:0:1::1", false),
            ("100:0:0:2::", true),
            ("2001::1", false),
            ("2001:1::1", true),
            ("2001:1::4", false),
            ("2001:20::1", false),
            ("2001:2f:ffff::1", false),
            ("2001:1ff::1", false),
            ("2001:200::1", true),
            ("2001:db7::1", true),
            ("2001:db9::1", true),
            ("2002:808:808::1", false),
            ("2003::1", true),
            ("3ffe::1", false),
            ("3fff:fff::1", false),
            ("3fff:1000::1", true),
            ("5eff::1", true),
            ("5f00::1", false),
            ("5f01::1", true),
            ("fec0::1", false),
            ("142.250.1.1", true),
            ("1.1.1.1", true),
            ("2a00:1450:4001::1", true),
            ("2001:4860:4860::8888", true),
        ] {
            assert_eq!(is_global(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn an_embedded_ipv4_address_decides_or_is_refused() {
        for (address, expected) in [
            ("::ffff:10.0.0.1", false),
            ("::ffff:169.254.169.254", false),
            ("::ffff:8.8.8.8", true),
            ("64:ff9b::10.0.0.1", false),
            ("64:ff9b::127.0.0.1", false),
            ("64:ff9b::8.8.8.8", true),
            ("64:ff9b:1::8.8.8.8", false),
            ("::127.0.0.1", false),
            ("::8.8.8.8", false),
            ("::ffff:0:8.8.8.8", false),
            ("2002:7f00:1::", false),
        ] {
            assert_eq!(is_global(address.parse().unwrap()), expected, "{address}");
        }
    }
}
