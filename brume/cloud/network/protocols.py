"""IP protocols by the names that security group rules use, and which of them have ports or ICMP types."""

from __future__ import annotations

IP_PROTOCOLS: dict[str, int] = {
    "ah": 51,
    "dccp": 33,
    "egp": 8,
    "esp": 50,
    "gre": 47,
    "hopopt": 0,
    "icmp": 1,
    "igmp": 2,
    "ip": 0,
    "ipip": 4,
    "ipv6-encap": 41,
    "ipv6-frag": 44,
    "ipv6-icmp": 58,
    "icmpv6": 58,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
    "ipv6-route": 43,
    "ospf": 89,
    "pgm": 113,
    "rsvp": 46,
    "sctp": 132,
    "tcp": 6,
    "udp": 17,
    "udplite": 136,
    "vrrp": 112,
}

WITH_PORTS = {"dccp": 33, "sctp": 132, "tcp": 6, "udp": 17, "udplite": 136}
ICMP = 1
ICMPV6 = 58
IPV6_ONLY = frozenset(
    (
        *("ipv6-encap", "ipv6-frag", "ipv6-icmp", "icmpv6", "ipv6-nonxt", "ipv6-opts", "ipv6-route"),
        *("41", "44", "58", "59", "60", "43"),
    )
)


def protocol_number(protocol: str | None) -> int | None:
    """The number of a protocol given by name or number."""
    if protocol is None:
        return None
    return IP_PROTOCOLS[protocol] if protocol in IP_PROTOCOLS else int(protocol)
