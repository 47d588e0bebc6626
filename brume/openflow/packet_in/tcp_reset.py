"""tcp_reset { ... }: a reset that ends the connection a segment belongs to (RFC 9293 section 3.10.7.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.openflow.packet_in.headers import Parsed, parse, reply
from brume.openflow.packet_in.messages import Answer, PacketIn
from brume.packets import tcp
from brume.packets.ethernet import Ethernet
from brume.packets.ipv4 import Ipv4
from brume.packets.ipv6 import Ipv6

TTL: Final = 63


def reset(packet_in: PacketIn) -> Iterator[Answer]:
    """The nested actions turn the addresses."""
    yield from reset_for(packet_in, parse(packet_in), turned=False)


def reset_for(packet_in: PacketIn, packet: Parsed, *, turned: bool) -> Iterator[Answer]:
    """A segment with RST and ACK; `turned` sends it back to the source."""
    link, ip, segment = packet.ethernet, packet.ip, packet.require(tcp.Tcp)
    ends = (link.source, link.destination) if turned else (link.destination, link.source)
    source, destination = (ip.destination, ip.source) if turned else (ip.source, ip.destination)
    if isinstance(ip, Ipv4):
        carrier: Ipv4 | Ipv6 = Ipv4(dont_fragment=1, ttl=TTL, source=source, destination=destination)  # type: ignore[arg-type]
    else:
        carrier = Ipv6(hop_limit=TTL, source=source, destination=destination)  # type: ignore[arg-type]
    answer = tcp.Tcp(
        source=segment.destination,
        destination=segment.source,
        acknowledgment=(segment.sequence + 1) & 0xFFFFFFFF,
        flags=tcp.RST | tcp.ACK,
    )
    yield reply(packet_in, packet, Ethernet(*ends), carrier, answer)
