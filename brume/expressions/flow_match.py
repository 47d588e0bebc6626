"""OpenFlow matches: the result of a translation, independent of any wire format.

Fields carry Open vSwitch's names; 64- and 128-bit registers have become 32-bit ones. Printing is that of ovs-ofctl.
"""

from collections.abc import Iterable, Mapping

import msgspec

from .constants import format_ipv4, format_ipv6, format_mac, prefix_length
from .openflow_fields import OPENFLOW_FIELDS

FieldMatch = tuple[str, int, int]
"""(field, value, mask)."""
ALL_ONES = {name: (1 << field.bits) - 1 for name, field in OPENFLOW_FIELDS.items()}

_IP_PROTOCOLS = {
    0x0800: ("ip", {1: "icmp", 6: "tcp", 17: "udp", 132: "sctp"}),
    0x86DD: ("ipv6", {58: "icmp6", 6: "tcp6", 17: "udp6", 132: "sctp6"}),
}
_ETHER_TYPES = {0x0806: "arp", 0x8035: "rarp", 0x8847: "mpls", 0x8848: "mplsm"}
_CT_STATES = ("new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat")
_TCP_FLAGS = ("fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns", "[200]", "[400]", "[800]")
_FRAGMENTS = {(3, 0): "no", (3, 1): "first", (3, 2): "<error>", (3, 3): "later"}
_FRAGMENTS |= {(1, 0): "no", (1, 1): "yes", (2, 0): "not_later", (2, 2): "later"}


class Clause(msgspec.Struct, frozen=True, order=True):
    """`conjunction(id, clause/count)`: the packet satisfies one clause (from 0) of `count`."""

    id: int
    clause: int
    count: int

    def __str__(self) -> str:
        return f"conjunction({self.id}, {self.clause}/{self.count})"


class FlowMatch(msgspec.Struct, frozen=True):
    """One flow's match: fields sorted by name, and the clauses it satisfies.

    With clauses, the flow's actions are those conjunctions. Without, they are the logical flow's actions; such a flow
    may match on `conj_id`. Conjunction ids count from 1 in each translation: give them a place with `renumbered`.
    """

    fields: tuple[FieldMatch, ...]
    clauses: tuple[Clause, ...] = ()

    def as_dict(self) -> dict[str, tuple[int, int]]:
        """{field: (value, mask)}."""
        return {name: (value, mask) for name, value, mask in self.fields}

    def renumbered(self, offset: int) -> "FlowMatch":
        """The same with `offset` added to every conjunction id."""
        fields = tuple(
            (name, value + offset, mask) if name == "conj_id" else (name, value, mask)
            for name, value, mask in self.fields
        )
        clauses = tuple(Clause(clause.id + offset, clause.clause, clause.count) for clause in self.clauses)
        return FlowMatch(fields, clauses)

    def __str__(self) -> str:
        text = format_fields(self.as_dict())
        return f"{text}: {', '.join(map(str, self.clauses))}" if self.clauses else text


def flow_match(fields: Mapping[str, tuple[int, int]], clauses: tuple[Clause, ...] = ()) -> FlowMatch:
    """A match from {field: (value, mask)}."""
    return FlowMatch(tuple(sorted((name, value, mask) for name, (value, mask) in fields.items())), clauses)


def merge_matches(matches: Iterable[FlowMatch]) -> list[FlowMatch]:
    """Matches on the same fields made one: without clauses if one of them has none, else with all their clauses."""
    by_fields: dict[tuple[FieldMatch, ...], FlowMatch] = {}
    for match in matches:
        known = by_fields.get(match.fields)
        if known is None:
            by_fields[match.fields] = match
        elif not known.clauses or not match.clauses:
            by_fields[match.fields] = FlowMatch(match.fields)
        else:
            fresh = tuple(clause for clause in match.clauses if clause not in known.clauses)
            by_fields[match.fields] = FlowMatch(match.fields, known.clauses + fresh)
    return list(by_fields.values())


def format_fields(fields: Mapping[str, tuple[int, int]]) -> str:
    """The match as `ovs-ofctl dump-flows` prints it, e.g. `tcp,reg14=0x6,tp_dst=80`."""
    ether_type = fields.get("eth_type", (0, 0))[0]
    protocol = fields.get("nw_proto")
    abbreviation, protocol_shown, type_shown = _abbreviate(ether_type, protocol)
    told = {"eth_type": type_shown, "nw_proto": protocol_shown}
    parts = [_format_field(name, *fields[name]) for name in _FIRST if name in fields]
    if abbreviation:
        parts.append(abbreviation)
    parts += [_format_field(name, *fields[name]) for name in _REST if name in fields and not told.get(name)]
    return ",".join(parts)


def _abbreviate(ether_type: int, protocol: tuple[int, int] | None) -> tuple[str, bool, bool]:
    """(abbreviation, it tells the IP protocol, it tells the Ethernet type)."""
    if ether_type in _IP_PROTOCOLS:
        name, protocols = _IP_PROTOCOLS[ether_type]
        if protocol and protocol[0] in protocols:
            return protocols[protocol[0]], True, True
        return name, False, True
    name = _ETHER_TYPES.get(ether_type, "")
    return name, False, bool(name)


