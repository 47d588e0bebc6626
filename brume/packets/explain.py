"""Explain: what every octet of a frame means, from the headers' own declarations; options too.

    for part in explain(frame):
        print(part.name, part.offset)                       geneve 42
        for row in part.rows:
            print(row.start, row.octets.hex(), row.text)    46 0a0b0c vni 658188

Rules: fields that share octets share a row; an option is a part of its own, after its header; never raises: where the
frame stops making sense, a last part "error" says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from brume.packets import arp, ethernet, icmp4, icmp6, ipv4, tcp
from brume.packets.codec import Field, fields
from brume.packets.describe import ETHERTYPE_NAMES
from brume.packets.dhcp import Dhcp
from brume.packets.dhcp_options import BY_CODE, DHCP_OPTIONS, DhcpOption, OptionValue
from brume.packets.errors import PacketError
from brume.packets.geneve import (
    GENEVE_OPTIONS,
    OVN_OPTION_CLASS,
    OVN_OPTION_TYPE,
    Geneve,
    GeneveOption,
    OvnKeys,
)
from brume.packets.header import Header, Octets, Optional, Tail
from brume.packets.layers import walk
from brume.packets.tcp import TCP_OPTIONS, Tcp

_ETHERTYPES: Final = {**ETHERTYPE_NAMES, ethernet.TRANSPARENT_ETHERNET: "Ethernet"}
_PROTOCOLS: Final = {
    ipv4.ICMP: "ICMP",
    ipv4.TCP: "TCP",
    ipv4.UDP: "UDP",
    ipv4.GRE: "GRE",
    ipv4.ICMP6: "ICMPv6",
}
_MEANINGS: Final[Mapping[tuple[str, str], Mapping[int, str]]] = {
    ("Ethernet", "ethertype"): _ETHERTYPES,
    ("Vlan", "ethertype"): _ETHERTYPES,
    ("Geneve", "protocol"): _ETHERTYPES,
    ("Gre", "protocol"): _ETHERTYPES,
    ("Ipv4", "protocol"): _PROTOCOLS,
    ("Ipv6", "next_header"): _PROTOCOLS,
    ("Arp", "operation"): {arp.REQUEST: "request", arp.REPLY: "reply"},
    ("Icmp4", "type"): {
        icmp4.ECHO_REQUEST: "echo request",
        icmp4.ECHO_REPLY: "echo reply",
        icmp4.UNREACHABLE: "unreachable",
        icmp4.TIME_EXCEEDED: "time exceeded",
    },
    ("Icmp6", "type"): {
        icmp6.ECHO_REQUEST: "echo request",
        icmp6.ECHO_REPLY: "echo reply",
        icmp6.NEIGHBOR_SOLICITATION: "neighbor solicitation",
        icmp6.NEIGHBOR_ADVERTISEMENT: "neighbor advertisement",
        icmp6.ROUTER_SOLICITATION: "router solicitation",
        icmp6.ROUTER_ADVERTISEMENT: "router advertisement",
    },
    ("GeneveOption", "option_class"): {OVN_OPTION_CLASS: "OVN"},
    ("GeneveOption", "type"): {OVN_OPTION_TYPE: "logical ports, critical"},
}
_IN_HEX: Final = frozenset({"checksum", "ethertype", "option_class", "cookie", "transaction"})
_TCP_FLAGS: Final = (
    (tcp.SYN, "SYN"),
    (tcp.ACK, "ACK"),
    (tcp.PSH, "PSH"),
    (tcp.FIN, "FIN"),
    (tcp.RST, "RST"),
    (tcp.URG, "URG"),
)


class Row(msgspec.Struct, frozen=True):
    """Some octets, where they begin in the frame, and what they say."""

    start: int
    octets: bytes
    text: str


class Part(msgspec.Struct, frozen=True):
    """A header, an option, the payload, or the error that ends it all."""

    name: str
    offset: int
    rows: tuple[Row, ...]


def explain(frame: bytes, first: type[Header] = ethernet.Ethernet) -> list[Part]:
    """All parts of a frame, outermost first."""
    parts: list[Part] = []
    try:
        for layer in walk(frame, first):
            content, offset = layer.content, layer.offset
            if isinstance(content, bytes):
                parts.append(Part("payload", offset, (Row(offset, content, f"{len(content)} octets"),)))
            else:
                parts.append(_part(content, offset))
                parts += _options(content, offset, frame)
    except PacketError as error:
        rest = frame[error.offset :]
        parts.append(Part("error", error.offset, (Row(error.offset, rest, error.reason),)))
    return parts


def _part(header: Header, offset: int, name: str = "") -> Part:
    return Part(name or type(header).__name__.lower(), offset, tuple(_rows(header, offset)))


def _rows(header: Header, offset: int) -> Iterator[Row]:
    """A header's rows: fields up to the next whole octet are one."""
    octets = header.pack()
    start = bits = 0
    said: list[str] = []
    for field in fields(type(header)):
        width = _width(field, header)
        if not width:
            continue
        bits += width
        said.append(_text(header, field))
        if bits % 8 == 0:
            end = start + bits // 8
            yield Row(offset + start, octets[start:end], ", ".join(said))
            start, bits, said = end, 0, []


