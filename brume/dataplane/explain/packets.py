"""The packets a host would send: a first packet of each protocol, the question for a MAC address, the answer.

IPv4 only; identifiers, ports and sequence numbers are fixed, so that the same question gives the same octets.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from brume.packets import PacketError, icmp4, tcp
from brume.packets.arp import REQUEST, Arp
from brume.packets.build import stack
from brume.packets.ethernet import Ethernet
from brume.packets.header import Header
from brume.packets.icmp4 import Echo, Icmp4
from brume.packets.ipv4 import Ipv4
from brume.packets.layers import walk
from brume.packets.tcp import Tcp
from brume.packets.udp import Udp
from brume.values import Ipv4Address, MacAddress

Protocol = Literal["icmp", "tcp", "udp"]
SOURCE_PORT: Final = 49152
"""The first dynamic port (RFC 6335)."""
PAYLOAD: Final = bytes(range(0x10, 0x48))
"""As much as ping sends: 56 octets."""
BROADCAST: Final = MacAddress(0xFFFF_FFFF_FFFF)
WINDOW: Final = 64240


class Ends(NamedTuple):
    """Who sends to whom."""

    source_mac: MacAddress
    target_mac: MacAddress
    source: Ipv4Address
    target: Ipv4Address

    def link(self) -> Ethernet:
        return Ethernet(self.target_mac, self.source_mac)

    def ip(self) -> Ipv4:
        return Ipv4(ttl=64, dont_fragment=1, source=self.source, destination=self.target)


def first_packet(ends: Ends, protocol: Protocol, port: int | None) -> bytes:
    """An echo request, a SYN, or a datagram."""
    if protocol == "icmp":
        return stack(ends.link(), ends.ip(), Icmp4(type=icmp4.ECHO_REQUEST), Echo(identifier=1, sequence=1), PAYLOAD)
    number = port or 0
    if protocol == "tcp":
        head = Tcp(source=SOURCE_PORT, destination=number, sequence=1000, flags=tcp.SYN, window=WINDOW)
        return stack(ends.link(), ends.ip(), head)
    return stack(ends.link(), ends.ip(), Udp(source=SOURCE_PORT, destination=number), b"brume")


def question(mac: MacAddress, source: Ipv4Address, target: Ipv4Address) -> bytes:
    """Who has this address?"""
    return stack(Ethernet(BROADCAST, mac), Arp(operation=REQUEST, sender_mac=mac, sender_ip=source, target_ip=target))


def answer(frame: bytes, target_mac: MacAddress, accepts: bool) -> bytes | None:
    """What the receiver of a first packet sends back; `accepts`: somebody listens. None: nothing would come."""
    found: dict[type[Header], Header] = {type(one): one for one in headers_of(frame)}
    link, ip = found.get(Ethernet), found.get(Ipv4)
    if not isinstance(link, Ethernet) or not isinstance(ip, Ipv4):
        return None
    ends = Ends(link.destination, target_mac, ip.destination, ip.source)
    head, echo, segment, datagram = (found.get(kind) for kind in (Icmp4, Echo, Tcp, Udp))
    if isinstance(echo, Echo) and isinstance(head, Icmp4) and head.type == icmp4.ECHO_REQUEST:
        return stack(ends.link(), ends.ip(), Icmp4(type=icmp4.ECHO_REPLY), echo, PAYLOAD)
    if isinstance(segment, Tcp):
        flags = tcp.SYN | tcp.ACK if accepts else tcp.RST | tcp.ACK
        back = Tcp(
            source=segment.destination,
            destination=segment.source,
            sequence=5000 if accepts else 0,
            acknowledgment=segment.sequence + 1,
            flags=flags,
            window=WINDOW if accepts else 0,
        )
        return stack(ends.link(), ends.ip(), back)
    if isinstance(datagram, Udp):
        if accepts:
            return stack(ends.link(), ends.ip(), Udp(datagram.destination, datagram.source), b"brume")
        return _port_unreachable(ends, frame, link.size())
    return None


def _port_unreachable(ends: Ends, frame: bytes, offset: int) -> bytes:
    head = Icmp4(type=icmp4.UNREACHABLE, code=icmp4.PORT_UNREACHABLE)
    return stack(ends.link(), ends.ip(), head, icmp4.Unreachable(), frame[offset:])


def headers_of(frame: bytes) -> list[Header]:
    """The headers of a frame, as far as they make sense: the payload of a packet to port 53 is no DNS message."""
    found: list[Header] = []
    try:
        found.extend(layer.content for layer in walk(frame) if isinstance(layer.content, Header))
    except PacketError:
        return found
    return found


def ipv4_of(frame: bytes) -> Ipv4 | None:
    """The outermost IPv4 header of a frame."""
    return next((one for one in headers_of(frame) if isinstance(one, Ipv4)), None)


def echo_type(frame: bytes) -> int | None:
    """The ICMP type of a frame, if it is ICMP."""
    return next((one.type for one in headers_of(frame) if isinstance(one, Icmp4)), None)


def is_refusal(frame: bytes) -> bool:
    """Whether a frame says that another one came to nothing: an ICMP error, or the reset of a TCP connection."""
    found = headers_of(frame)
    return any(isinstance(one, Icmp4) and one.type in icmp4.ERRORS for one in found) or any(
        isinstance(one, Tcp) and one.flags & tcp.RST for one in found
    )
