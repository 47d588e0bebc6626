"""put_dhcpv6_opts(...): answer a DHCPv6 client with the options in the userdata (RFC 8415), as pinctrl does.

Served: SOLICIT, REQUEST, CONFIRM, DECLINE and INFORMATION-REQUEST. Lifetimes are infinite.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.openflow.packet_in.headers import parse
from brume.openflow.packet_in.messages import Answer, BadPacketIn, PacketIn
from brume.openflow.packet_in.results import result_bit, resume
from brume.packets.checksum import udp_checksum
from brume.packets.ipv6 import Ipv6
from brume.packets.udp import Udp

ADVERTISE, REPLY, INFORMATION_REQUEST = 2, 7, 11
ANSWERS: Final = {1: ADVERTISE, 3: REPLY, 4: REPLY, 9: REPLY, INFORMATION_REQUEST: REPLY}
CLIENT_ID, SERVER_ID, IA_NA, IA_ADDRESS, DNS_SERVERS, DOMAIN_SEARCH = 1, 2, 3, 5, 23, 24
DUID_LINK_LAYER: Final = b"\x00\x03\x00\x01"  # DUID-LL over Ethernet
FOR_EVER: Final = b"\xff" * 4


def put_dhcpv6_opts(packet_in: PacketIn) -> Iterator[Answer]:
    """Resume with the reply and the result bit set, or unchanged with the bit clear."""
    bit, arguments = result_bit(packet_in.userdata)
    try:
        data: bytes | None = _reply(packet_in, arguments)
    except BadPacketIn:
        data = None
    yield resume(packet_in, bit, data)


def _reply(packet_in: PacketIn, arguments: bytes) -> bytes:
    packet = parse(packet_in)
    ip, udp = packet.require(Ipv6), packet.require(Udp)
    start = packet.offset_of(udp)
    message = packet_in.data[start + udp.size() : start + udp.length]
    kind = ANSWERS.get(message[0] if len(message) > 4 else 0)
    asked = dict(split_options(message[4:]))
    identity, association = asked.get(CLIENT_ID), asked.get(IA_NA, b"")[:4]
    if kind is None or identity is None or not arguments:
        raise BadPacketIn("no DHCPv6 message that is answered")
    if len(association) != 4 and message[0] != INFORMATION_REQUEST:
        raise BadPacketIn("DHCPv6 option IA_NA not present")
    said = b"".join(_say(code, value, association) for code, value in split_options(arguments))
    body = bytes((kind,)) + message[1:4] + option(CLIENT_ID, identity) + said
    length = (8 + len(body)).to_bytes(2, "big")
    datagram = packet_in.data[start : start + 4] + length + bytes(2) + body
    checksum = udp_checksum(ip.source, ip.destination, datagram).to_bytes(2, "big")
    place = packet.offset_of(ip)
    head = packet_in.data[: place + 4] + length + packet_in.data[place + 6 : start]
    return head + datagram[:6] + checksum + datagram[8:]


def _say(code: int, value: bytes, association: bytes) -> bytes:
    """An option of the userdata as it stands in a reply."""
    if code == SERVER_ID:
        return option(SERVER_ID, DUID_LINK_LAYER + value)
    if code == IA_ADDRESS:
        address = option(IA_ADDRESS, value + FOR_EVER * 2)
        return option(IA_NA, association + FOR_EVER * 2 + address) if association else b""
    if code == DOMAIN_SEARCH:
        return option(DOMAIN_SEARCH, bytes((len(value),)) + value + b"\0")
    if code == DNS_SERVERS:
        return option(DNS_SERVERS, value)
    raise BadPacketIn(f"DHCPv6 option {code} is not served")


def option(code: int, value: bytes) -> bytes:
    """One option as octets."""
    return code.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value


def split_options(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(code, value) pairs, up to where one is cut short."""
    at = 0
    while at + 4 <= len(data):
        code, length = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 4], "big")
        if at + 4 + length > len(data):
            return
        yield code, data[at + 4 : at + 4 + length]
        at += 4 + length
