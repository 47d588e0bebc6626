"""Build: a frame from its layers, with what is left zero filled in: types, lengths, checksums.

    stack(Ethernet(...), Ipv4(...), Udp(...), b"data")

Rule: a field that is not zero (a type: not its default) stays as it is, so that a test can send a wrong one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from msgspec.structs import replace

from brume.packets import icmp4, icmp6, ipv4, ipv6, tcp, udp
from brume.packets.checksum import internet_checksum, transport_checksum, udp_checksum
from brume.packets.header import Header
from brume.packets.layers import FOLLOWERS

Ip: TypeAlias = ipv4.Ipv4 | ipv6.Ipv6


def stack(*layers: Header | bytes) -> bytes:
    """A frame from its layers, outermost first, with what is zero filled in: types, lengths, checksums."""
    octets = b""
    for index in range(len(layers) - 1, -1, -1):
        layer = layers[index]
        if isinstance(layer, bytes):
            octets = layer + octets
            continue
        if index + 1 < len(layers):
            layer = _announce(layer, layers[index + 1])
        finish = _FINISH.get(type(layer), _finish_plain)
        octets = finish(layer, octets, _carrier(layers, index))
    return octets


def _announce(header: Header, following: Header | bytes) -> Header:
    """The header with its type field saying what follows, if it says nothing yet."""
    field, meanings = FOLLOWERS.get(type(header), ("", {}))
    if not field or field == "type" or getattr(header, field) != getattr(_DEFAULTS[type(header)], field):
        return header
    for number, kind in meanings.items():
        if kind is type(following):
            return replace(header, **{field: number})
    return header


_DEFAULTS: Final = {kind: kind() for kind in FOLLOWERS}


def _carrier(layers: tuple[Header | bytes, ...], index: int) -> Ip | None:
    """The IP header nearest outside, whose addresses a transport checksum covers."""
    for layer in reversed(layers[:index]):
        if isinstance(layer, ipv4.Ipv4 | ipv6.Ipv6):
            return layer
    return None


def _finish_plain(header: Header, payload: bytes, _: Ip | None) -> bytes:
    return header.pack() + payload


def _finish_ipv4(header: ipv4.Ipv4, payload: bytes, _: Ip | None) -> bytes:
    if not header.total_length:
        header = replace(header, total_length=header.size() + len(payload))
    octets = header.pack()
    if not header.checksum:
        octets = octets[:10] + internet_checksum(octets).to_bytes(2, "big") + octets[12:]
    return octets + payload


def _finish_ipv6(header: ipv6.Ipv6, payload: bytes, _: Ip | None) -> bytes:
    if not header.payload_length:
        header = replace(header, payload_length=len(payload))
    return header.pack() + payload


def _finish_udp(header: udp.Udp, payload: bytes, ip: Ip | None) -> bytes:
    if not header.length:
        header = replace(header, length=header.size() + len(payload))
    octets = header.pack() + payload
    if header.checksum or ip is None:
        return octets
    return octets[:6] + udp_checksum(ip.source, ip.destination, octets).to_bytes(2, "big") + octets[8:]


def _finish_tcp(header: tcp.Tcp, payload: bytes, ip: Ip | None) -> bytes:
    octets = header.pack() + payload
    if header.checksum or ip is None:
        return octets
    checksum = transport_checksum(ip.source, ip.destination, ipv4.TCP, octets)
    return octets[:16] + checksum.to_bytes(2, "big") + octets[18:]


def _finish_icmp4(header: icmp4.Icmp4, payload: bytes, _: Ip | None) -> bytes:
    octets = header.pack() + payload
    if header.checksum:
        return octets
    return octets[:2] + internet_checksum(octets).to_bytes(2, "big") + octets[4:]


def _finish_icmp6(header: icmp6.Icmp6, payload: bytes, ip: Ip | None) -> bytes:
    octets = header.pack() + payload
    if header.checksum or ip is None:
        return octets
    checksum = transport_checksum(ip.source, ip.destination, ipv4.ICMP6, octets)
    return octets[:2] + checksum.to_bytes(2, "big") + octets[4:]


_FINISH: Final[Mapping[type[Header], Callable[[Any, bytes, Ip | None], bytes]]] = {
    ipv4.Ipv4: _finish_ipv4,
    ipv6.Ipv6: _finish_ipv6,
    udp.Udp: _finish_udp,
    tcp.Tcp: _finish_tcp,
    icmp4.Icmp4: _finish_icmp4,
    icmp6.Icmp6: _finish_icmp6,
}
