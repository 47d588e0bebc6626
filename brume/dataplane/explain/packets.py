"""The packets a host would send: a first packet of each protocol, and the answer to it; IPv4 and IPv6.

Identifiers, ports and sequence numbers are fixed, so that the same question gives the same octets. The question for a
MAC address is in `neighbors.py`.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from brume.packets import PacketError, icmp4, icmp6, tcp
from brume.packets.build import stack
from brume.packets.ethernet import Ethernet
from brume.packets.header import Header
from brume.packets.icmp4 import Echo, Icmp4
from brume.packets.icmp6 import Icmp6
from brume.packets.ipv4 import Ipv4
from brume.packets.ipv6 import MINIMUM_MTU, Ipv6
from brume.packets.layers import walk
from brume.packets.tcp import Tcp
from brume.packets.udp import Udp
from brume.values import IpAddress, Ipv4Address, Ipv6Address, MacAddress

Protocol = Literal["icmp", "tcp", "udp"]
SOURCE_PORT: Final = 49152
"""The first dynamic port (RFC 6335)."""
PAYLOAD: Final = bytes(range(0x10, 0x48))
"""As much as ping sends: 56 octets."""
HOPS: Final = 64
WINDOW: Final = 64240
QUOTED6: Final = MINIMUM_MTU - 48
"""As much as fits behind the IPv6 and ICMPv6 headers of an error (RFC 4443 section 2.4)."""


class Ends(NamedTuple):
    """Who sends to whom; both addresses are of one family."""

    source_mac: MacAddress
    target_mac: MacAddress
    source: IpAddress
    target: IpAddress

    def link(self) -> Ethernet:
        return Ethernet(self.target_mac, self.source_mac)

    def ip(self) -> Ipv4 | Ipv6:
        source, target = self.source, self.target
        if isinstance(source, Ipv6Address) and isinstance(target, Ipv6Address):
            return Ipv6(hop_limit=HOPS, source=source, destination=target)
        assert isinstance(source, Ipv4Address)
        assert isinstance(target, Ipv4Address)
        return Ipv4(ttl=HOPS, dont_fragment=1, source=source, destination=target)

    def echo(self, *, is_reply: bool) -> Icmp4 | Icmp6:
        """The head of an echo request or reply."""
        if self.source.VERSION == 6:
            return Icmp6(type=icmp6.ECHO_REPLY if is_reply else icmp6.ECHO_REQUEST)
        return Icmp4(type=icmp4.ECHO_REPLY if is_reply else icmp4.ECHO_REQUEST)


def first_packet(ends: Ends, protocol: Protocol, port: int | None) -> bytes:
    """An echo request, a SYN, or a datagram."""
    if protocol == "icmp":
        return stack(ends.link(), ends.ip(), ends.echo(is_reply=False), Echo(identifier=1, sequence=1), PAYLOAD)
    number = port or 0
    if protocol == "tcp":
        head = Tcp(source=SOURCE_PORT, destination=number, sequence=1000, flags=tcp.SYN, window=WINDOW)
        return stack(ends.link(), ends.ip(), head)
    return stack(ends.link(), ends.ip(), Udp(source=SOURCE_PORT, destination=number), b"brume")


def answer(frame: bytes, target_mac: MacAddress, accepts: bool) -> bytes | None:
    """What the receiver of a first packet sends back; `accepts`: somebody listens. None: nothing would come."""
    found: dict[type[Header], Header] = {type(one): one for one in headers_of(frame)}
    link, ip = found.get(Ethernet), ip_of(frame)
    if not isinstance(link, Ethernet) or ip is None:
        return None
    ends = Ends(link.destination, target_mac, ip.destination, ip.source)
    echo, segment, datagram = (found.get(kind) for kind in (Echo, Tcp, Udp))
    if isinstance(echo, Echo):
        is_asked = is_echo_request(frame)
        return stack(ends.link(), ends.ip(), ends.echo(is_reply=True), echo, PAYLOAD) if is_asked else None
    if isinstance(segment, Tcp):
        return stack(ends.link(), ends.ip(), _tcp_answer(segment, accepts))
    if isinstance(datagram, Udp):
        if accepts:
            return stack(ends.link(), ends.ip(), Udp(datagram.destination, datagram.source), b"brume")
        return _port_unreachable(ends, frame[link.size() :])
    return None


def _tcp_answer(segment: Tcp, accepts: bool) -> Tcp:
    return Tcp(
        source=segment.destination,
        destination=segment.source,
        sequence=5000 if accepts else 0,
        acknowledgment=segment.sequence + 1,
        flags=tcp.SYN | tcp.ACK if accepts else tcp.RST | tcp.ACK,
        window=WINDOW if accepts else 0,
    )


def _port_unreachable(ends: Ends, packet: bytes) -> bytes:
    if ends.source.VERSION == 6:
        head6 = Icmp6(type=icmp6.UNREACHABLE, code=icmp6.PORT_UNREACHABLE)
        return stack(ends.link(), ends.ip(), head6, icmp4.ErrorRest(), packet[:QUOTED6])
    head = Icmp4(type=icmp4.UNREACHABLE, code=icmp4.PORT_UNREACHABLE)
    return stack(ends.link(), ends.ip(), head, icmp4.Unreachable(), packet)


def headers_of(frame: bytes) -> list[Header]:
    """The headers of a frame, as far as they make sense: the payload of a packet to port 53 is no DNS message."""
    found: list[Header] = []
    try:
        found.extend(layer.content for layer in walk(frame) if isinstance(layer.content, Header))
    except PacketError:
        return found
    return found


def ip_of(frame: bytes) -> Ipv4 | Ipv6 | None:
    """The outermost IP header of a frame."""
    return next((one for one in headers_of(frame) if isinstance(one, Ipv4 | Ipv6)), None)


def is_echo_request(frame: bytes) -> bool:
    """Whether a frame asks for an echo."""
    return _icmp_type(frame) in ((4, icmp4.ECHO_REQUEST), (6, icmp6.ECHO_REQUEST))


def is_echo_reply(frame: bytes) -> bool:
    """Whether a frame answers an echo request."""
    return _icmp_type(frame) in ((4, icmp4.ECHO_REPLY), (6, icmp6.ECHO_REPLY))


def _icmp_type(frame: bytes) -> tuple[int, int] | None:
    """The family and type of a frame's ICMP message, if it is one."""
    for one in headers_of(frame):
        if isinstance(one, Icmp4 | Icmp6):
            return (4 if isinstance(one, Icmp4) else 6), one.type
    return None


def is_refusal(frame: bytes) -> bool:
    """Whether a frame says that another one came to nothing: an ICMP error, or the reset of a TCP connection."""
    family, kind = _icmp_type(frame) or (0, 0)
    if family:
        return kind in icmp4.ERRORS if family == 4 else kind < icmp6.ECHO_REQUEST
    return any(isinstance(one, Tcp) and one.flags & tcp.RST for one in headers_of(frame))
