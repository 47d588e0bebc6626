"""Fields on the wire: OXM/NXM headers and entries, and matches made of them.

An entry is class(16) number(7) hasmask(1) length(8) [experimenter(32)] value [mask]. Where a field has both numbers,
a message of version 1.2+ uses the standard OXM one; Nicira's own actions use the NXM one (`nicira=True`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from brume.openflow.messages import ports
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.fields import FIELDS, Field, Form, Oxm
from brume.openflow.messages.match import ETH_TYPE_ARP, ETH_TYPE_IPV4, ETH_TYPE_IPV6, ETH_TYPE_RARP, Match

_BY_NUMBER: Final[dict[tuple[int, int, int], Field]] = {
    (number.vendor_class, number.experimenter, number.number): field
    for field in FIELDS.values()
    for number in (field.nxm, field.oxm)
    if number
}


def _number(field: Field, nicira: bool) -> Oxm:
    number = (field.nxm or field.oxm) if nicira else (field.oxm or field.nxm)
    if number is None:
        raise OpenFlowError(f"{field.name} has no number on the wire")
    return number


def encode_header(field: Field, *, nicira: bool) -> bytes:
    """The entry's header, as `move`, `push` and others name a field."""
    return _header(field, field.wire_bytes if field.name != "tun_metadata0" else _TUNNEL_METADATA_MAX, nicira, False)


# Only an entry's value shows how long a mapped Geneve option is; a bare header says the most it may be.
_TUNNEL_METADATA_MAX: Final = 124


def _header(field: Field, octets: int, nicira: bool, masked: bool) -> bytes:
    number = _number(field, nicira)
    length = octets * (2 if masked else 1)
    if number.vendor_class == 0xFFFF:
        head = 0xFFFF << 16 | number.number << 9 | masked << 8 | (length + 4)
        return struct.pack("!II", head, number.experimenter)
    return struct.pack("!I", number.vendor_class << 16 | number.number << 9 | masked << 8 | length)


