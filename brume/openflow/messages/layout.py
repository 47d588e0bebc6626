"""Where each piece of packet data lies in the key integer.

Not the fields themselves (`fields.py`): several fields may look at one slot. `tcp_src`, `udp_src` and `icmp_type`
share a slot as they do in Open vSwitch's struct flow, and so do `nw_src` and `arp_spa`, `nw_proto` and `arp_op`.

Rules: what OVN matches most lies lowest. `key & mask` costs as many machine digits as the mask is long, and so does
the hash of the result; a mask without IPv6 or ct_label is then a short integer.
Neighbours on the wire are neighbours here, first octet highest: both MACs, or IPv4 addresses and ports, are one
`int.from_bytes` away.
Registers are kept in groups of four, the lower number higher, so that reg0..3 are also xxreg0 and xreg0, xreg1.
"""

# slot name -> width in bits, lowest first
SLOTS: dict[str, int] = {
    "eth_type": 16,
    "nw_proto": 8,
    "nw_frag": 2,
    "ct_state": 8,
    "vlan_tci": 16,
    "in_port": 16,
    "metadata": 64,
    "xxreg3": 128,
    "eth_src": 48,
    "eth_dst": 48,
    "tp_dst": 16,
    "tp_src": 16,
    "nw_dst": 32,
    "nw_src": 32,
    "ip_tos": 8,
    "nw_ttl": 8,
    "tcp_flags": 16,
    "xxreg2": 128,
    "xxreg0": 128,
    "conj_id": 32,
    "ct_zone": 16,
    "ct_mark": 32,
    "tun_metadata0": 32,
    "tun_id": 64,
    "tun_src": 32,
    "tun_dst": 32,
    "xxreg1": 128,
    "arp_sha": 48,
    "arp_tha": 48,
    "ct_label": 128,
    "pkt_mark": 32,
    "ct_nw_proto": 8,
    "ct_nw_src": 32,
    "ct_nw_dst": 32,
    "ct_tp_src": 16,
    "ct_tp_dst": 16,
    "ipv6_dst": 128,
    "ipv6_src": 128,
    "nd_target": 128,
    "ipv6_label": 20,
    "nd_reserved": 32,
    "nd_options_type": 8,
    "tun_flags": 16,
    "tun_tos": 8,
    "tun_ttl": 8,
    "tun_gbp_id": 16,
    "tun_gbp_flags": 8,
    "tun_ipv6_src": 128,
    "tun_ipv6_dst": 128,
    "ct_ipv6_src": 128,
    "ct_ipv6_dst": 128,
    "dp_hash": 32,
    "recirc_id": 32,
    "skb_priority": 32,
    "actset_output": 16,
}


def _offsets() -> dict[str, int]:
    offsets: dict[str, int] = {}
    position = 0
    for slot, width in SLOTS.items():
        offsets[slot] = position
        position += width
    return offsets


OFFSETS: dict[str, int] = _offsets()
KEY_BITS: int = sum(SLOTS.values())
KEY_ONES: int = (1 << KEY_BITS) - 1  # `KEY_ONES ^ mask`, not `~mask`: operations on negative integers cost half more
