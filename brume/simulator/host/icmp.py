"""Icmp: echo, errors sent, and errors received, handed to whoever sent the packet they quote.

Rules: an error never answers an error, a fragment, a broadcast or a multicast (RFC 1122 section 3.2.2); an error
received is believed only if something of ours matches the packet it quotes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from brume.packets import icmp4, icmp6, ipv4
from brume.packets.build import stack
from brume.packets.checksum import internet_checksum, transport_checksum
from brume.packets.errors import PacketError
from brume.packets.icmp4 import Echo, ErrorRest, Icmp4
from brume.packets.icmp6 import Icmp6
from brume.packets.ipv4 import Ipv4
from brume.packets.ipv6 import Ipv6, transport
from brume.simulator.host.errors import Unreachable
from brume.values import IpAddress, Ipv4Address

if TYPE_CHECKING:
    from brume.simulator.host.host import Host

QUOTE4 = 548  # RFC 1812 section 4.3.2.3: no ICMP error longer than 576 octets
QUOTE6 = 1184  # RFC 4443 section 2.4: none longer than the least MTU


class IcmpError(msgspec.Struct, frozen=True):
    """An error about a packet of ours: who says so, and what."""

    source: IpAddress
    type: int
    code: int
    mtu: int = 0

    @property
    def is_time_exceeded(self) -> bool:
        """True when the packet's TTL ran out, which traceroute wants."""
        return self.type == (icmp4.TIME_EXCEEDED if isinstance(self.source, Ipv4Address) else icmp6.TIME_EXCEEDED)

    @property
    def is_port_unreachable(self) -> bool:
        """True when the destination itself says that nobody listens."""
        if isinstance(self.source, Ipv4Address):
            return (self.type, self.code) == (icmp4.UNREACHABLE, icmp4.PORT_UNREACHABLE)
        return (self.type, self.code) == (icmp6.UNREACHABLE, icmp6.PORT_UNREACHABLE)

    @property
    def is_too_long(self) -> bool:
        """True when a router says how long a packet may be."""
        if isinstance(self.source, Ipv4Address):
            return bool(self.mtu) and (self.type, self.code) == (icmp4.UNREACHABLE, icmp4.FRAGMENTATION_NEEDED)
        return self.type == icmp6.PACKET_TOO_BIG

    def __str__(self) -> str:
        return _text4(self) if isinstance(self.source, Ipv4Address) else _text6(self)


_UNREACHABLE4 = {
    0: "Destination Net Unreachable",
    1: "Destination Host Unreachable",
    2: "Destination Protocol Unreachable",
    3: "Destination Port Unreachable",
    9: "Destination Net Prohibited",
    10: "Destination Host Prohibited",
    13: "Packet filtered",
}
_UNREACHABLE6 = {0: "No route", 1: "Administratively prohibited", 3: "Address unreachable", 4: "Port unreachable"}


def _text4(error: IcmpError) -> str:
    """As iputils ping says it."""
    if error.type == icmp4.TIME_EXCEEDED:
        return "Time to live exceeded" if error.code == 0 else "Frag reassembly time exceeded"
    if error.type == icmp4.PARAMETER_PROBLEM:
        return "Parameter problem"
    if error.type == icmp4.REDIRECT:
        return "Redirect Host"
    if error.code == icmp4.FRAGMENTATION_NEEDED:
        return f"Frag needed and DF set (mtu = {error.mtu})"
    return _UNREACHABLE4.get(error.code, f"Dest Unreachable, Bad Code: {error.code}")


def _text6(error: IcmpError) -> str:
    if error.type == icmp6.TIME_EXCEEDED:
        return "Time exceeded: Hop limit"
    if error.type == icmp6.PACKET_TOO_BIG:
        return f"Packet too big: mtu={error.mtu}"
    if error.type == icmp6.PARAMETER_PROBLEM:
        return "Parameter problem"
    return f"Destination unreachable: {_UNREACHABLE6.get(error.code, f'Unknown code {error.code}')}"


class EchoListener(Protocol):
    """Somebody who pings."""

    def echo_replied(self, source: IpAddress, sequence: int, ttl: int, size: int) -> None:
        """A reply came, of so many octets of ICMP."""
        ...

    def echo_failed(self, sequence: int, error: IcmpError) -> None:
        """An error came about a request."""
        ...