def _width(field: Field, header: Header) -> int:
    if isinstance(field.kind, Tail):
        return 8 * len(getattr(header, field.name))
    if isinstance(field.kind, Optional) and getattr(header, field.name) is None:
        return 0
    return field.width


def _text(header: Header, field: Field) -> str:
    name = field.name.replace("_", " ")
    value: Any = field.value_in(header)
    if isinstance(field.kind, Octets | Tail):
        return f"{name} ({len(value)} octets)"
    meanings = _MEANINGS.get((type(header).__name__, field.name))
    shown = f"0x{value:0{field.width // 4}x}" if field.name in _IN_HEX or meanings is _ETHERTYPES else str(value)
    if isinstance(header, Tcp) and field.name == "flags":
        return "flags " + (" ".join(word for flag, word in _TCP_FLAGS if value & flag) or "none")
    meaning = meanings.get(value) if meanings is not None else None
    return f"{name} {shown}" + (f" ({meaning})" if meaning else "")


def _options(header: Header, offset: int, frame: bytes) -> Iterator[Part]:
    """The options a header carries as a tail, or that follow it, each with its own place."""
    start = offset + header.minimum()
    if isinstance(header, Geneve):
        for option in GENEVE_OPTIONS.parse(header.options):
            yield from _geneve_option(option, start)
            start += option.size()
    elif isinstance(header, Tcp):
        for place, tcp_option in TCP_OPTIONS.places(header.options):
            yield _part(tcp_option, start + place, "tcp option")
    elif isinstance(header, Dhcp):
        for place, dhcp_option in DHCP_OPTIONS.places(frame, start):
            yield _dhcp_option(dhcp_option, place)


def _geneve_option(option: GeneveOption, offset: int) -> Iterator[Part]:
    part = _part(option, offset, "geneve option")
    if (option.option_class, option.type) != (OVN_OPTION_CLASS, OVN_OPTION_TYPE) or len(option.data) < 4:
        yield part
        return
    keys = tuple(_rows(OvnKeys.parse(option.data), offset + option.minimum()))
    yield Part(part.name, offset, part.rows[:-1] + keys)


def _dhcp_option(option: DhcpOption, offset: int) -> Part:
    spec = BY_CODE.get(option.code)
    name = spec.name if spec is not None else f"option {option.code}"
    text = f"{name} ({len(option.data)} octets)"
    if spec is not None:
        try:
            text = f"{name} {_shown(spec.type.decode(option.data))}"
        except ValueError as error:
            text = f"{name}: {error}"
    return Part("dhcp option", offset, (Row(offset, option.pack(), text),))


def _shown(value: OptionValue) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return ", ".join(" via ".join(map(str, one)) if isinstance(one, tuple) else str(one) for one in value)
    return str(value)
