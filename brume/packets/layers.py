"""Layers: which header follows which, and frames taken apart by that (`build.py` puts them together).

    walk(frame)        the layers, outermost first; PacketError where they end
    dissect(frame)     the same as (field, value) pairs; never raises

Rules: what follows an IP packet inside its frame is padding and belongs to no layer; a later fragment has
no transport header; the packet an ICMP error quotes is payload.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from brume.packets import arp, dhcp, dns, ethernet, geneve, gre, icmp4, icmp6, ipv4, ipv6, nd, tcp, udp, vxlan
from brume.packets.errors import PacketError
from brume.packets.header import Buffer, Header

ETHERTYPES: Final[Mapping[int, type[Header]]] = {
    ethernet.IPV4: ipv4.Ipv4,
    ethernet.ARP: arp.Arp,
    ethernet.VLAN: ethernet.Vlan,
    ethernet.SERVICE_VLAN: ethernet.Vlan,
    ethernet.IPV6: ipv6.Ipv6,
}
TUNNELLED: Final[Mapping[int, type[Header]]] = {
    ethernet.TRANSPARENT_ETHERNET: ethernet.Ethernet,
    ethernet.IPV4: ipv4.Ipv4,
    ethernet.IPV6: ipv6.Ipv6,
}
TRANSPORTS: Final[Mapping[int, type[Header]]] = {
    ipv4.ICMP: icmp4.Icmp4,
    ipv4.TCP: tcp.Tcp,
    ipv4.UDP: udp.Udp,
    ipv4.GRE: gre.Gre,
    ipv4.ICMP6: icmp6.Icmp6,
    **ipv6.EXTENSIONS,
}
PORTS: Final[Mapping[int, type[Header]]] = {
    udp.DNS: dns.Dns,
    udp.DHCP_SERVER: dhcp.Dhcp,
    udp.DHCP_CLIENT: dhcp.Dhcp,
    udp.VXLAN: vxlan.Vxlan,
    udp.GENEVE: geneve.Geneve,
}
ICMP4_RESTS: Final[Mapping[int, type[Header]]] = {
    icmp4.ECHO_REQUEST: icmp4.Echo,
    icmp4.ECHO_REPLY: icmp4.Echo,
    icmp4.UNREACHABLE: icmp4.Unreachable,
    icmp4.TIME_EXCEEDED: icmp4.ErrorRest,
    icmp4.PARAMETER_PROBLEM: icmp4.ErrorRest,
    icmp4.REDIRECT: icmp4.ErrorRest,
}
ICMP6_RESTS: Final[Mapping[int, type[Header]]] = {
    icmp6.ECHO_REQUEST: icmp4.Echo,
    icmp6.ECHO_REPLY: icmp4.Echo,
    icmp6.UNREACHABLE: icmp4.ErrorRest,
    icmp6.PACKET_TOO_BIG: icmp4.ErrorRest,
    icmp6.TIME_EXCEEDED: icmp4.ErrorRest,
    icmp6.PARAMETER_PROBLEM: icmp4.ErrorRest,
    icmp6.ROUTER_SOLICITATION: nd.RouterSolicitation,
    icmp6.ROUTER_ADVERTISEMENT: nd.RouterAdvertisement,
    icmp6.NEIGHBOR_SOLICITATION: nd.NeighborSolicitation,
    icmp6.NEIGHBOR_ADVERTISEMENT: nd.NeighborAdvertisement,
}

FOLLOWERS: Final[Mapping[type[Header], tuple[str, Mapping[int, type[Header]]]]] = {
    ethernet.Ethernet: ("ethertype", ETHERTYPES),
    ethernet.Vlan: ("ethertype", ETHERTYPES),
    ipv4.Ipv4: ("protocol", TRANSPORTS),
    ipv6.Ipv6: ("next_header", TRANSPORTS),
    ipv6.Ipv6Options: ("next_header", TRANSPORTS),
    ipv6.Ipv6Fragment: ("next_header", TRANSPORTS),
    ipv6.Ipv6Authentication: ("next_header", TRANSPORTS),
    icmp4.Icmp4: ("type", ICMP4_RESTS),
    icmp6.Icmp6: ("type", ICMP6_RESTS),
    geneve.Geneve: ("protocol", TUNNELLED),
    gre.Gre: ("protocol", TUNNELLED),
}
"""The field by which a header says what follows, and what each number means."""


def follower(header: Header) -> type[Header] | None:
    """The header that comes next, or None where the payload begins."""
    if isinstance(header, ipv4.Ipv4 | ipv6.Ipv6Fragment) and header.fragment_offset:
        return None
    if isinstance(header, udp.Udp):
        return PORTS.get(header.destination) or PORTS.get(header.source)
    if isinstance(header, vxlan.Vxlan):
        return ethernet.Ethernet
    if (rule := FOLLOWERS.get(type(header))) is None:
        return None
    field, meanings = rule
    return meanings.get(getattr(header, field))


class Layer(msgspec.Struct, frozen=True):
    """A header (or what is left: octets) and where it begins in the frame."""

    offset: int
    content: Header | bytes


def walk(data: Buffer, first: type[Header] = ethernet.Ethernet, offset: int = 0) -> Iterator[Layer]:
    """The layers of a frame, outermost first; PacketError as soon as one is not all there."""
    kind: type[Header] | None = first
    while kind is not None:
        header = kind.parse(data, offset)
        yield Layer(offset, header)
        data = _without_padding(header, data, offset)
        offset += header.size()
        kind = follower(header)
        if kind is dhcp.Dhcp and len(data) - offset < dhcp.Dhcp.minimum():
            kind = None
    if offset < len(data):
        yield Layer(offset, bytes(data[offset:]))


def _without_padding(header: Header, data: Buffer, offset: int) -> Buffer:
    """The data up to where the header says its own packet ends."""
    match header:
        case ipv4.Ipv4():
            length, least = header.total_length, header.size()
        case ipv6.Ipv6():
            length, least = header.payload_length + header.size(), header.size()
        case udp.Udp():
            length, least = header.length, header.size()
        case _:
            return data
    if length < least or length > len(data) - offset:
        name = type(header).__name__
        raise PacketError(f"{name} says {length} octets, {len(data) - offset} are there", offset)
    return data[: offset + length]


def headers(data: Buffer, first: type[Header] = ethernet.Ethernet) -> tuple[Header | bytes, ...]:
    """The contents of all layers, for matching against a pattern."""
    return tuple(layer.content for layer in walk(data, first))


class Dissected(msgspec.Struct, frozen=True):
    """A layer for people and programs: its name, place, size, and fields in the order of the wire."""

    name: str
    offset: int
    size: int
    fields: tuple[tuple[str, Any], ...]


def dissect(data: Buffer, first: type[Header] = ethernet.Ethernet) -> list[Dissected]:
    """All layers with their fields; where the frame stops making sense, a last layer "error" says why."""
    found: list[Dissected] = []
    try:
        for layer in walk(data, first):
            content = layer.content
            if isinstance(content, bytes):
                found.append(Dissected("payload", layer.offset, len(content), (("octets", content),)))
            else:
                name = type(content).__name__.lower()
                found.append(Dissected(name, layer.offset, content.size(), field_values(content)))
    except PacketError as error:
        rest = max(0, len(data) - error.offset)
        found.append(Dissected("error", error.offset, rest, (("reason", error.reason),)))
    return found


def field_values(header: Header) -> tuple[tuple[str, Any], ...]:
    """A header's fields as they go over the wire, with those that Python objects do not carry."""
    from brume.packets.codec import fields

    return tuple((field.name, field.value_in(header)) for field in fields(type(header)))
