"""put_dhcp_opts(...): answer a DHCPv4 client with the address and options in the userdata (RFC 2131).

The reply is made from the request: link, IP and BOOTP headers are kept, then changed where a reply differs; the
logical flow behind it turns addresses and ports. Served: DISCOVER, REQUEST, INFORM; heard: RELEASE, DECLINE.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from brume.openflow.packet_in.headers import parse
from brume.openflow.packet_in.messages import Answer, BadPacketIn, PacketIn
from brume.openflow.packet_in.results import result_bit, resume
from brume.packets import dhcp
from brume.packets.checksum import internet_checksum
from brume.packets.errors import PacketError
from brume.packets.ipv4 import Ipv4
from brume.packets.udp import Udp

NETMASK: Final = 1
REQUESTED_IP: Final = 50
LEASE_TIME: Final = 51
MESSAGE_TYPE: Final = 53
RENEWAL_TIME: Final = 58
REBINDING_TIME: Final = 59
BOOTFILE: Final = 67
ETHERBOOT: Final = 175
NEXT_SERVER: Final = 253
BOOTFILE_ALTERNATIVE: Final = 254
NOT_FOR_INFORM: Final = {NETMASK, LEASE_TIME, RENEWAL_TIME, REBINDING_TIME}

BOOTP_SIZE: Final = 236
PADDING: Final = bytes(4)
END: Final = b"\xff"

Options = list[tuple[int, bytes]]


class Request(msgspec.Struct, frozen=True):
    """What a client asks for."""

    header: dhcp.Dhcp
    kind: int
    wanted: bytes
    etherboot: bool


def put_dhcp_opts(packet_in: PacketIn) -> Iterator[Answer]:
    """Resume with the reply and the result bit set, or unchanged with the bit clear."""
    bit, arguments = result_bit(packet_in.userdata)
    try:
        data = _reply(packet_in, arguments)
    except (BadPacketIn, PacketError):
        data = None
    yield resume(packet_in, bit, data)


def _reply(packet_in: PacketIn, arguments: bytes) -> bytes | None:
    if len(arguments) <= 4:
        raise BadPacketIn("DHCP options not present in the userdata")
    offer, options = arguments[:4], list(split_options(arguments[4:]))
    packet = parse(packet_in)
    ip, udp = packet.require(Ipv4), packet.require(Udp)
    start = packet.offset_of(udp)
    request = _request(packet_in.data, start + udp.size(), packet_in.data[start : start + udp.length])
    kind = _answer_to(request, offer)
    if not kind:
        return None
    if request.kind == dhcp.INFORM:
        options = [(code, value) for code, value in options if code not in NOT_FOR_INFORM]
    body = _body(request, kind, offer, _boot_options(options, request.etherboot))
    header = _bootp(packet_in.data[start + 8 : start + 8 + BOOTP_SIZE], request, kind, offer, options)
    length = 8 + len(header) + len(body)
    datagram = packet_in.data[start : start + 4] + length.to_bytes(2, "big") + bytes(2) + header + body
    place = packet.offset_of(ip)
    destination = b"\xff\xff\xff\xff" if request.header.broadcast else offer
    carrier = _carrier(packet_in.data[place:start], destination, length)
    return packet_in.data[:place] + carrier + datagram


def _request(data: bytes, at: int, datagram: bytes) -> Request:
    header = dhcp.Dhcp.parse(data, at)
    if header.operation != dhcp.BOOT_REQUEST:
        raise BadPacketIn(f"invalid opcode in the DHCP packet: {header.operation}")
    options = dict(split_options(datagram[8 + header.size() :], client=True))
    kind = options.get(MESSAGE_TYPE, b"")
    if len(kind) != 1:
        raise BadPacketIn("missing DHCP message type")
    wanted = options.get(REQUESTED_IP, b"")
    return Request(header, kind[0], wanted if len(wanted) == 4 else header.client_ip.packed, ETHERBOOT in options)


def _answer_to(request: Request, offer: bytes) -> int:
    """The type of the reply; 0 when none is due."""
    if request.kind == dhcp.DISCOVER:
        return dhcp.OFFER
    if request.kind == dhcp.REQUEST:
        return dhcp.ACK if request.wanted == offer else dhcp.NAK
    return dhcp.ACK if request.kind == dhcp.INFORM else 0


def _bootp(header: bytes, request: Request, kind: int, offer: bytes, options: Options) -> bytes:
    """The fixed part: your address and the next server filled in."""
    yours, server = header[16:20], header[20:24]
    if request.kind == dhcp.INFORM:
        yours = bytes(4)
    elif kind == dhcp.NAK:
        yours = server = bytes(4)
    else:
        yours, server = offer, dict(options).get(NEXT_SERVER, server)
    return bytes((dhcp.BOOT_REPLY,)) + header[1:16] + yours + server + header[24:]


def _body(request: Request, kind: int, offer: bytes, options: Options) -> bytes:
    """Magic cookie, options, and the padding pinctrl adds around the end mark."""
    said = b"" if kind == dhcp.NAK else b"".join(bytes((code, len(value))) + value for code, value in options)
    cookie = (0x63825363).to_bytes(4, "big")
    return cookie + bytes((MESSAGE_TYPE, 1, kind)) + said + PADDING + END + PADDING


def _boot_options(options: Options, etherboot: bool) -> Options:
    """One boot file: the alternative is for clients that do not say they are iPXE."""
    codes = [code for code, _ in options]
    if BOOTFILE in codes and BOOTFILE_ALTERNATIVE in codes:
        dropped = BOOTFILE_ALTERNATIVE if etherboot else BOOTFILE
        options = [(code, value) for code, value in options if code != dropped]
    return [(BOOTFILE if code == BOOTFILE_ALTERNATIVE else code, value) for code, value in options]


def _carrier(header: bytes, destination: bytes, length: int) -> bytes:
    """The IP header with its new destination, length and checksum."""
    total = (len(header) + length).to_bytes(2, "big")
    changed = header[:2] + total + header[4:10] + bytes(2) + header[12:16] + destination + header[20:]
    return changed[:10] + internet_checksum(changed).to_bytes(2, "big") + changed[12:]


def split_options(data: bytes, *, client: bool = False) -> Iterator[tuple[int, bytes]]:
    """(code, value) pairs up to the end mark or to where one is cut short; a client may pad."""
    at = 0
    while at + 1 < len(data):
        code, length = data[at], data[at + 1]
        if client and code == 0:
            at += 1
            continue
        if (client and code == 255) or at + 2 + length > len(data):
            return
        yield code, data[at + 2 : at + 2 + length]
        at += 2 + length
