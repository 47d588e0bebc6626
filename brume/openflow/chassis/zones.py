"""Connection tracking zones: one for each port with a use for it, two for each local datapath.

A zone keeps its number as long as it is used; the lowest free number goes to the next user. A number that is given
out again must be flushed first, or connections of the last user would be taken for the new one's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LAST_ZONE: Final = 65535


class ZonesExhausted(Exception):
    """All 65535 zones are in use on one chassis."""


class ZoneNumbers:
    """The numbers of one chassis; `known` are those of an earlier run."""

    def __init__(self, known: Mapping[str, int] | None = None) -> None:
        self._numbers: dict[str, int] = dict(known or {})
        self._taken = set(self._numbers.values())
        self._next = 1

    def get(self, user: str) -> int:
        """The number of a user; 0 when it has none."""
        return self._numbers.get(user, 0)

    def add(self, user: str) -> int:
        """The number of a user, given now if it had none."""
        number = self._numbers.get(user)
        if number is None:
            number = self._numbers[user] = self._free()
            self._taken.add(number)
        return number

    def remove(self, user: str) -> None:
        """The user has gone."""
        number = self._numbers.pop(user, None)
        if number is not None:
            self._taken.discard(number)
            self._next = min(self._next, number)

    def _free(self) -> int:
        number = self._next
        while number in self._taken:
            number += 1
        if number > LAST_ZONE:
            raise ZonesExhausted(f"{len(self._taken)} zones are in use")
        self._next = number + 1
        return number