def encode_entry(field: Field, value: int, mask: int | None = None, *, nicira: bool = False) -> bytes:
    """Header, value and (unless None) mask."""
    if field.form is Form.PORT and field.wire_bytes == 4:
        value = ports.to_wire(value)
    octets = field.wire_bytes
    if field.name == "tun_metadata0":  # of variable length: leading zeros are not sent
        octets = max(1, ((value | (mask or 0)).bit_length() + 7) // 8)
    data = _header(field, octets, nicira, mask is not None) + value.to_bytes(octets, "big")
    return data if mask is None else data + mask.to_bytes(octets, "big")


def decode_header(data: bytes, offset: int) -> tuple[Field, bool, int, int]:
    """(field, masked, offset of the payload, payload octets)."""
    if len(data) < offset + 4:
        raise OpenFlowError("OXM header cut short")
    head = int.from_bytes(data[offset : offset + 4], "big")
    vendor_class, experimenter, length, start = head >> 16, 0, head & 0xFF, offset + 4
    if vendor_class == 0xFFFF:
        if len(data) < offset + 8:
            raise OpenFlowError("experimenter OXM header cut short")
        experimenter = int.from_bytes(data[offset + 4 : offset + 8], "big")
        length, start = length - 4, offset + 8
    field = _BY_NUMBER.get((vendor_class, experimenter, head >> 9 & 0x7F))
    if field is None:
        raise OpenFlowError(f"OXM {head:#010x}: unknown field")
    return field, bool(head >> 8 & 1), start, length


def decode_entry(data: bytes, offset: int = 0) -> tuple[Field, int, int | None, int]:
    """(field, value, mask or None, offset of what follows)."""
    field, masked, start, length = decode_header(data, offset)
    width, end = length >> masked, start + length
    fits = 1 <= width <= 4 if field.name == "tun_metadata0" else width == field.wire_bytes
    if not fits or length != width << masked or len(data) < end:
        raise OpenFlowError(f"{field.name}: wrong length on the wire")
    value = int.from_bytes(data[start : start + width], "big")
    mask = int.from_bytes(data[start + width : end], "big") if masked else None
    if field.form is Form.PORT and width == 4:
        value = ports.from_wire(value)
    return field, value, mask, end


_IPV4: Final = ("ip_src", "ip_dst")
_IPV6: Final = ("ipv6_src", "ipv6_dst", "ipv6_label")
_PORTS: Final = {6: ("tcp_src", "tcp_dst", "tcp_flags"), 17: ("udp_src", "udp_dst"), 132: ("sctp_src", "sctp_dst")}
_TUNNEL: Final = (
    "tun_id", "tun_flags", "tun_src", "tun_dst", "tun_ipv6_src", "tun_ipv6_dst", "tun_gbp_id", "tun_gbp_flags",
    "tun_metadata0",
)  # fmt: skip
_LAST: Final = (
    "pkt_mark", "ct_state", "ct_zone", "ct_mark", "ct_label", "ct_nw_src", "ct_ipv6_src", "ct_nw_dst", "ct_ipv6_dst",
    "ct_nw_proto", "ct_tp_src", "ct_tp_dst", "metadata",
)  # fmt: skip


def _network_fields(eth_type: int, protocol: int, has_protocol: bool) -> Iterator[str]:
    if eth_type in (ETH_TYPE_ARP, ETH_TYPE_RARP):
        yield from ("arp_op", "arp_spa", "arp_tpa", "arp_sha", "arp_tha")
        return
    if eth_type not in (ETH_TYPE_IPV4, ETH_TYPE_IPV6):
        return
    yield from _IPV4 if eth_type == ETH_TYPE_IPV4 else _IPV6
    yield from ("ip_frag", "ip_dscp", "nw_ecn", "nw_ttl", "nw_proto")
    if not has_protocol:
        return
    yield from _PORTS.get(protocol, ())
    if (eth_type, protocol) == (ETH_TYPE_IPV4, 1):
        yield from ("icmp_type", "icmp_code")
    elif (eth_type, protocol) == (ETH_TYPE_IPV6, 58):
        yield from ("icmpv6_type", "icmpv6_code", "nd_target", "nd_sll", "nd_tll", "nd_reserved", "nd_options_type")


def _fields_of(match: Match, version: int) -> Iterator[str]:
    """Field names in the order Open vSwitch sends them (lib/nx-match.c, nx_put_raw)."""
    yield from ("dp_hash", "recirc_id", "conj_id", "in_port_oxm", "actset_output")
    yield from ("eth_src", "eth_dst", "eth_type", "vlan_vid", "vlan_pcp")
    protocol, has_protocol = match.get("nw_proto")
    yield from _network_fields(match.get("eth_type")[0], protocol, bool(has_protocol))
    yield from _TUNNEL
    yield from (f"xreg{i}" for i in range(8)) if version >= 6 else (f"reg{i}" for i in range(16))
    yield from _LAST


def encode_match_entries(match: Match, version: int) -> bytes:
    """The match's OXM entries, without the enclosing ofp_match."""
    left = match.mask
    out = []
    for name in _fields_of(match, version):
        field = FIELDS[name]
        mask = match.mask >> field.shift & field.span
        if mask:
            value = match.value >> field.shift & field.ones
            out.append(encode_entry(field, value, None if mask == field.span or not field.maskable else mask))
            left &= ~field.mask
    if left:
        raise OpenFlowError("match has fields without what they need (a port without its protocol, say)")
    return b"".join(out)


def encode_match(match: Match, version: int) -> bytes:
    """struct ofp_match of type OXM, padded to eight octets."""
    entries = encode_match_entries(match, version)
    length = 4 + len(entries)
    return struct.pack("!HH", 1, length) + entries + bytes(-length % 8)


def decode_match_entries(data: bytes) -> Match:
    match, offset = Match(), 0
    while offset < len(data):
        field, value, mask, offset = decode_entry(data, offset)
        match = match.with_field(field, value, mask)
    return match


def decode_match(data: bytes, offset: int = 0) -> tuple[Match, int]:
    """The match in an ofp_match, and the offset after its padding."""
    if len(data) < offset + 4:
        raise OpenFlowError("match cut short")
    kind, length = struct.unpack_from("!HH", data, offset)
    if kind != 1 or length < 4 or len(data) < offset + length:
        raise OpenFlowError("only OXM matches are understood")
    return decode_match_entries(data[offset + 4 : offset + length]), offset + length + -length % 8
