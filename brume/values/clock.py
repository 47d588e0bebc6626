"""Clock: what time it is, as an argument.

Not a scheduler: who must act later asks the room's own event loop (for simulated things, `simulator.clock`).

Rule: `now()` is seconds since the epoch, as a float, and never an import of `time` in the pure middle.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the time."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...


class SystemClock:
    """The machine's clock."""

    __slots__ = ()

    def now(self) -> float:
        """Seconds since the epoch, by the machine."""
        return time.time()


class ManualClock:
    """A clock moved by hand, for tests and simulations."""

    __slots__ = ("_now",)

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> float:
        """Where the hand stands."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on; time does not run backwards."""
        if seconds < 0:
            raise ValueError(f"a clock does not go back ({seconds} s)")
        self._now += seconds
