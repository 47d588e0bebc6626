"""put_nd_ra_opts(...): answer a router solicitation with the advertisement that stands ready in the userdata."""

from __future__ import annotations

from collections.abc import Iterator

from brume.openflow.packet_in.headers import parse
from brume.openflow.packet_in.messages import Answer, BadPacketIn, PacketIn
from brume.openflow.packet_in.results import result_bit, resume
from brume.packets.checksum import transport_checksum
from brume.packets.icmp6 import ROUTER_SOLICITATION, Icmp6
from brume.packets.ipv4 import ICMP6
from brume.packets.ipv6 import Ipv6


def put_nd_ra_opts(packet_in: PacketIn) -> Iterator[Answer]:
    """Resume with the advertisement in the place of the solicitation."""
    bit, advertisement = result_bit(packet_in.userdata)
    try:
        data = _advertise(packet_in, advertisement)
    except BadPacketIn:
        data = None
    yield resume(packet_in, bit, data)


def _advertise(packet_in: PacketIn, advertisement: bytes) -> bytes:
    packet = parse(packet_in)
    ip, question = packet.require(Ipv6), packet.require(Icmp6)
    if question.type != ROUTER_SOLICITATION or question.code or len(advertisement) < 4:
        raise BadPacketIn("put_nd_ra action on invalid or unsupported packet")
    blank = advertisement[:2] + bytes(2) + advertisement[4:]
    checksum = transport_checksum(ip.source, ip.destination, ICMP6, blank)
    start, place = packet.offset_of(question), packet.offset_of(ip)
    head = packet_in.data[:place] + packet_in.data[place : place + 4]
    head += len(blank).to_bytes(2, "big") + packet_in.data[place + 6 : start]
    return head + blank[:2] + checksum.to_bytes(2, "big") + blank[4:]
