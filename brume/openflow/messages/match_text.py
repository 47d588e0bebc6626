"""Matches as ovs-ofctl writes them: `priority=100,ip,reg14=0x1,metadata=0x3,nw_src=10.0.0.0/8`.

The order and the odd spellings follow Open vSwitch 3.1 lib/match.c, match_format(): protocol words come before the
registers, `ip` stands for dl_type=0x0800, ports are tp_src whatever the protocol, masked decimals turn hexadecimal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.field_text import (
    CT_STATE_NAMES,
    TCP_FLAG_NAMES,
    format_flags,
    format_hex,
    format_ipv4,
    format_ipv6,
    format_mac,
    format_value,
    parse_value,
)
from brume.openflow.messages.fields import FIELDS, Field, field
from brume.openflow.messages.match import (
    ETH_TYPE_ARP,
    ETH_TYPE_IPV4,
    ETH_TYPE_IPV6,
    ETH_TYPE_RARP,
    VLAN_PRESENT,
    Match,
    make_match,
)
from brume.openflow.messages.ports import PortNames, format_port

DEFAULT_PRIORITY: Final = 0x8000

# protocol words: what they match
WORDS: Final[dict[str, Match]] = {
    "ip": make_match(eth_type=ETH_TYPE_IPV4),
    "ipv6": make_match(eth_type=ETH_TYPE_IPV6),
    "arp": make_match(eth_type=ETH_TYPE_ARP),
    "rarp": make_match(eth_type=ETH_TYPE_RARP),
    "icmp": make_match(eth_type=ETH_TYPE_IPV4, nw_proto=1),
    "tcp": make_match(eth_type=ETH_TYPE_IPV4, nw_proto=6),
    "udp": make_match(eth_type=ETH_TYPE_IPV4, nw_proto=17),
    "sctp": make_match(eth_type=ETH_TYPE_IPV4, nw_proto=132),
    "icmp6": make_match(eth_type=ETH_TYPE_IPV6, nw_proto=58),
    "tcp6": make_match(eth_type=ETH_TYPE_IPV6, nw_proto=6),
    "udp6": make_match(eth_type=ETH_TYPE_IPV6, nw_proto=17),
    "sctp6": make_match(eth_type=ETH_TYPE_IPV6, nw_proto=132),
}
_WORD_OF: Final = {
    (ETH_TYPE_IPV4, 1): "icmp",
    (ETH_TYPE_IPV4, 6): "tcp",
    (ETH_TYPE_IPV4, 17): "udp",
    (ETH_TYPE_IPV4, 132): "sctp",
    (ETH_TYPE_IPV6, 58): "icmp6",
    (ETH_TYPE_IPV6, 6): "tcp6",
    (ETH_TYPE_IPV6, 17): "udp6",
    (ETH_TYPE_IPV6, 132): "sctp6",
}
_TYPE_WORDS: Final = {ETH_TYPE_IPV4: "ip", ETH_TYPE_IPV6: "ipv6", ETH_TYPE_ARP: "arp", ETH_TYPE_RARP: "rarp"}


def _hexadecimal(field: Field, value: int, mask: int) -> str:
    """%#x/%#x"""
    return format_hex(value) if mask == field.ones else f"{format_hex(value)}/{format_hex(mask)}"


def _decimal(field: Field, value: int, mask: int) -> str:
    """%d, or 0x%x/0x%x when masked (zero then does have its 0x)."""
    return str(value) if mask == field.ones else f"0x{value:x}/0x{mask:x}"


def _plain(field: Field, value: int, mask: int) -> str:
    return str(value)


def _ipv4(field: Field, value: int, mask: int) -> str:
    return format_ipv4(value, mask)


def _ipv6(field: Field, value: int, mask: int) -> str:
    return format_ipv6(value, mask)


def _mac(field: Field, value: int, mask: int) -> str:
    return format_mac(value, mask)


