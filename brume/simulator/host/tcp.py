"""Tcp: ports that listen, connections by their four-tuple, and resets for everything else (RFC 9293 section 3.5.2).

One connection's own life is in `connection.py`; what listening ports do is in `services.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from brume.packets import ipv4, tcp
from brume.packets.checksum import transport_checksum
from brume.packets.ipv4 import Ipv4
from brume.packets.ipv6 import Ipv6
from brume.simulator.host.connection import Connection, OnEvent
from brume.simulator.host.errors import Unreachable
from brume.simulator.host.icmp import IcmpError
from brume.simulator.host.services import service_for
from brume.simulator.host.udp import EPHEMERAL
from brume.values import IpAddress

if TYPE_CHECKING:
    from brume.simulator.host.host import Host

LIMIT = 1000
Key = tuple[IpAddress, int, IpAddress, int]


class Tcp:
    """TCP of a host."""

    __slots__ = ("_next", "_started", "connections", "host", "listeners")

    def __init__(self, host: Host, ports: Iterable[int]) -> None:
        self.host = host
        self.listeners: dict[int, OnEvent] = {port: service_for(port) for port in ports}
        self.connections: dict[Key, Connection] = {}
        self._next = host.mac.value % len(EPHEMERAL)
        self._started = 0

    def listen(self, port: int, service: OnEvent | None = None) -> None:
        """Accept connections on a port; the service is told of their events."""
        self.listeners[port] = service or service_for(port)

    def close(self, port: int) -> None:
        """Accept no more; connections that exist stay."""
        self.listeners.pop(port, None)

    def connect(self, destination: IpAddress, port: int, on_event: OnEvent) -> Connection:
        """Begin a connection; `Unreachable` when there is no way at all."""
        source = self.host.internet.source_for(destination)
        if source is None:
            raise Unreachable("Network is unreachable")
        key = (source, self._free_port(source, destination, port), destination, port)
        connection = self._make(key, on_event)
        try:
            connection.open()
        except Unreachable:
            self.forget(key)
            raise
        return connection

    def _make(self, key: Key, on_event: OnEvent) -> Connection:
        self._started += 1
        # RFC 6528 wants numbers nobody guesses; here they must be the same on every run.
        initial = (self.host.mac.value * 2654435761 + self._started * 64007) & 0xFFFF_FFFF
        connection = self.connections[key] = Connection(self, key, initial, on_event)
        return connection

    def abandon(self) -> None:
        """Lose power: end all connections without a word to the peers."""
        for connection in tuple(self.connections.values()):
            connection.abandon()

    def forget(self, key: Key) -> None:
        """A connection is over."""
        self.connections.pop(key, None)

    def _free_port(self, source: IpAddress, destination: IpAddress, port: int) -> int:
        for _ in EPHEMERAL:
            self._next = (self._next + 1) % len(EPHEMERAL)
            candidate = EPHEMERAL[self._next]
            if (source, candidate, destination, port) not in self.connections:
                return candidate
        raise Unreachable("Cannot assign requested address")

    def receive(self, header: Ipv4 | Ipv6, payload: bytes) -> None:
        """Take a segment."""
        segment = tcp.Tcp.parse(payload)
        if transport_checksum(header.source, header.destination, ipv4.TCP, payload):
            self.host.drops["TCP checksum"] += 1
            return
        data = payload[segment.size() :]
        key = (header.destination, segment.destination, header.source, segment.source)
        connection = self.connections.get(key)
        if connection is None and segment.flags & (tcp.SYN | tcp.ACK | tcp.RST) == tcp.SYN:
            service = self.listeners.get(segment.destination)
            if service is not None and self.host.is_local(header.destination) and len(self.connections) < LIMIT:
                connection = self._make(key, service)
        if connection is not None:
            connection.receive(segment, data)
        elif not segment.has(tcp.RST) and not header.destination.is_multicast:
            self._refuse(key, segment, len(data))

    def _refuse(self, key: Key, segment: tcp.Tcp, size: int) -> None:
        local, local_port, remote, remote_port = key
        if segment.has(tcp.ACK):
            answer = tcp.Tcp(local_port, remote_port, sequence=segment.acknowledgment, flags=tcp.RST)
        else:
            length = size + segment.has(tcp.SYN) + segment.has(tcp.FIN)
            acknowledgment = segment.sequence + length & 0xFFFF_FFFF
            flags = tcp.RST | tcp.ACK
            answer = tcp.Tcp(local_port, remote_port, acknowledgment=acknowledgment, flags=flags)
        try:
            self.host.internet.send(remote, answer, source=local)
        except Unreachable as error:
            self.host.drops[f"TCP reset: {error}"] += 1

    def failed(self, port: int, destination: IpAddress, destination_port: int, error: IcmpError) -> None:
        """An ICMP error came about a segment of ours."""
        for (_, local_port, remote, remote_port), connection in tuple(self.connections.items()):
            if (local_port, remote, remote_port) == (port, destination, destination_port):
                connection.failed(error)
