"""Collector: when Python looks for garbage in cycles, so that a large cloud does not make a request wait for it.

The rows of a cloud live long and hold no cycles; looking through all of them takes half a microsecond each, 0.6 s for
5,000 ports, and Python's own rule does so each time their number has grown by a quarter. Rules here: what the start
made is never looked at again; young objects are looked at in portions of some milliseconds; everything is looked at
only after a quiet minute, or when very much has come since the last time. Reference counts free nearly all without.
"""

from __future__ import annotations

import asyncio
import gc
from typing import Final

YOUNG: Final = 5_000
"""New objects (less those gone) that bring about a look at the young ones: two milliseconds."""
MIDDLE: Final = 1
"""Every second such look takes in the survivors of the one before."""
NEVER: Final = 2**31 - 1
QUIET: Final = 60.0
"""Seconds without a single look at the young objects: nobody is waiting then."""
WORTHWHILE: Final = 20
"""Looks since everything was looked at, below which there cannot be much: each stands for 2 * YOUNG new objects."""
TOO_MANY: Final = 2_000
"""Looks after which everything is looked at although somebody may be waiting."""


def is_due(before: int, now: int) -> bool:
    """Whether to look at everything, from the number of looks at young objects `QUIET` seconds ago and now."""
    return now >= TOO_MANY or (before == now >= WORTHWHILE)


class Collector:
    """Governs the garbage collector of a process with one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._looks = 0
        gc.freeze()
        gc.set_threshold(YOUNG, MIDDLE, NEVER)
        gc.enable()
        self._handle = loop.call_later(QUIET, self._consider)

    def stop(self) -> None:
        """Leave the collector as it is."""
        self._handle.cancel()

    def _consider(self) -> None:
        looks = gc.get_count()[2]
        if is_due(self._looks, looks):
            gc.collect()
            looks = 0
        self._looks = looks
        self._handle = self._loop.call_later(QUIET, self._consider)
