"""The symbols of OVN 23.03: every name a logical flow's match or actions may use.

A later release is a second function beside `ovn_23_03`. Register layout (ovn-architecture(7)): reg10 holds the
flags, reg11 to reg13 the conntrack zones, reg14 and reg15 the logical ports; reg0 to reg9 are the pipelines' own.
"""

from functools import cache

from .symbols import WRITE_CT_COMMIT, SymbolTable

LOGICAL_REGISTERS = 10
FLAG_BITS = {
    "loopback": 0,
    "force_snat_for_dnat": 2,
    "force_snat_for_lb": 3,
    "skip_snat_for_lb": 9,
    "use_snat_zone": 11,
}
CT_STATE_BITS = ("new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat")


@cache
def logical_fields() -> SymbolTable:
    """The symbol table of the release this cloud speaks."""
    return ovn_23_03()


def ovn_23_03() -> SymbolTable:
    """A fresh symbol table of OVN 23.03."""
    table = SymbolTable()
    table.add_string("inport", "reg14")
    table.add_string("outport", "reg15")
    _registers(table)
    _flags(table)
    _connection_tracking(table)
    _ethernet(table)
    _ip(table)
    _icmp(table)
    _arp(table)
    _neighbour_discovery(table)
    _transport(table)
    table.add_field("pkt.mark", "pkt_mark")
    table.add_packet_in_field("icmp4.frag_mtu", 16)
    table.add_packet_in_field("icmp6.frag_mtu", 32)
    return table