_Writer = Callable[[Field, int, int], str]
_WHATEVER_TYPE: Final[tuple[tuple[str, str, _Writer], ...]] = (
    ("ct_zone", "ct_zone", _decimal),
    ("ct_mark", "ct_mark", _hexadecimal),
    ("ct_label", "ct_label", _hexadecimal),
    ("ct_nw_src", "ct_nw_src", _ipv4),
    ("ct_ipv6_src", "ct_ipv6_src", _ipv6),
    ("ct_nw_dst", "ct_nw_dst", _ipv4),
    ("ct_ipv6_dst", "ct_ipv6_dst", _ipv6),
    ("ct_nw_proto", "ct_nw_proto", _plain),
    ("ct_tp_src", "ct_tp_src", _decimal),
    ("ct_tp_dst", "ct_tp_dst", _decimal),
)
_REGISTERS_AND_TUNNEL: Final[tuple[tuple[str, str, _Writer], ...]] = (
    *((f"reg{i}", f"reg{i}", _hexadecimal) for i in range(16)),
    ("tun_id", "tun_id", _hexadecimal),
    ("tun_src", "tun_src", _ipv4),
    ("tun_dst", "tun_dst", _ipv4),
    ("tun_ipv6_src", "tun_ipv6_src", _ipv6),
    ("tun_ipv6_dst", "tun_ipv6_dst", _ipv6),
    ("tun_gbp_id", "tun_gbp_id", _decimal),
    ("tun_gbp_flags", "tun_gbp_flags", lambda f, v, m: format_hex(v)),
    ("tun_tos", "tun_tos", lambda f, v, m: f"{v:x}"),
    ("tun_ttl", "tun_ttl", _plain),
    ("tun_flags", "tun_flags", lambda f, v, m: format_value(f, v, m)),
    ("tun_metadata0", "tun_metadata0", _hexadecimal),
    ("metadata", "metadata", _hexadecimal),
)
_IPV4_ADDRESSES: Final = (("ip_src", "nw_src", _ipv4), ("ip_dst", "nw_dst", _ipv4))
_ARP_ADDRESSES: Final = (("arp_spa", "arp_spa", _ipv4), ("arp_tpa", "arp_tpa", _ipv4))
_IPV6_ADDRESSES: Final[tuple[tuple[str, str, _Writer], ...]] = (
    ("ipv6_src", "ipv6_src", _ipv6),
    ("ipv6_dst", "ipv6_dst", _ipv6),
    (
        "ipv6_label",
        "ipv6_label",
        lambda f, v, m: f"0x{v:05x}" if m == f.ones else f"0x{v:05x}/0x{m:05x}",
    ),
)
_ICMP: Final = (("tcp_src", "icmp_type", _decimal), ("tcp_dst", "icmp_code", _decimal))
_ND: Final = (
    ("nd_target", "nd_target", _ipv6),
    ("nd_sll", "nd_sll", _mac),
    ("nd_tll", "nd_tll", _mac),
    ("nd_reserved", "nd_reserved", _decimal),
    ("nd_options_type", "nd_options_type", _decimal),
)
_PORTS: Final = (("tcp_src", "tp_src", _decimal), ("tcp_dst", "tp_dst", _decimal))


def _write(match: Match, out: list[str], rows: tuple[tuple[str, str, _Writer], ...]) -> None:
    for name, written, writer in rows:
        found = FIELDS[name]
        mask = match.mask >> found.shift & found.ones
        if mask:
            out.append(f"{written}={writer(found, match.value >> found.shift & found.ones, mask)}")


def format_match(match: Match, priority: int = DEFAULT_PRIORITY, names: PortNames | None = None) -> str:
    """The match (and the priority, unless it is the default) as one comma-separated line."""
    out: list[str] = [] if priority == DEFAULT_PRIORITY else [f"priority={priority}"]
    eth_type, type_mask = match.get("eth_type")
    protocol, protocol_mask = match.get("nw_proto")
    _write(match, out, (("pkt_mark", "pkt_mark", _hexadecimal), ("recirc_id", "recirc_id", _hexadecimal)))
    _write(match, out, (("dp_hash", "dp_hash", _hexadecimal), ("conj_id", "conj_id", _plain)))
    ct_state, ct_mask = match.get("ct_state")
    if ct_mask:
        out.append("ct_state=" + format_flags(CT_STATE_NAMES, ct_state, ct_mask, 0xFF))
    _write(match, out, _WHATEVER_TYPE)
    protocol_said = False
    if type_mask and eth_type in _TYPE_WORDS:
        word = _WORD_OF.get((eth_type, protocol)) if protocol_mask else None
        protocol_said = word is not None
        out.append(word or _TYPE_WORDS[eth_type])
    _write(match, out, _REGISTERS_AND_TUNNEL)
    if match.get("in_port")[1]:
        out.append(f"in_port={format_port(match.get('in_port')[0], names)}")
    _write_vlan(match, out)
    _write(match, out, (("eth_src", "dl_src", _mac), ("eth_dst", "dl_dst", _mac)))
    if type_mask and eth_type not in _TYPE_WORDS:
        out.append(f"dl_type=0x{eth_type:04x}")
    _write_network(match, out, eth_type, protocol, bool(protocol_mask) and not protocol_said)
    _write_transport(match, out, eth_type, protocol)
    return ",".join(out)


