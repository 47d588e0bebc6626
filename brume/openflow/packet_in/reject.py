"""reject { ... }: refuse a packet in the way of its protocol: TCP reset, else ICMP unreachable, back to the source.

Resets and unreachables are not refused again, or two of them would go on for ever.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.openflow.packet_in.headers import Parsed, parse
from brume.openflow.packet_in.icmp import error_about
from brume.openflow.packet_in.messages import Answer, PacketIn
from brume.openflow.packet_in.tcp_reset import reset_for
from brume.packets import icmp4, icmp6, tcp
from brume.packets.icmp4 import Icmp4
from brume.packets.icmp6 import Icmp6


def reject(packet_in: PacketIn) -> Iterator[Answer]:
    """What the protocol knows as "no"."""
    packet = parse(packet_in)
    if _is_a_refusal(packet):
        return
    if packet.find(tcp.Tcp) is not None:
        yield from reset_for(packet_in, packet, turned=True)
    else:
        yield from error_about(packet_in, packet, port_code=True, turned=True)


def _is_a_refusal(packet: Parsed) -> bool:
    segment, error, error6 = packet.find(tcp.Tcp), packet.find(Icmp4), packet.find(Icmp6)
    return (
        (segment is not None and segment.has(tcp.RST))
        or (error is not None and error.type == icmp4.UNREACHABLE)
        or (error6 is not None and error6.type == icmp6.UNREACHABLE)
    )
