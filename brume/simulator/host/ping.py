"""Ping: echo requests at an interval, and what came of each.

Printing is `commands/ping.py`'s business; this object holds results.

Rule of when it ends (as iputils has it): when every request has an answer or an error; else, after the last request,
twice the longest round trip seen but at least one interval, or `wait` seconds when nothing was answered at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from brume.packets.ipv4 import DEFAULT_TTL
from brume.simulator.clock import Timer
from brume.simulator.host.errors import Unreachable
from brume.simulator.host.icmp import IcmpError
from brume.values import IpAddress

if TYPE_CHECKING:
    from brume.simulator.host.host import Host


class Reply(msgspec.Struct, frozen=True):
    """An answer: whose, to which request, how long it took, with what TTL it arrived."""

    source: IpAddress
    sequence: int
    seconds: float
    ttl: int
    size: int
    duplicate: bool = False


class Problem(msgspec.Struct, frozen=True):
    """An error about a request; `source` is None when it could not even be sent."""

    source: IpAddress | None
    sequence: int
    text: str


Result: TypeAlias = Reply | Problem


class Ping:
    """A running ping; `start` starts it."""

    __slots__ = (
        "_answered",
        "_data",
        "_identifier",
        "_sent_at",
        "_settled",
        "_timer",
        "began",
        "count",
        "destination",
        "done",
        "dont_fragment",
        "ended",
        "host",
        "interval",
        "on_done",
        "on_result",
        "results",
        "size",
        "transmitted",
        "ttl",
        "wait",
    )  # fmt: skip

    def __init__(
        self,
        host: Host,
        destination: IpAddress,
        *,
        count: int | None = None,
        interval: float = 1.0,
        size: int = 56,
        ttl: int = DEFAULT_TTL,
        wait: float = 10.0,
        dont_fragment: bool = False,
        on_result: Callable[[Result], object] | None = None,
        on_done: Callable[[Ping], object] | None = None,
    ) -> None:
        self.host = host
        self.destination = destination
        self.count = count
        self.interval = interval
        self.size = size
        self.ttl = ttl
        self.wait = wait
        self.dont_fragment = dont_fragment
        self.on_result = on_result
        self.on_done = on_done
        self.results: list[Result] = []
        self.transmitted = 0
        self.done = False
        self.began = self.ended = host.scheduler.now()
        self._identifier = 0
        self._sent_at: dict[int, float] = {}
        self._answered: set[int] = set()
        self._settled = 0
        self._data = bytes(at & 0xFF for at in range(size))
        self._timer: Timer | None = None

    @property
    def replies(self) -> list[Reply]:
        """The answers, without duplicates."""
        return [result for result in self.results if isinstance(result, Reply) and not result.duplicate]

    @property
    def problems(self) -> list[Problem]:
        """The errors."""
        return [result for result in self.results if isinstance(result, Problem)]

    def start(self) -> Ping:
        """Send the first request."""
        self._identifier = self.host.icmp.register(self)
        self.began = self.host.scheduler.now()
        self._send()
        return self

    def stop(self) -> None:
        """End now."""
        if self.done:
            return
        self.done = True
        self.ended = self.host.scheduler.now()
        if self._timer is not None:
            self._timer.cancel()
        self.host.icmp.listeners.pop(self._identifier, None)
        if self.on_done is not None:
            self.on_done(self)

    def echo_replied(self, source: IpAddress, sequence: int, ttl: int, size: int) -> None:
        """An answer came (called by Icmp)."""
        number = self._full_sequence(sequence)
        sent_at = self._sent_at.get(number)
        if sent_at is None:
            return
        duplicate = number in self._answered
        self._answered.add(number)
        seconds = self.host.scheduler.now() - sent_at
        self._note(Reply(source, number, seconds, ttl, size, duplicate))

    def echo_failed(self, sequence: int, error: IcmpError) -> None:
        """An error came (called by Icmp)."""
        number = self._full_sequence(sequence)
        if number in self._sent_at:
            self._note(Problem(error.source, number, str(error)))

    def _full_sequence(self, sequence: int) -> int:
        """The number of a request from its 16 bits on the wire."""
        return self.transmitted - (self.transmitted - sequence & 0xFFFF)

    def _send(self) -> None:
        self._timer = None
        self.transmitted += 1
        number = self.transmitted
        self._sent_at[number] = self.host.scheduler.now()
        self._forget(number - 1000)
        try:
            self.host.icmp.request_echo(
                self.destination, self._identifier, number & 0xFFFF, self._data, self.ttl, self.dont_fragment
            )
        except Unreachable as error:
            self._note(Problem(None, number, str(error)))
        if not self.done:
            self._wait()

    def _forget(self, number: int) -> None:
        """An answer that late is no answer."""
        self._sent_at.pop(number, None)
        self._answered.discard(number)

    def _wait(self) -> None:
        if self.count is None or self.transmitted < self.count:
            self._timer = self.host.scheduler.call_later(self.interval, self._send)
        else:
            longest = max((reply.seconds for reply in self.replies), default=None)
            delay = self.wait if longest is None else max(2 * longest, self.interval)
            self._timer = self.host.scheduler.call_later(delay, self.stop)

    def _note(self, result: Result) -> None:
        self.results.append(result)
        if self.on_result is not None:
            self.on_result(result)
        if isinstance(result, Problem) or not result.duplicate:
            self._settled += 1
        if self.count is not None and self._settled >= self.count:
            self.stop()
