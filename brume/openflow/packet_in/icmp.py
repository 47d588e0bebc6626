"""icmp4 { ... }, icmp6 { ... } and their _error forms: an ICMP error about the packet.

Type and code are set by the nested actions; unless they do, it is "destination unreachable". The error quotes as much
of the packet as fits 576 octets (RFC 1812) or 1280 (RFC 4443), counted as pinctrl does, with the link header.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.openflow.packet_in.headers import Parsed, parse, reply
from brume.openflow.packet_in.messages import Answer, PacketIn
from brume.packets import icmp4, icmp6
from brume.packets.ethernet import Ethernet
from brume.packets.icmp4 import ErrorRest, Icmp4, Unreachable
from brume.packets.icmp6 import Icmp6
from brume.packets.ipv4 import UDP, Ipv4
from brume.packets.ipv6 import Ipv6

TTL: Final = 255
ROOM_4: Final = 576 - 14 - 20 - 8
ROOM_6: Final = 1280 - 14 - 40 - 8


def unreachable(packet_in: PacketIn) -> Iterator[Answer]:
    """icmp4 { } and icmp6 { }: for UDP the code says that the port is unreachable."""
    yield from error_about(packet_in, parse(packet_in), port_code=True, turned=False)


def error(packet_in: PacketIn) -> Iterator[Answer]:
    """icmp4_error { } and icmp6_error { }."""
    yield from error_about(packet_in, parse(packet_in), port_code=False, turned=False)


def error_about(packet_in: PacketIn, packet: Parsed, *, port_code: bool, turned: bool) -> Iterator[Answer]:
    """The error; `turned` sends it back to the packet's source, else the nested actions do."""
    link, ip = packet.ethernet, packet.ip
    ends = (link.source, link.destination) if turned else (link.destination, link.source)
    source, destination = (ip.destination, ip.source) if turned else (ip.source, ip.destination)
    start = packet.offset_of(ip)
    if isinstance(ip, Ipv4):
        quoted = packet.data[start : start + min(ip.total_length, ROOM_4)]
        code = icmp4.PORT_UNREACHABLE if port_code and ip.protocol == UDP else icmp4.HOST_UNREACHABLE
        carrier = Ipv4(dont_fragment=1, ttl=TTL, source=source, destination=destination)  # type: ignore[arg-type]
        head = Icmp4(type=icmp4.UNREACHABLE, code=code)
        yield reply(packet_in, packet, Ethernet(*ends), carrier, head, Unreachable(), quoted)
        return
    quoted = packet.data[start : start + min(ip.payload_length + 40, ROOM_6)]
    code = icmp6.PORT_UNREACHABLE if port_code and ip.next_header == UDP else icmp6.PROHIBITED
    carrier6 = Ipv6(hop_limit=TTL, source=source, destination=destination)  # type: ignore[arg-type]
    head6 = Icmp6(type=icmp6.UNREACHABLE, code=code)
    yield reply(packet_in, packet, Ethernet(*ends), carrier6, head6, ErrorRest(), quoted)
