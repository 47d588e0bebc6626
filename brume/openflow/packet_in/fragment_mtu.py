"""icmp4.frag_mtu = n; and icmp6.frag_mtu = n;: OpenFlow has no such field, so the controller writes it."""

from __future__ import annotations

from collections.abc import Iterator

from brume.openflow.packet_in.headers import parse
from brume.openflow.packet_in.messages import Answer, BadPacketIn, PacketIn, Resume
from brume.packets.checksum import internet_checksum, transport_checksum
from brume.packets.icmp4 import Icmp4
from brume.packets.icmp6 import Icmp6
from brume.packets.ipv4 import ICMP6, Ipv4


def put_fragment_mtu(packet_in: PacketIn) -> Iterator[Answer]:
    """Resume with the next hop's MTU in the ICMP header."""
    try:
        data = _with_mtu(packet_in)
    except BadPacketIn:
        data = packet_in.data
    yield Resume(data, packet_in.key, packet_in.continuation)


def _with_mtu(packet_in: PacketIn) -> bytes:
    packet, mtu = parse(packet_in), packet_in.userdata
    head = packet.find(Icmp4) or packet.require(Icmp6)
    start = packet.offset_of(head)
    ip = packet.ip
    if isinstance(head, Icmp4):
        if not isinstance(ip, Ipv4):
            raise BadPacketIn("ICMP of IPv4 in another packet")
        end = packet.offset_of(ip) + ip.total_length
        message = packet.data[start : start + 2] + bytes(2) + packet.data[start + 4 : start + 6] + mtu[:2]
        message += packet.data[start + 8 : end]
        checksum = internet_checksum(message)
    else:
        message = packet.data[start : start + 2] + bytes(2) + mtu[:4] + packet.data[start + 8 :]
        checksum = transport_checksum(ip.source, ip.destination, ICMP6, message)
    return packet.data[:start] + message[:2] + checksum.to_bytes(2, "big") + message[4:]
