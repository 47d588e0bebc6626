"""Verify: which checksums of a frame are wrong, at all its layers; for tests, captures and explanations.

A UDP checksum of zero in IPv4 is none and not wrong (RFC 768); fragments are not looked into.
"""

from __future__ import annotations

from brume.packets import ipv4
from brume.packets.build import Ip
from brume.packets.checksum import internet_checksum, transport_checksum
from brume.packets.errors import PacketError
from brume.packets.ethernet import Ethernet
from brume.packets.header import Buffer, Header
from brume.packets.icmp4 import Icmp4
from brume.packets.icmp6 import Icmp6
from brume.packets.ipv4 import Ipv4
from brume.packets.ipv6 import Ipv6
from brume.packets.layers import walk
from brume.packets.tcp import Tcp
from brume.packets.udp import Udp

_PROTOCOLS = {Tcp: ipv4.TCP, Udp: ipv4.UDP, Icmp6: ipv4.ICMP6}


def wrong_checksums(data: Buffer, first: type[Header] = Ethernet) -> tuple[str, ...]:
    """One sentence for each wrong checksum (or for what makes the frame unreadable), outermost first."""
    wrong: list[str] = []
    ip: Ip | None = None
    end = len(data)
    try:
        for layer in walk(data, first):
            header, at = layer.content, layer.offset
            if isinstance(header, Ipv4):
                ip, end = header, at + header.total_length
                if internet_checksum(data[at : at + header.size()]):
                    wrong.append(f"IPv4 header checksum 0x{header.checksum:04x} is wrong at byte {at + 10}")
            elif isinstance(header, Ipv6):
                ip, end = header, at + header.size() + header.payload_length
            elif isinstance(header, Header) and _is_wrong(header, data[at:end], ip):
                wrong.append(f"{type(header).__name__} checksum is wrong in the header at byte {at}")
    except PacketError as error:
        wrong.append(str(error))
    return tuple(wrong)


def _is_wrong(header: Header, segment: Buffer, ip: Ip | None) -> bool:
    if isinstance(ip, Ipv4) and ip.more_fragments:
        return False
    if isinstance(header, Icmp4):
        return bool(internet_checksum(segment))
    protocol = _PROTOCOLS.get(type(header))
    if protocol is None or ip is None:
        return False
    if isinstance(header, Udp) and not header.checksum:
        return isinstance(ip, Ipv6)
    return bool(transport_checksum(ip.source, ip.destination, protocol, segment))
