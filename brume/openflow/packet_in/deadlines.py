"""Deadlines: many things, each with a time at which it is due; which is due next costs no look at all of them.

    deadlines.put("one", 8.0)     or another time than before
    deadlines.due(now)            those whose time has come; they have no deadline any more

Rule: a time that was moved or dropped stays in the heap until it passes, or until such times are half of it.
"""

from __future__ import annotations

from collections.abc import Hashable
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Final, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
NEVER: Final = float("inf")
_SPARE: Final = 64


class Deadlines(Generic[Key]):
    """Times by key."""

    def __init__(self) -> None:
        self._times: dict[Key, tuple[float, int]] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._serial = count()

    def __len__(self) -> int:
        return len(self._times)

    @property
    def room(self) -> int:
        """How many times are kept, those included that were moved."""
        return len(self._heap)

    def put(self, key: Key, when: float) -> None:
        """It is due then, and at no other time."""
        serial = next(self._serial)
        self._times[key] = (when, serial)
        heappush(self._heap, (when, serial, key))
        if len(self._heap) > 2 * len(self._times) + _SPARE:
            self._heap = [(when, serial, key) for key, (when, serial) in self._times.items()]
            heapify(self._heap)

    def drop(self, key: Key) -> None:
        """It is due no more."""
        self._times.pop(key, None)

    def due(self, now: float) -> list[Key]:
        """Those that are due, the longest overdue first."""
        found = []
        while self.next_time() <= now:
            key = heappop(self._heap)[2]
            del self._times[key]
            found.append(key)
        return found

    def next_time(self) -> float:
        """When something is due next; infinity when nothing is."""
        heap = self._heap
        while heap and self._times.get(heap[0][2]) != heap[0][:2]:
            heappop(heap)
        return heap[0][0] if heap else NEVER
