"""The last transactions of a database, by id: so that a client that was away, or slow, is told what it missed.

Bounded twice: by the number of transactions, and by the number of rows they changed, because the old rows are kept
alive by it. A client whose last id is not here any more gets everything anew.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice

from brume.tables.changes import ChangeSet

TRANSACTIONS = 10_000
CHANGES = 50_000
ZERO_ID = "00000000-0000-0000-0000-000000000000"


class History:
    """Change sets with the ids of their transactions, oldest first."""

    def __init__(self, new_id: Callable[[], str], *, transactions: int = TRANSACTIONS, changes: int = CHANGES) -> None:
        self._new_id = new_id
        self._transactions = transactions
        self._changes = changes
        self._kept: deque[ChangeSet] = deque()
        self._count = 0
        self._first = 0
        """The number of the oldest change set that is kept; they are numbered from 0."""
        self.last_id = new_id()
        self._ids = deque((self.last_id,))
        self._numbers: dict[str, int] = {self.last_id: 0}
        """How many change sets had happened when this was the last id."""

    def add(self, changes: ChangeSet) -> None:
        """A transaction happened."""
        self.last_id = self._new_id()
        self._ids.append(self.last_id)
        self._kept.append(changes)
        self._numbers[self.last_id] = self._first + len(self._kept)
        self._count += _size(changes)
        while len(self._kept) > 1 and (len(self._kept) > self._transactions or self._count > self._changes):
            self._count -= _size(self._kept.popleft())
            del self._numbers[self._ids.popleft()]
            self._first += 1

    def knows(self, last_id: str) -> bool:
        """Whether what came after this transaction is all here."""
        return last_id in self._numbers

    def since(self, last_id: str) -> list[ChangeSet]:
        """What came after a transaction that is known."""
        return list(islice(self._kept, self._numbers[last_id] - self._first, None))


def _size(changes: ChangeSet) -> int:
    return len(changes.rows) + len(changes.members)
