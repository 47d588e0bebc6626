"""Wires: a segment that carries every frame to all its other ends, and a wire, which has two.

Not a switch: it reads no address. Frames are octets, arrive in order, after the latency, or not at all when
the far end was taken away meanwhile.

    segment = Segment(scheduler)
    end = segment.attach(host.receive)        host sends by `end.send`
    remove = segment.tap(capture)             capture(time, frame, end) sees what is sent
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from brume.simulator.clock import Scheduler

Receive: TypeAlias = Callable[[bytes], object]

LATENCY = 0.00005
"""Seconds from one end to the other: about what a virtual interface and a softirq take."""


class Tap(Protocol):
    """Something that watches a wire."""

    def __call__(self, time: float, frame: bytes, end: End, /) -> object:
        """A frame was sent from an end at a time."""
        ...


class End:
    """Where something is plugged in."""

    __slots__ = ("receive", "received", "segment", "sent")

    def __init__(self, segment: Segment, receive: Receive) -> None:
        self.segment = segment
        self.receive = receive
        self.sent = 0
        self.received = 0

    def send(self, frame: bytes) -> None:
        """Put a frame on the segment."""
        self.sent += 1
        self.segment.carry(self, frame)

    def detach(self) -> None:
        """Unplug."""
        self.segment.detach(self)


class Segment:
    """A shared medium."""

    __slots__ = ("_ends", "_taps", "latency", "scheduler")

    def __init__(self, scheduler: Scheduler, latency: float = LATENCY) -> None:
        self.scheduler = scheduler
        self.latency = latency
        self._ends: tuple[End, ...] = ()
        self._taps: tuple[Tap, ...] = ()

    @property
    def ends(self) -> tuple[End, ...]:
        """Who is plugged in."""
        return self._ends

    def attach(self, receive: Receive) -> End:
        """Plug in something that takes frames."""
        end = End(self, receive)
        self._ends += (end,)
        return end

    def detach(self, end: End) -> None:
        """Unplug; frames under way to it are lost."""
        self._ends = tuple(other for other in self._ends if other is not end)

    def tap(self, watch: Tap) -> Callable[[], None]:
        """Watch the frames; call what is given back to stop."""
        self._taps += (watch,)

        def remove() -> None:
            self._taps = tuple(other for other in self._taps if other is not watch)

        return remove

    def carry(self, sender: End, frame: bytes) -> None:
        """Take a frame from one end to the others."""
        for watch in self._taps:
            watch(self.scheduler.now(), frame, sender)
        self.scheduler.call_later(self.latency, self._deliver, sender, frame)

    def _deliver(self, sender: End, frame: bytes) -> None:
        for end in self._ends:
            if end is not sender:
                end.received += 1
                end.receive(frame)


class Wire(Segment):
    """A segment with two ends."""

    __slots__ = ()

    def attach(self, receive: Receive) -> End:
        """Plug in one of the two."""
        if len(self._ends) == 2:
            raise ValueError("a wire has two ends, and both are taken")
        return super().attach(receive)