def _registers(table: SymbolTable) -> None:
    """xxreg0, xxreg1 (128 bits), xreg0 to xreg4 (64), reg0 to reg9 (32); the smaller are cut from the larger."""
    for number in range(LOGICAL_REGISTERS // 4):
        table.add_field(f"xxreg{number}", f"xxreg{number}")
    for number in range(LOGICAL_REGISTERS // 2):
        parent = f"xxreg{number // 2}"
        if parent in table:
            low = 64 * (1 - number % 2)
            table.add_subfield(f"xreg{number}", f"{parent}[{low}..{low + 63}]")
        else:
            table.add_field(f"xreg{number}", f"xreg{number}")
    for number in range(LOGICAL_REGISTERS):
        parent, low = f"xxreg{number // 4}", 32 * (3 - number % 4)
        if parent not in table:
            parent, low = f"xreg{number // 2}", 32 * (1 - number % 2)
        table.add_subfield(f"reg{number}", f"{parent}[{low}..{low + 31}]")


def _flags(table: SymbolTable) -> None:
    table.add_field("flags", "reg10")
    for name, bit in FLAG_BITS.items():
        table.add_subfield(f"flags.{name}", f"flags[{bit}]")


def _connection_tracking(table: SymbolTable) -> None:
    marks = {"blocked": "0", "natted": "1", "skip_snat": "2", "force_snat": "3"}
    labels = marks | {"ecmp_reply_eth": "32..79", "ecmp_reply_port": "80..95", "label": "96..127"}
    table.add_field("ct_mark", "ct_mark", written_in=WRITE_CT_COMMIT)
    for name, bits in (marks | {"ecmp_reply_port": "16..31"}).items():
        table.add_subfield(f"ct_mark.{name}", f"ct_mark[{bits}]", written_in=WRITE_CT_COMMIT)
    table.add_field("ct_label", "ct_label", written_in=WRITE_CT_COMMIT)
    for name, bits in labels.items():
        table.add_subfield(f"ct_label.{name}", f"ct_label[{bits}]", written_in=WRITE_CT_COMMIT)
    table.add_field("ct_state", "ct_state")
    for bit, name in enumerate(CT_STATE_BITS):
        table.add_subfield(f"ct.{name}", f"ct_state[{bit}]", "" if name == "trk" else "ct.trk")


def _ethernet(table: SymbolTable) -> None:
    table.add_field("eth.src", "eth_src")
    table.add_field("eth.dst", "eth_dst")
    table.add_field("eth.type", "eth_type", crossproduct=True)
    table.add_predicate("eth.bcast", "eth.dst == ff:ff:ff:ff:ff:ff")
    table.add_subfield("eth.mcast", "eth.dst[40]")
    table.add_predicate("eth.mcastv6", "eth.dst[32..47] == 0x3333")
    table.add_field("vlan.tci", "vlan_tci")
    table.add_predicate("vlan.present", "vlan.tci[12]")
    table.add_subfield("vlan.pcp", "vlan.tci[13..15]", "vlan.present")
    table.add_subfield("vlan.vid", "vlan.tci[0..11]", "vlan.present")


def _ip(table: SymbolTable) -> None:
    table.add_predicate("ip4", "eth.type == 0x800")
    table.add_predicate("ip6", "eth.type == 0x86dd")
    table.add_predicate("ip", "ip4 || ip6")
    table.add_field("ip.proto", "nw_proto", "ip", crossproduct=True)
    table.add_field("ip.dscp", "ip_dscp", "ip")
    table.add_field("ip.ecn", "nw_ecn", "ip")
    table.add_field("ip.ttl", "nw_ttl", "ip")
    table.add_field("ip4.src", "ip_src", "ip4")
    table.add_field("ip4.dst", "ip_dst", "ip4")
    table.add_predicate("ip4.src_mcast", "ip4.src[28..31] == 0xe")
    table.add_predicate("ip4.mcast", "eth.mcast && ip4.dst[28..31] == 0xe")
    table.add_field("ip6.src", "ipv6_src", "ip6")
    table.add_field("ip6.dst", "ipv6_dst", "ip6")
    table.add_field("ip6.label", "ipv6_label", "ip6")
    table.add_predicate("ip6.mcast_rsvd", "ip6.dst[116..127] == 0xff0 && ip6.dst[0..111] == 0x0")
    table.add_predicate("ip6.mcast_all_nodes", "ip6.dst == ff01::1 || ip6.dst == ff02::1")
    table.add_predicate("ip6.mcast_all_rtrs", "ip6.dst == ff01::2 || ip6.dst == ff02::2 || ip6.dst == ff05::2")
    table.add_predicate("ip6.mcast_sol_node", "ip6.dst == ff02::1:ff00:0000/104")
    table.add_predicate(
        "ip6.mcast_flood",
        "eth.mcastv6 && (ip6.mcast_rsvd || ip6.mcast_all_nodes || ip6.mcast_all_rtrs || ip6.mcast_sol_node)",
    )
    table.add_predicate("ip6.mcast", "eth.mcastv6 && ip6.dst[120..127] == 0xff")
    table.add_field("ip.frag", "ip_frag", "ip")
    table.add_predicate("ip.is_frag", "ip.frag[0]")
    table.add_predicate("ip.later_frag", "ip.frag[1]")
    table.add_predicate("ip.first_frag", "ip.is_frag && !ip.later_frag")


def _icmp(table: SymbolTable) -> None:
    table.add_predicate("icmp4", "ip4 && ip.proto == 1")
    table.add_field("icmp4.type", "icmp_type", "icmp4")
    table.add_field("icmp4.code", "icmp_code", "icmp4")
    table.add_predicate("igmp", "ip4 && ip.proto == 2")
    table.add_predicate("icmp6", "ip6 && ip.proto == 58")
    table.add_field("icmp6.type", "icmpv6_type", "icmp6", crossproduct=True)
    table.add_field("icmp6.code", "icmpv6_code", "icmp6", crossproduct=True)
    table.add_predicate("icmp", "icmp4 || icmp6")


def _arp(table: SymbolTable) -> None:
    """ARP and RARP share a layout, so they share the OpenFlow fields."""
    for protocol, ether_type in (("arp", "0x806"), ("rarp", "0x8035")):
        table.add_predicate(protocol, f"eth.type == {ether_type}")
        for name in ("op", "spa", "sha", "tpa", "tha"):
            table.add_field(f"{protocol}.{name}", f"arp_{name}", protocol)


def _neighbour_discovery(table: SymbolTable) -> None:
    sound = "icmp6.code == 0 && ip.ttl == 255"
    table.add_predicate("nd", f"icmp6.type == {{135, 136}} && {sound}")
    for name, number in (("nd_ns", 135), ("nd_na", 136), ("nd_rs", 133), ("nd_ra", 134)):
        table.add_predicate(name, f"icmp6.type == {number} && {sound}")
    table.add_field("nd.target", "nd_target", "nd")
    table.add_field("nd.sll", "nd_sll", "nd_ns")
    table.add_field("nd.tll", "nd_tll", "nd_na")
    # MLDv1 uses link-local sources (RFC 2710, RFC 3810); MLDv2 reports go to ff02::16 (RFC 3810, 5.2.14).
    table.add_predicate("mldv1", "ip6.src == fe80::/10 && icmp6.type == {130, 131, 132}")
    table.add_predicate("mldv2", "ip6.dst == ff02::16 && icmp6.type == 143")


def _transport(table: SymbolTable) -> None:
    for protocol, number in (("tcp", 6), ("udp", 17), ("sctp", 132)):
        table.add_predicate(protocol, f"ip.proto == {number}")
        table.add_field(f"{protocol}.src", f"{protocol}_src", protocol)
        table.add_field(f"{protocol}.dst", f"{protocol}_dst", protocol)
    table.add_field("tcp.flags", "tcp_flags", "tcp")
