"""Traceroute: probes with a growing TTL, and who answered each.

Probes are UDP datagrams to ports from 33434 up, as traceroute(8) does by default, or echo requests. One hop after the
other, all probes of a hop at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from brume.simulator.clock import Timer
from brume.simulator.host.errors import Unreachable
from brume.simulator.host.icmp import IcmpError
from brume.simulator.host.udp import Socket
from brume.values import IpAddress, Ipv4Address

if TYPE_CHECKING:
    from brume.simulator.host.host import Host

FIRST_PORT = 33434
PROBE_SIZE = 60


class Answer(msgspec.Struct, frozen=True):
    """Who answered a probe, after how long; `mark` is what traceroute prints behind it (!H, !N, !X) or nothing."""

    source: IpAddress
    seconds: float
    mark: str = ""


class Hop(msgspec.Struct, frozen=True):
    """The answers to the probes of one TTL, None where none came."""

    ttl: int
    answers: tuple[Answer | None, ...]


class Traceroute:
    """A running traceroute; `start` starts it."""

    __slots__ = (
        "_answers", "_arrived", "_identifier", "_sent_at", "_socket", "_timer", "_ttl", "destination", "done",
        "error", "hops", "host", "icmp", "limit", "on_done", "on_hop", "probes", "wait",
    )  # fmt: skip

    def __init__(
        self,
        host: Host,
        destination: IpAddress,
        *,
        icmp: bool = False,
        limit: int = 30,
        probes: int = 3,
        wait: float = 5.0,
        on_hop: Callable[[Hop], object] | None = None,
        on_done: Callable[[Traceroute], object] | None = None,
    ) -> None:
        self.host = host
        self.destination = destination
        self.icmp = icmp
        self.limit = limit
        self.probes = probes
        self.wait = wait
        self.on_hop = on_hop
        self.on_done = on_done
        self.hops: list[Hop] = []
        self.done = False
        self.error = ""
        self._ttl = 0
        self._arrived = False
        self._answers: dict[int, Answer] = {}
        self._sent_at = 0.0
        self._timer: Timer | None = None
        self._socket: Socket | None = None
        self._identifier = 0

    def start(self) -> Traceroute:
        """Send the first probes."""
        if self.icmp:
            self._identifier = self.host.icmp.register(self)
        else:
            self._socket = self.host.udp.open(self._received, self._failed)
        self._next_hop()
        return self

    def stop(self) -> None:
        """End now."""
        if self.done:
            return
        self.done = True
        if self._timer is not None:
            self._timer.cancel()
        if self._socket is not None:
            self._socket.close()
        self.host.icmp.listeners.pop(self._identifier, None)
        if self.on_done is not None:
            self.on_done(self)

    def echo_replied(self, source: IpAddress, sequence: int, ttl: int, size: int) -> None:
        """The destination answered an echo request (called by Icmp)."""
        self._arrived = True
        self._note(sequence, source, "")

    def echo_failed(self, sequence: int, error: IcmpError) -> None:
        """A router, or the destination, refused a probe (called by Icmp)."""
        self._arrived |= not error.is_time_exceeded
        self._note(sequence, error.source, _mark(error))

    def _received(self, socket: Socket, source: IpAddress, port: int, data: bytes) -> None:
        self._arrived = True
        self._note(port - FIRST_PORT, source, "")

    def _failed(self, error: IcmpError, port: int) -> None:
        self.echo_failed(port - FIRST_PORT, error)

    def _next_hop(self) -> None:
        self._ttl += 1
        self._answers = {}
        self._sent_at = self.host.scheduler.now()
        try:
            for probe in range(self.probes):
                self._probe((self._ttl - 1) * self.probes + probe)
        except Unreachable as error:
            self.error = str(error)
            self.stop()
            return
        self._timer = self.host.scheduler.call_later(self.wait, self._finish_hop)

    def _probe(self, number: int) -> None:
        overhead = 28 if isinstance(self.destination, Ipv4Address) else 48
        data = bytes(range(0x40, 0x40 + max(0, PROBE_SIZE - overhead)))
        if self._socket is None:
            self.host.icmp.request_echo(self.destination, self._identifier, number, data, self._ttl)
        else:
            self._socket.send(self.destination, FIRST_PORT + number, data, ttl=self._ttl)

    def _note(self, number: int, source: IpAddress, mark: str) -> None:
        probe = number - (self._ttl - 1) * self.probes
        if not 0 <= probe < self.probes or probe in self._answers:
            return
        self._answers[probe] = Answer(source, self.host.scheduler.now() - self._sent_at, mark)
        if len(self._answers) == self.probes:
            self._finish_hop()

    def _finish_hop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        hop = Hop(self._ttl, tuple(self._answers.get(probe) for probe in range(self.probes)))
        self.hops.append(hop)
        if self.on_hop is not None:
            self.on_hop(hop)
        if self._arrived or self._ttl == self.limit:
            self.stop()
        else:
            self._next_hop()


def _mark(error: IcmpError) -> str:
    """traceroute(8)'s marks for errors that end a trace; none for the two that belong to it."""
    if error.is_time_exceeded or error.is_port_unreachable:
        return ""
    if isinstance(error.source, Ipv4Address):
        return {0: "!N", 1: "!H", 2: "!P", 4: f"!F-{error.mtu}", 9: "!X", 10: "!X", 13: "!X"}.get(error.code, "!?")
    return {0: "!N", 1: "!X", 3: "!H"}.get(error.code, "!?")
