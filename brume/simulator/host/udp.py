"""Udp: sockets, the echo service (RFC 862), and refusals.

A socket is a port and a function; `open` gives one that can send and that hears of errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from brume.packets import ipv4, udp
from brume.packets.checksum import transport_checksum
from brume.packets.errors import PacketError
from brume.packets.ipv4 import Ipv4
from brume.packets.ipv6 import Ipv6
from brume.simulator.host.errors import Unreachable
from brume.simulator.host.icmp import IcmpError
from brume.values import IpAddress

if TYPE_CHECKING:
    from brume.simulator.host.host import Host

EPHEMERAL = range(32768, 61000)  # net.ipv4.ip_local_port_range


class Socket:
    """An open port."""

    __slots__ = ("host", "on_error", "on_receive", "port")

    def __init__(
        self,
        host: Host,
        port: int,
        on_receive: Callable[[Socket, IpAddress, int, bytes], object],
        on_error: Callable[[IcmpError, int], object] | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.on_receive = on_receive
        self.on_error = on_error

    def send(self, destination: IpAddress, port: int, data: bytes, ttl: int = ipv4.DEFAULT_TTL) -> None:
        """Send a datagram; `Unreachable` when there is no way."""
        self.host.internet.send(destination, udp.Udp(self.port, port), data, ttl=ttl)

    def close(self) -> None:
        """Listen no more."""
        self.host.udp.sockets.pop(self.port, None)


def echo(socket: Socket, source: IpAddress, port: int, data: bytes) -> None:
    """The echo service: send back what came."""
    try:
        socket.send(source, port, data)
    except Unreachable as error:
        socket.host.drops[f"UDP echo: {error}"] += 1


class Udp:
    """UDP of a host."""

    __slots__ = ("_next", "host", "sockets")

    def __init__(self, host: Host, echo_ports: Iterable[int]) -> None:
        self.host = host
        self._next = host.mac.value % len(EPHEMERAL)
        self.sockets: dict[int, Socket] = {port: Socket(host, port, echo) for port in echo_ports}

    def open(
        self,
        on_receive: Callable[[Socket, IpAddress, int, bytes], object],
        on_error: Callable[[IcmpError, int], object] | None = None,
        port: int = 0,
    ) -> Socket:
        """Listen on a port, or on a free one; errors come with the port the datagram went to."""
        if not port:
            port = self._free_port()
        elif port in self.sockets:
            raise ValueError(f"UDP port {port} of {self.host.name} is in use")
        socket = self.sockets[port] = Socket(self.host, port, on_receive, on_error)
        return socket

    def _free_port(self) -> int:
        for _ in EPHEMERAL:
            self._next = (self._next + 1) % len(EPHEMERAL)
            if EPHEMERAL[self._next] not in self.sockets:
                return EPHEMERAL[self._next]
        raise ValueError(f"{self.host.name} has no free UDP port")

    def receive(self, header: Ipv4 | Ipv6, payload: bytes) -> None:
        """Take a datagram."""
        message = udp.Udp.parse(payload)
        if not message.size() <= message.length <= len(payload):
            raise PacketError("Udp length is not what is there", 0)
        payload = payload[: message.length]
        unchecked = not message.checksum and isinstance(header, Ipv4)  # RFC 8200 section 8.1: never in IPv6
        if not unchecked and transport_checksum(header.source, header.destination, ipv4.UDP, payload):
            self.host.drops["UDP checksum"] += 1
            return
        if message.destination == udp.DHCP_CLIENT and self.host.has_dhcp_running():
            self.host.dhcp.receive(payload[message.size() :])
            return
        socket = self.sockets.get(message.destination)
        if socket is None:
            self.host.icmp.refuse_port(header, payload)
        else:
            socket.on_receive(socket, header.source, message.source, payload[message.size() :])

    def failed(self, port: int, destination: IpAddress, destination_port: int, error: IcmpError) -> None:
        """An ICMP error came about a datagram sent from a port of ours."""
        socket = self.sockets.get(port)
        if socket is not None and socket.on_error is not None:
            socket.on_error(error, destination_port)