def _write_vlan(match: Match, out: list[str]) -> None:
    tci, mask = match.get("vlan_tci")
    if not mask:
        return
    vid, pcp, present = mask & 0xFFF, mask >> 13, mask & tci & VLAN_PRESENT
    if present and vid in (0, 0xFFF) and pcp in (0, 7) and (vid or pcp):
        if vid:
            out.append(f"dl_vlan={tci & 0xFFF}")
        if pcp:
            out.append(f"dl_vlan_pcp={tci >> 13}")
    else:
        out.append(f"vlan_tci=0x{tci:04x}" + ("" if mask == 0xFFFF else f"/0x{mask:04x}"))


def _write_network(match: Match, out: list[str], eth_type: int, protocol: int, say_protocol: bool) -> None:
    is_arp = eth_type in (ETH_TYPE_ARP, ETH_TYPE_RARP)
    _write(
        match,
        out,
        _IPV6_ADDRESSES if eth_type == ETH_TYPE_IPV6 else _ARP_ADDRESSES if is_arp else _IPV4_ADDRESSES,
    )
    if say_protocol:
        out.append(f"{'arp_op' if is_arp else 'nw_proto'}={protocol}")
    if is_arp:
        _write(match, out, (("arp_sha", "arp_sha", _mac), ("arp_tha", "arp_tha", _mac)))
    _write(match, out, (("nw_tos", "nw_tos", _plain), ("nw_ecn", "nw_ecn", _plain)))
    _write(match, out, (("nw_ttl", "nw_ttl", _plain),))
    fragment = FIELDS["ip_frag"]
    value, mask = match.get("ip_frag")
    if mask:
        out.append(f"nw_frag={format_value(fragment, value, mask)}")


def _write_transport(match: Match, out: list[str], eth_type: int, protocol: int) -> None:
    if (eth_type, protocol) == (ETH_TYPE_IPV4, 1):
        _write(match, out, _ICMP)
    elif (eth_type, protocol) == (ETH_TYPE_IPV6, 58):
        _write(match, out, _ICMP)
        _write(match, out, _ND)
    else:
        _write(match, out, _PORTS)
    if eth_type in (ETH_TYPE_IPV4, ETH_TYPE_IPV6) and protocol == 6:
        value, mask = match.get("tcp_flags")
        if mask:
            out.append("tcp_flags=" + format_flags(TCP_FLAG_NAMES, value, mask, 0xFFF))


def parse_match(text: str, names: PortNames | None = None) -> Match:
    """The match some text means; `priority=` and other words of a flow are not part of it."""
    match = Match()
    for part in split_parts(text):
        match = add_part(match, part, names)
    return match


def split_parts(text: str) -> list[str]:
    return [part for part in text.replace(" ", ",").split(",") if part]


def add_part(match: Match, part: str, names: PortNames | None = None) -> Match:
    """The match narrowed by one `name=value` or protocol word."""
    name, equals, value = part.partition("=")
    if not equals:
        if name not in WORDS:
            raise OpenFlowError(f"{name}: unknown match word")
        return match & WORDS[name]
    if name in ("dl_vlan", "dl_vlan_pcp"):
        return _add_vlan(match, name, value)
    if name in ("icmp_type", "icmp_code", "icmpv6_type", "icmpv6_code"):
        name = "tcp_src" if name.endswith("type") else "tcp_dst"  # maskable 16 bits, as match_format writes them
    found = field(name)
    bits, mask = parse_value(found, value, names)
    if mask != found.ones and mask and not found.maskable:
        raise OpenFlowError(f"{part}: {found.name} cannot be masked")
    return match.with_field(found, bits, mask)


def _add_vlan(match: Match, name: str, value: str) -> Match:
    tci = FIELDS["vlan_tci"]
    number = int(value, 0)
    if name == "dl_vlan_pcp":
        return match.with_field(tci, number << 13 | VLAN_PRESENT, 0xE000 | VLAN_PRESENT)
    if number == 0xFFFF:  # OpenFlow 1.0's "no tag"
        return match.with_field(tci, 0, 0xFFFF)
    return match.with_field(tci, number | VLAN_PRESENT, 0xFFF | VLAN_PRESENT)
