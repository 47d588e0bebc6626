"""dns_lookup(): answer a DNS query for a name that the southbound knows (RFC 1035), as pinctrl does.

The reply is the query with a bit set and answers appended; the logical flow behind it turns addresses and ports. What
is not answered goes on to the server that was asked: other names and types, several questions' sections, queries with
additional records (EDNS) among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.openflow.packet_in.headers import parse
from brume.openflow.packet_in.messages import Answer, BadPacketIn, PacketIn
from brume.openflow.packet_in.results import result_bit, resume
from brume.packets import PacketError
from brume.packets.checksum import internet_checksum, udp_checksum
from brume.packets.dns import AAAA, INTERNET, PTR, A, Dns, QuestionRest
from brume.packets.ipv4 import Ipv4
from brume.packets.ipv6 import Ipv6
from brume.packets.udp import Udp
from brume.values import parse_address

ANY: Final = 255
LIFETIME: Final = 3600
RESPONSE: Final = 0x80
"""In the third octet of the header."""


def look_up(packet_in: PacketIn) -> Iterator[Answer]:
    """Resume with the reply and the result bit set, or unchanged with the bit clear."""
    bit, _ = result_bit(packet_in.userdata)
    try:
        data = _reply(packet_in)
    except (BadPacketIn, PacketError, ValueError):  # the last: what the row says is no address
        data = None
    yield resume(packet_in, bit, data)


def _reply(packet_in: PacketIn) -> bytes | None:
    packet = parse(packet_in)
    ip, udp = packet.ip, packet.require(Udp)
    start = packet.offset_of(udp)
    message = packet_in.data[start + udp.size() :]
    header = Dns.parse(message)
    if header.response or not header.questions or header.additionals:
        return None
    name, end = _name(message, header.size(), udp.length - udp.size())
    question = QuestionRest.parse(message, end)
    known = packet_in.names(packet_in.datapath, name.lower())
    answers = [] if known is None else list(_answers(message[header.size() : end], question.type, known))
    if not answers:
        return None
    said = message[:2] + bytes((message[2] | RESPONSE,)) + message[3:6]
    counted = said + len(answers).to_bytes(2, "big") + message[8:10] + bytes(2) + message[12:] + b"".join(answers)
    length = udp.length + sum(map(len, answers))
    datagram = packet_in.data[start : start + 4] + length.to_bytes(2, "big") + bytes(2) + counted
    place = packet.offset_of(ip)
    return packet_in.data[:place] + _carried(packet_in.data[place:start], ip, length, datagram)


def _name(message: bytes, at: int, limit: int) -> tuple[str, int]:
    """The name asked for, with whatever stands in its labels, and where it ends; pinctrl knows no compression."""
    labels = []
    while at < limit and message[at]:
        length = message[at]
        if at + 1 + length > limit:
            raise PacketError("a domain name is cut short", at)
        labels.append(message[at + 1 : at + 1 + length].decode("latin-1"))
        at += 1 + length
    return ".".join(labels), at + 1


def _answers(name: bytes, kind: int, known: str) -> Iterator[bytes]:
    """The resource records, names written in full."""
    if kind == PTR:
        yield _record(name, PTR, _labels(known))
        return
    if kind not in (A, AAAA, ANY):
        return
    addresses = [parse_address(word) for word in known.replace(",", " ").split()]
    for wanted, version in ((A, 4), (AAAA, 6)):
        if kind in (wanted, ANY):
            found = [one for one in addresses if version == one.VERSION]
            yield from (_record(name, wanted, one.packed) for one in found)


def _record(name: bytes, kind: int, data: bytes) -> bytes:
    words = kind.to_bytes(2, "big") + INTERNET.to_bytes(2, "big") + LIFETIME.to_bytes(4, "big")
    return name + words + len(data).to_bytes(2, "big") + data


def _labels(name: str) -> bytes:
    octets = b""
    for label in name.rstrip(".").split("."):
        octets += bytes((len(label),)) + label.encode("latin-1", "replace")
    return octets + b"\0"


def _carried(header: bytes, ip: Ipv4 | Ipv6, length: int, datagram: bytes) -> bytes:
    """The IP header with its new length, and the datagram with the checksum that it needs."""
    if isinstance(ip, Ipv4):
        changed = header[:2] + (len(header) + length).to_bytes(2, "big") + header[4:10] + bytes(2) + header[12:]
        return changed[:10] + internet_checksum(changed).to_bytes(2, "big") + changed[12:] + datagram
    checksum = udp_checksum(ip.source, ip.destination, datagram)
    changed = header[:4] + length.to_bytes(2, "big") + header[6:]
    return changed + datagram[:6] + checksum.to_bytes(2, "big") + datagram[8:]
