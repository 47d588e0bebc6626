"""A match: two integers over the key layout, and the small language to build one.

    make_match(eth_type=0x800, nw_src=(0x0A000000, 0xFFFFFF00), reg14=1)   -> Match
    match.matches(key)                                                      -> key & mask == value

Prerequisites are the builder's duty (`with_prerequisites` adds them); a match never checks itself.
"""

from __future__ import annotations

import msgspec

from brume.openflow.messages.fields import FIELDS, Field, field

ETH_TYPE_IPV4 = 0x0800
ETH_TYPE_ARP = 0x0806
ETH_TYPE_RARP = 0x8035
ETH_TYPE_IPV6 = 0x86DD
VLAN_PRESENT = 0x1000  # the CFI bit: says there is a tag, as in Open vSwitch


class Match(msgspec.Struct, frozen=True, gc=False):
    """Which bits of the key are looked at (mask), and what they must be (value; zero outside the mask)."""

    mask: int = 0
    value: int = 0

    def matches(self, key: int) -> bool:
        return key & self.mask == self.value

    def get(self, name: str) -> tuple[int, int]:
        """(value, mask) of one field, unshifted."""
        found = FIELDS.get(name) or field(name)
        return (self.value >> found.shift) & found.ones, (self.mask >> found.shift) & found.ones

    def with_field(self, found: Field, value: int, mask: int | None = None) -> Match:
        """This match narrowed by one more field (the field's former bits are replaced)."""
        bits = found.mask if mask is None or mask == found.ones else (mask & found.ones) << found.shift
        return Match(self.mask | bits, self.value & ~bits | (value << found.shift) & bits)

    def __and__(self, other: Match) -> Match:
        """Both; where they overlap the other wins."""
        return Match(self.mask | other.mask, self.value & ~other.mask | other.value)


EVERYTHING = Match()


def make_match(**fields: int | tuple[int, int]) -> Match:
    """A match from field names to values or (value, mask) pairs."""
    mask = value = 0
    for name, wanted in fields.items():
        found = FIELDS.get(name) or field(name)
        bits, wanted_mask = wanted if isinstance(wanted, tuple) else (wanted, found.ones)
        mask |= found.mask if wanted_mask == found.ones else (wanted_mask & found.ones) << found.shift
        value |= (bits & wanted_mask & found.ones) << found.shift
    return Match(mask, value)


# what must also be matched for a field to mean something
PREREQUISITES: dict[str, Match] = {
    "": EVERYTHING,
    "ct": EVERYTHING,
    "ip": EVERYTHING,  # either version: not one mask and value
    "vlan": make_match(vlan_tci=(VLAN_PRESENT, VLAN_PRESENT)),
    "ipv4": make_match(eth_type=ETH_TYPE_IPV4),
    "ipv6": make_match(eth_type=ETH_TYPE_IPV6),
    "arp": make_match(eth_type=ETH_TYPE_ARP),
    "tcp": make_match(nw_proto=6),
    "udp": make_match(nw_proto=17),
    "sctp": make_match(nw_proto=132),
    "icmp": make_match(eth_type=ETH_TYPE_IPV4, nw_proto=1),
    "icmp6": make_match(eth_type=ETH_TYPE_IPV6, nw_proto=58),
    "nd": make_match(eth_type=ETH_TYPE_IPV6, nw_proto=58, tcp_dst=0),
    "nd_ns": make_match(eth_type=ETH_TYPE_IPV6, nw_proto=58, tcp_src=135, tcp_dst=0),
    "nd_na": make_match(eth_type=ETH_TYPE_IPV6, nw_proto=58, tcp_src=136, tcp_dst=0),
}
