"""Scheduler: virtual time, and what happens when.

Not a thread and not an event loop: nothing happens until somebody moves time on. A test calls
`run_until_idle`; a service with a real event loop asks `next_event_time`, sleeps until then, and calls
`run_until` with the real time (`on_earlier` tells it that something sooner came up).

Rules: events run in the order of their time, and of their making when the time is the same, so a run is the
same every time; an event never runs inside the call that made it; time never goes back.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any


class Timer:
    """A promise to call a function; keep it to be able to `cancel`."""

    __slots__ = ("arguments", "function", "scheduler", "when")

    def __init__(
        self, scheduler: Scheduler, when: float, function: Callable[..., object], arguments: tuple[Any, ...]
    ) -> None:
        self.scheduler = scheduler
        self.when = when
        self.function: Callable[..., object] | None = function
        self.arguments = arguments

    def cancel(self) -> None:
        """Do not call after all. Harmless when it has happened already."""
        if self.function is not None:
            self.function = None
            self.arguments = ()
            self.scheduler.forget_one()

    @property
    def pending(self) -> bool:
        """True until called or cancelled."""
        return self.function is not None


class Scheduler:
    """A clock, and a queue of events. Satisfies `values.Clock`."""

    __slots__ = ("_cancelled", "_now", "_queue", "_sequence", "on_earlier", "source")

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self._queue: list[tuple[float, int, Timer]] = []
        self._sequence = 0
        self._cancelled = 0
        self.on_earlier: Callable[[float], object] | None = None
        self.source: Callable[[], float] | None = None
        """The real time, where there is one."""

    def now(self) -> float:
        """The virtual time in seconds."""
        return self._now

    def catch_up(self) -> None:
        """Let it be as late as it really is, if nothing is due before: for whoever comes from outside, before he does
        anything. An idle scheduler does not notice that time passes. Not for what runs as an event."""
        if self.source is not None:
            due = self.next_event_time()
            when = self.source()
            self._now = max(self._now, when if due is None else min(when, due))

    def __len__(self) -> int:
        return len(self._queue) - self._cancelled

    def call_at(self, when: float, function: Callable[..., object], *arguments: Any) -> Timer:
        """Call the function at that time; at once (but after this event) if it is past."""
        when = max(when, self._now)
        timer = Timer(self, when, function, arguments)
        self._sequence += 1
        heapq.heappush(self._queue, (when, self._sequence, timer))
        if self.on_earlier is not None and self._queue[0][2] is timer:
            self.on_earlier(when)
        return timer

    def call_later(self, delay: float, function: Callable[..., object], *arguments: Any) -> Timer:
        """Call the function so many seconds from now."""
        return self.call_at(self._now + delay, function, *arguments)

    def next_event_time(self) -> float | None:
        """When the next event is due, or None when nothing is."""
        queue = self._queue
        while queue and queue[0][2].function is None:
            heapq.heappop(queue)
            self._cancelled -= 1
        return queue[0][0] if queue else None

    def run_until(self, when: float) -> int:
        """Run what is due up to that time, which then is now; give how many events ran."""
        ran = 0
        while (due := self.next_event_time()) is not None and due <= when:
            self._run_next()
            ran += 1
        self._now = max(self._now, when)
        return ran

    def run_for(self, seconds: float) -> int:
        """Run what is due in the next so many seconds."""
        return self.run_until(self._now + seconds)

    def run_until_idle(self, limit: float = 60.0) -> int:
        """Run until nothing is left to do, or only things more than `limit` seconds away.

        Time stands where the last event left it. Long timers, such as a DHCP lease's, thus do not keep a test
        busy."""
        ran = 0
        end = self._now + limit
        while (due := self.next_event_time()) is not None and due <= end:
            self._run_next()
            ran += 1
        return ran

    def run_while(self, busy: Callable[[], bool], limit: float = 60.0) -> bool:
        """Run as long as `busy()`; False when it still was after `limit` seconds or with nothing left to
        run."""
        end = self._now + limit
        while busy():
            due = self.next_event_time()
            if due is None or due > end:
                return False
            self._run_next()
        return True

    def forget_one(self) -> None:
        """A timer was cancelled: it leaves the queue when its time comes, or with all others when they are
        many."""
        self._cancelled += 1
        if self._cancelled > 64 and self._cancelled > len(self._queue) // 2:
            self._queue = [entry for entry in self._queue if entry[2].function is not None]
            heapq.heapify(self._queue)
            self._cancelled = 0

    def _run_next(self) -> None:
        when, _, timer = heapq.heappop(self._queue)
        function, arguments = timer.function, timer.arguments
        timer.function = None
        self._now = max(self._now, when)
        if function is not None:
            function(*arguments)