_FIRST = ("pkt_mark", "conj_id", "ct_state", "ct_mark", "ct_label")
_REST = (
    *(f"reg{number}" for number in range(16)),
    *("tun_id", "metadata", "in_port", "vlan_tci", "eth_src", "eth_dst", "eth_type"),
    *("ipv6_src", "ipv6_dst", "ipv6_label", "arp_spa", "arp_tpa", "ip_src", "ip_dst"),
    *("nw_proto", "arp_op", "arp_sha", "arp_tha", "ip_dscp", "nw_ecn", "nw_ttl", "ip_frag"),
    *("icmp_type", "icmp_code", "icmpv6_type", "icmpv6_code", "nd_target", "nd_sll", "nd_tll"),
    *("tcp_src", "udp_src", "sctp_src", "tcp_dst", "udp_dst", "sctp_dst", "tcp_flags"),
)
_PRINTED_AS = {
    "eth_src": "dl_src",
    "eth_dst": "dl_dst",
    "eth_type": "dl_type",
    "ip_src": "nw_src",
    "ip_dst": "nw_dst",
    "icmpv6_type": "icmp_type",
    "icmpv6_code": "icmp_code",
    **{f"{protocol}_{end}": f"tp_{end}" for protocol in ("tcp", "udp", "sctp") for end in ("src", "dst")},
}
_DECIMAL = {"conj_id", "in_port", "nw_proto", "nw_ecn", "nw_ttl", "arp_op"}
_DECIMAL |= {name for name, shown in _PRINTED_AS.items() if shown.startswith(("tp_", "icmp_"))}
_DECIMAL |= {"icmp_type", "icmp_code"}


def _format_field(name: str, value: int, mask: int) -> str:
    if name == "vlan_tci":
        return _format_vlan(value, mask)
    if name == "ip_dscp":
        return f"nw_tos={value << 2}"
    if name == "ip_frag":
        return f"nw_frag={_FRAGMENTS.get((mask, value & mask), '<error>')}"
    if name == "ct_state":
        return f"ct_state={_format_flags(value, mask, _CT_STATES)}"
    if name == "tcp_flags":
        return f"tcp_flags={_format_flags(value, mask, _TCP_FLAGS)}"
    return f"{_PRINTED_AS.get(name, name)}={_format_value(name, value, mask)}"


def _format_value(name: str, value: int, mask: int) -> str:
    exact = mask == ALL_ONES.get(name, mask)
    if name in ("eth_src", "eth_dst", "arp_sha", "arp_tha", "nd_sll", "nd_tll"):
        return format_mac(value) if exact else f"{format_mac(value)}/{format_mac(mask)}"
    if name in ("ip_src", "ip_dst", "arp_spa", "arp_tpa"):
        return _format_address(value, mask, 32)
    if name in ("ipv6_src", "ipv6_dst", "nd_target"):
        return _format_address(value, mask, 128)
    if name in ("eth_type", "ipv6_label"):
        digits = 4 if name == "eth_type" else 5
        return f"0x{value:0{digits}x}" if exact else f"0x{value:0{digits}x}/0x{mask:0{digits}x}"
    if not exact:
        return f"{_hexadecimal(value)}/{_hexadecimal(mask)}"
    return str(value) if name in _DECIMAL else _hexadecimal(value)


def _hexadecimal(value: int) -> str:
    return f"0x{value:x}" if value else "0"


def _format_address(value: int, mask: int, bits: int) -> str:
    form = format_ipv4 if bits == 32 else format_ipv6
    if mask == (1 << bits) - 1:
        return form(value)
    length = prefix_length(mask, bits)
    return f"{form(value)}/{form(mask) if length is None else length}"


def _format_vlan(value: int, mask: int) -> str:
    vid_mask, pcp_mask = mask & 0x0FFF, mask & 0xE000
    whole = vid_mask in (0, 0x0FFF) and pcp_mask in (0, 0xE000)
    if mask & value & 0x1000 and whole and (vid_mask or pcp_mask):
        vid = f"dl_vlan={value & 0x0FFF}" if vid_mask else ""
        pcp = f"dl_vlan_pcp={value >> 13}" if pcp_mask else ""
        return ",".join(filter(None, (vid, pcp)))
    if mask == 0xFFFF:
        return f"vlan_tci=0x{value:04x}"
    return f"vlan_tci=0x{value:04x}/0x{mask:04x}"


def _format_flags(value: int, mask: int, names: tuple[str, ...]) -> str:
    if mask == (1 << len(names)) - 1:
        return "|".join(name for bit, name in enumerate(names) if value >> bit & 1) or "0"
    return "".join(("+" if value >> bit & 1 else "-") + name for bit, name in enumerate(names) if mask >> bit & 1)