class Icmp:
    """ICMP and ICMPv6 of a host."""

    __slots__ = ("_next_identifier", "host", "listeners")

    def __init__(self, host: Host) -> None:
        self.host = host
        self.listeners: dict[int, EchoListener] = {}
        self._next_identifier = host.mac.value & 0xFFFF  # translators tell hosts apart by it, too

    def register(self, listener: EchoListener) -> int:
        """Get an identifier for echo requests, whose replies and errors come to the listener."""
        while True:
            self._next_identifier = self._next_identifier % 0xFFFF + 1
            if self._next_identifier not in self.listeners:
                self.listeners[self._next_identifier] = listener
                return self._next_identifier

    def request_echo(
        self, destination: IpAddress, identifier: int, sequence: int, data: bytes, ttl: int, dont_fragment: bool = False
    ) -> None:
        """Send an echo request; `Unreachable` when there is no way."""
        kind = Icmp4(icmp4.ECHO_REQUEST) if isinstance(destination, Ipv4Address) else Icmp6(icmp6.ECHO_REQUEST)
        self.host.internet.send(
            destination, kind, Echo(identifier, sequence), data, ttl=ttl, dont_fragment=dont_fragment
        )

    def receive4(self, header: Ipv4, payload: bytes) -> None:
        """Take an ICMP message."""
        if internet_checksum(payload):
            self.host.drops["ICMP checksum"] += 1
            return
        message = Icmp4.parse(payload)
        body = payload[message.size() :]
        if message.type == icmp4.ECHO_REQUEST:
            if (
                self.host.is_local(header.destination) and not header.destination.is_multicast
            ):  # net.ipv4.icmp_echo_ignore_broadcasts is 1
                self._reply(header.source, Icmp4(icmp4.ECHO_REPLY), body, header.destination)
        elif message.type == icmp4.ECHO_REPLY:
            self._replied(header.source, body, header.ttl, len(payload))
        elif message.type in icmp4.ERRORS:
            rest = ErrorRest.parse(body)
            error = IcmpError(header.source, message.type, message.code, rest.value & 0xFFFF)
            self._dispatch(error, body[rest.size() :])

    def receive6(self, header: Ipv6, payload: bytes) -> None:
        """Take an ICMPv6 message."""
        if transport_checksum(header.source, header.destination, ipv4.ICMP6, payload):
            self.host.drops["ICMPv6 checksum"] += 1
            return
        message = Icmp6.parse(payload)
        body = payload[message.size() :]
        if message.type == icmp6.ECHO_REQUEST:
            source = header.destination if self.host.is_local(header.destination) else None
            self._reply(header.source, Icmp6(icmp6.ECHO_REPLY), body, source)
        elif message.type == icmp6.ECHO_REPLY:
            self._replied(header.source, body, header.hop_limit, len(payload))
        elif message.type in (icmp6.NEIGHBOR_SOLICITATION, icmp6.NEIGHBOR_ADVERTISEMENT):
            self.host.neighbors.receive_nd(header, message, body)
        elif message.type == icmp6.ROUTER_ADVERTISEMENT:
            from brume.simulator.host.autoconfig import receive_advertisement

            receive_advertisement(self.host, header, body)
        elif message.type < icmp6.ECHO_REQUEST:
            rest = ErrorRest.parse(body)
            self._dispatch(IcmpError(header.source, message.type, message.code, rest.value), body[rest.size() :])

    def _reply(self, to: IpAddress, kind: Icmp4 | Icmp6, body: bytes, source: IpAddress | None) -> None:
        try:
            self.host.internet.send(to, kind, body, source=source)
        except Unreachable as error:
            self.host.drops[f"echo reply: {error}"] += 1

    def _replied(self, source: IpAddress, body: bytes, ttl: int, size: int) -> None:
        echo = Echo.parse(body)
        listener = self.listeners.get(echo.identifier)
        if listener is not None:
            listener.echo_replied(source, echo.sequence, ttl, size)

    def neighbor_unreachable(self, packet: bytes) -> None:
        """A packet of ours could not be sent since its next hop does not answer: tell its sender, as from ourselves."""
        if packet[0] >> 4 == 4:
            error = IcmpError(Ipv4.parse(packet).source, icmp4.UNREACHABLE, icmp4.HOST_UNREACHABLE)
        else:
            error = IcmpError(Ipv6.parse(packet).source, icmp6.UNREACHABLE, icmp6.ADDRESS_UNREACHABLE)
        self._dispatch(error, packet)

    def refuse_port(self, header: Ipv4 | Ipv6, payload: bytes) -> None:
        """Tell the sender of a UDP datagram that nobody listens."""
        self._refuse(header, payload, icmp4.PORT_UNREACHABLE, icmp6.PORT_UNREACHABLE)

    def refuse_protocol(self, header: Ipv4, payload: bytes) -> None:
        """Tell the sender of a packet that we do not speak its protocol."""
        self._refuse(header, payload, icmp4.PROTOCOL_UNREACHABLE, 0)

    def _refuse(self, header: Ipv4 | Ipv6, payload: bytes, code4: int, code6: int) -> None:
        if header.destination.is_multicast:  # RFC 1122, 3.2.2
            return
        if not self.host.is_local(header.destination) or header.source.is_unspecified:
            return
        quoted = stack(header, payload)
        try:
            if isinstance(header, Ipv4):
                message: Icmp4 | Icmp6 = Icmp4(icmp4.UNREACHABLE, code4)
                quoted = quoted[:QUOTE4]
            else:
                message = Icmp6(icmp6.UNREACHABLE, code6)
                quoted = quoted[:QUOTE6]
            self.host.internet.send(header.source, message, ErrorRest(), quoted, source=header.destination)
        except Unreachable as error:
            self.host.drops[f"refusal: {error}"] += 1

    def _dispatch(self, error: IcmpError, quoted: bytes) -> None:
        """Hand an error to whoever sent the packet it quotes, of which eight octets of transport are enough."""
        if not quoted:
            raise PacketError("an ICMP error quotes nothing", 0)
        if quoted[0] >> 4 == 4:
            header: Ipv4 | Ipv6 = Ipv4.parse(quoted)
            protocol, offset = Ipv4.parse(quoted).protocol, header.size()
        else:
            header = Ipv6.parse(quoted)
            found = transport(header.next_header, quoted, header.size())
            protocol, offset = found.protocol, found.offset
        if not self.host.is_local(header.source) or len(quoted) < offset + 8:
            return
        if error.is_too_long:
            self.host.internet.learn_path_mtu(header.destination, error.mtu)
        source_port = int.from_bytes(quoted[offset : offset + 2], "big")
        destination_port = int.from_bytes(quoted[offset + 2 : offset + 4], "big")
        match protocol:
            case ipv4.ICMP | ipv4.ICMP6:
                echo = Echo.parse(quoted, offset + 4)
                listener = self.listeners.get(echo.identifier)
                if listener is not None:
                    listener.echo_failed(echo.sequence, error)
            case ipv4.UDP:
                self.host.udp.failed(source_port, header.destination, destination_port, error)
            case ipv4.TCP:
                self.host.tcp.failed(source_port, header.destination, destination_port, error)
