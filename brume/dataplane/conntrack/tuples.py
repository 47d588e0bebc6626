"""The tuple that names a connection, read from a packet's key and, for ICMP, its bytes.

(zone, IP version, protocol, source, destination, source port, destination port). ICMP queries have their identifier
and type in place of ports. An ICMP error belongs to the connection of the packet it carries.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from brume.dataplane.extract import ipv6_transport, network_offset
from brume.openflow.messages.layout import OFFSETS

_TYPE: Final = OFFSETS["eth_type"]
_PROTOCOL: Final = OFFSETS["nw_proto"]
_FRAGMENT: Final = OFFSETS["nw_frag"]
_V4: Final = OFFSETS["nw_dst"]
_V6: Final = OFFSETS["ipv6_dst"]
_PORTS: Final = OFFSETS["tp_dst"]
_M32: Final = (1 << 32) - 1
_M128: Final = (1 << 128) - 1

_QUERIES4: Final = {8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15}  # type: type of the answer
_QUERIES6: Final = {128: 129, 129: 128}
_ERRORS: Final = {1: frozenset((3, 4, 5, 11, 12)), 58: frozenset((1, 2, 3, 4))}
_PORTED: Final = frozenset((6, 17, 132))


class ConnectionTuple(NamedTuple):
    """One direction of a connection."""

    zone: int
    version: int
    protocol: int
    source: int
    destination: int
    source_port: int
    destination_port: int

    def reversed(self) -> ConnectionTuple:
        """The other direction."""
        if self.protocol in (1, 58):
            answers = _QUERIES4 if self.protocol == 1 else _QUERIES6
            kind = answers[self.destination_port]
            return ConnectionTuple(
                self.zone, self.version, self.protocol, self.destination, self.source, self.source_port, kind
            )
        return ConnectionTuple(
            self.zone,
            self.version,
            self.protocol,
            self.destination,
            self.source,
            self.destination_port,
            self.source_port,
        )


class Seen(NamedTuple):
    """What a packet says about its connection; `inner` is where a related ICMP error carries a packet, or 0."""

    tuple: ConnectionTuple
    inner: int = 0


def read_tuple(zone: int, key: int, frame: bytes, ports: int | None = None) -> Seen | None:
    """The packet's connection; None when there can be none (not IP, broken, an unknown ICMP type).

    `ports` is what the first fragment said, for a later one."""
    kind = key >> _TYPE & 0xFFFF
    protocol = key >> _PROTOCOL & 0xFF
    if kind == 0x0800:
        version, source, destination = 4, key >> (_V4 + 32) & _M32, key >> _V4 & _M32
    elif kind == 0x86DD:
        version, source, destination = 6, key >> (_V6 + 128) & _M128, key >> _V6 & _M128
    else:
        return None
    if not protocol:
        return None
    if key >> _FRAGMENT & 3 == 3:
        if ports is None:
            return None
        return Seen(ConnectionTuple(zone, version, protocol, source, destination, ports >> 16, ports & 0xFFFF))
    if protocol in _PORTED:
        ports = key >> _PORTS & _M32
        return Seen(ConnectionTuple(zone, version, protocol, source, destination, ports >> 16, ports & 0xFFFF))
    if protocol == (1 if version == 4 else 58):
        return _icmp(zone, version, protocol, source, destination, key, frame)
    return Seen(ConnectionTuple(zone, version, protocol, source, destination, 0, 0))


def fragment_name(key: int, frame: bytes) -> tuple[int, int] | None:
    """What all fragments of one IPv4 packet have in common: addresses and protocol, identification."""
    kind, at = network_offset(frame)
    if kind != 0x0800 or not key >> _FRAGMENT & 3:
        return None
    who = (key >> _V4 & (1 << 64) - 1) << 8 | key >> _PROTOCOL & 0xFF
    return who, frame[at + 4] << 8 | frame[at + 5]


def transport_offset(frame: bytes) -> int:
    """Where the transport header of an IP frame begins; 0 when it has none."""
    kind, at = network_offset(frame)
    if kind == 0x0800 and len(frame) >= at + 20:
        return at + ((frame[at] & 15) << 2)
    if kind == 0x86DD and len(frame) >= at + 40:
        return ipv6_transport(frame, at, len(frame))[1]
    return 0


def _icmp(zone: int, version: int, protocol: int, source: int, destination: int, key: int, frame: bytes) -> Seen | None:
    kind, code = key >> (_PORTS + 16) & 0xFFFF, key >> _PORTS & 0xFFFF
    at = transport_offset(frame)
    if not at or len(frame) < at + 8:
        return None
    queries = _QUERIES4 if version == 4 else _QUERIES6
    if kind in queries and not code:
        identifier = frame[at + 4] << 8 | frame[at + 5]
        return Seen(ConnectionTuple(zone, version, protocol, source, destination, identifier, kind))
    if kind not in _ERRORS[protocol]:
        return None
    carried = _carried4(zone, frame, at + 8) if version == 4 else _carried6(zone, frame, at + 8)
    # the one who is told must be the one who sent the packet
    if carried is None or carried.source != destination:
        return None
    if carried.protocol in (1, 58) and carried.destination_port not in queries:
        return None
    return Seen(carried.reversed(), at + 8)


def _carried4(zone: int, frame: bytes, at: int) -> ConnectionTuple | None:
    if len(frame) < at + 20 or frame[at] >> 4 != 4:
        return None
    source, destination = (
        int.from_bytes(frame[at + 12 : at + 16], "big"),
        int.from_bytes(frame[at + 16 : at + 20], "big"),
    )
    return _carried(zone, 4, frame[at + 9], source, destination, frame, at + ((frame[at] & 15) << 2))


def _carried6(zone: int, frame: bytes, at: int) -> ConnectionTuple | None:
    if len(frame) < at + 40 or frame[at] >> 4 != 6:
        return None
    protocol, offset, _ = ipv6_transport(frame, at, len(frame))
    source, destination = (
        int.from_bytes(frame[at + 8 : at + 24], "big"),
        int.from_bytes(frame[at + 24 : at + 40], "big"),
    )
    return _carried(zone, 6, protocol, source, destination, frame, offset) if offset else None


def _carried(
    zone: int, version: int, protocol: int, source: int, destination: int, frame: bytes, at: int
) -> ConnectionTuple | None:
    if len(frame) < at + 8:
        return None
    if protocol in _PORTED:
        ports = int.from_bytes(frame[at : at + 4], "big")
        return ConnectionTuple(zone, version, protocol, source, destination, ports >> 16, ports & 0xFFFF)
    if protocol in (1, 58):
        identifier = frame[at + 4] << 8 | frame[at + 5]
        return ConnectionTuple(zone, version, protocol, source, destination, identifier, frame[at])
    return ConnectionTuple(zone, version, protocol, source, destination, 0, 0)
