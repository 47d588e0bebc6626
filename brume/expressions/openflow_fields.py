"""The OpenFlow fields a logical symbol may stand for, by Open vSwitch's names (ovs-fields(7)).

`maskable` decides whether a symbol is ordinal (may be compared with < and cut into subfields) or nominal;
`writable` whether an action may set it. How a field is encoded on the wire is not known here.
"""

import msgspec


class OpenFlowField(msgspec.Struct, frozen=True):
    """One field: the name used in matches, and the name used in actions and in `ovs-ofctl` dumps of them."""

    name: str
    bits: int
    maskable: bool = True
    writable: bool = True
    action_name: str = ""


_DECLARED = (
    OpenFlowField("conj_id", 32, False, False, "NXM_NX_CONJ_ID"),
    OpenFlowField("tun_id", 64, True, True, "NXM_NX_TUN_ID"),
    OpenFlowField("metadata", 64, True, True, "OXM_OF_METADATA"),
    OpenFlowField("pkt_mark", 32, True, True, "NXM_NX_PKT_MARK"),
    OpenFlowField("ct_state", 32, True, False, "NXM_NX_CT_STATE"),
    OpenFlowField("ct_mark", 32, True, True, "NXM_NX_CT_MARK"),
    OpenFlowField("ct_label", 128, True, True, "NXM_NX_CT_LABEL"),
    OpenFlowField("eth_src", 48, True, True, "NXM_OF_ETH_SRC"),
    OpenFlowField("eth_dst", 48, True, True, "NXM_OF_ETH_DST"),
    OpenFlowField("eth_type", 16, False, False, "NXM_OF_ETH_TYPE"),
    OpenFlowField("vlan_tci", 16, True, True, "NXM_OF_VLAN_TCI"),
    OpenFlowField("ip_src", 32, True, True, "NXM_OF_IP_SRC"),
    OpenFlowField("ip_dst", 32, True, True, "NXM_OF_IP_DST"),
    OpenFlowField("ipv6_src", 128, True, True, "NXM_NX_IPV6_SRC"),
    OpenFlowField("ipv6_dst", 128, True, True, "NXM_NX_IPV6_DST"),
    OpenFlowField("ipv6_label", 20, True, True, "NXM_NX_IPV6_LABEL"),
    OpenFlowField("nw_proto", 8, False, False, "NXM_OF_IP_PROTO"),
    OpenFlowField("ip_dscp", 6, False, True, "OXM_OF_IP_DSCP"),
    OpenFlowField("nw_ecn", 2, False, True, "NXM_NX_IP_ECN"),
    OpenFlowField("nw_ttl", 8, False, True, "NXM_NX_IP_TTL"),
    OpenFlowField("ip_frag", 2, True, False, "NXM_NX_IP_FRAG"),
    OpenFlowField("arp_op", 16, False, True, "NXM_OF_ARP_OP"),
    OpenFlowField("arp_spa", 32, True, True, "NXM_OF_ARP_SPA"),
    OpenFlowField("arp_tpa", 32, True, True, "NXM_OF_ARP_TPA"),
    OpenFlowField("arp_sha", 48, True, True, "NXM_NX_ARP_SHA"),
    OpenFlowField("arp_tha", 48, True, True, "NXM_NX_ARP_THA"),
    OpenFlowField("tcp_src", 16, True, True, "NXM_OF_TCP_SRC"),
    OpenFlowField("tcp_dst", 16, True, True, "NXM_OF_TCP_DST"),
    OpenFlowField("tcp_flags", 12, True, False, "NXM_NX_TCP_FLAGS"),
    OpenFlowField("udp_src", 16, True, True, "NXM_OF_UDP_SRC"),
    OpenFlowField("udp_dst", 16, True, True, "NXM_OF_UDP_DST"),
    OpenFlowField("sctp_src", 16, True, True, "OXM_OF_SCTP_SRC"),
    OpenFlowField("sctp_dst", 16, True, True, "OXM_OF_SCTP_DST"),
    OpenFlowField("icmp_type", 8, False, True, "NXM_OF_ICMP_TYPE"),
    OpenFlowField("icmp_code", 8, False, True, "NXM_OF_ICMP_CODE"),
    OpenFlowField("icmpv6_type", 8, False, True, "NXM_NX_ICMPV6_TYPE"),
    OpenFlowField("icmpv6_code", 8, False, True, "NXM_NX_ICMPV6_CODE"),
    OpenFlowField("nd_target", 128, True, True, "NXM_NX_ND_TARGET"),
    OpenFlowField("nd_sll", 48, True, True, "NXM_NX_ND_SLL"),
    OpenFlowField("nd_tll", 48, True, True, "NXM_NX_ND_TLL"),
    *(OpenFlowField(f"reg{n}", 32, True, True, f"NXM_NX_REG{n}") for n in range(16)),
    *(OpenFlowField(f"xreg{n}", 64, True, True, f"OXM_OF_PKT_REG{n}") for n in range(8)),
    *(OpenFlowField(f"xxreg{n}", 128, True, True, f"NXM_NX_XXREG{n}") for n in range(4)),
)
OPENFLOW_FIELDS = {field.name: field for field in _DECLARED}


def register_parts(field: OpenFlowField) -> tuple[tuple[str, int], ...]:
    """The 32-bit registers a field is made of, each with the position of its lowest bit in the field.

    Open vSwitch matches on 32-bit registers only: xreg0 is reg0 (high) and reg1 (low), xxreg0 is reg0 to reg3.
    """
    for prefix, count in (("xxreg", 4), ("xreg", 2)):
        if field.name.startswith(prefix):
            first = int(field.name[len(prefix) :]) * count
            return tuple((f"reg{first + n}", 32 * (count - 1 - n)) for n in range(count))
    return ((field.name, 0),)
