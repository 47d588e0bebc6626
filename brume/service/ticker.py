"""Ticker: moves the simulator's virtual time along with the real one, inside the event loop.

It sleeps until the next event is due and never wakes for nothing: an idle cloud uses no processor time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from brume.simulator.clock import Scheduler

log = logging.getLogger(__name__)

BURST = 0.01
"""Seconds of events run in one go at most, so that requests are answered while much is on the wires."""


class Ticker:
    """Drives a scheduler whose time is the event loop's."""

    def __init__(self, scheduler: Scheduler, wall: Callable[[], float] = time.time) -> None:
        """From here on it is as late as `wall` says, which is later than when the scheduler was made."""
        self._scheduler = scheduler
        self._loop = asyncio.get_running_loop()
        self._handle: asyncio.TimerHandle | None = None
        self._due: float | None = None
        self._offset = max(scheduler.now(), wall()) - self._loop.time()
        scheduler.on_earlier = self._sooner
        scheduler.source = self._now
        self._arm()

    def stop(self) -> None:
        """Let time stand still."""
        self._scheduler.on_earlier = self._scheduler.source = None
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _now(self) -> float:
        return self._loop.time() + self._offset

    def _sooner(self, when: float) -> None:
        if self._due is None or when < self._due:
            self._arm()

    def _arm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._due = self._scheduler.next_event_time()
        self._handle = None
        if self._due is not None:
            self._handle = self._loop.call_at(self._due - self._offset, self._run)

    def _run(self) -> None:
        self._handle = None
        self._due = float("-inf")  # events made while running need no waking
        stop = self._loop.time() + BURST
        try:
            now = self._now()
            while (due := self._scheduler.next_event_time()) is not None and due <= now:
                self._scheduler.run_until(due)
                if self._loop.time() > stop:
                    break
            else:
                self._scheduler.run_until(now)
        except Exception:
            log.exception("an event of the simulator failed")
        self._arm()
