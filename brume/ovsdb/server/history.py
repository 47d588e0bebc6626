"""The last transactions of a database, by id: so that a client that was away, or slow, is told what it missed.

    add ->  | merged since A | merged since B | one | by | one |  <- last id
            ^ mark of a slow reader           ^ from here on, ids are known

Bounded twice: by the number of transactions, and by the number of rows they changed, because the old rows are kept
alive by it. A client that comes back with an id that is not here any more gets everything anew. What a slow reader has
still to be told is not forgotten: it sets a mark, and what falls out of the history behind it is merged, one part for
each place where somebody waits. So a change is in one part only, and each part is at most what there was and is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice

from brume.ovsdb.server.changes import Happened
from brume.ovsdb.server.merging import Merged

TRANSACTIONS = 10_000
CHANGES = 50_000
ZERO_ID = "00000000-0000-0000-0000-000000000000"


class History:
    """What happened with the ids of the transactions, oldest first."""

    def __init__(self, new_id: Callable[[], str], *, transactions: int = TRANSACTIONS, changes: int = CHANGES) -> None:
        self._new_id = new_id
        self._transactions = transactions
        self._changes = changes
        self._kept: deque[Happened] = deque()
        self._count = 0
        self._first = 0
        """The number of the oldest transaction that is kept by itself; they are numbered from 0."""
        self.last_id = new_id()
        self._ids = deque((self.last_id,))
        self._numbers: dict[str, int] = {self.last_id: 0}
        """How many transactions had happened when this was the last id."""
        self._marks: dict[int, int] = {}
        """How many readers wait for what happened from this number on."""
        self._merged: dict[int, Merged] = {}
        """What happened before the oldest transaction that is kept, from one mark to the next; oldest first."""

    @property
    def position(self) -> int:
        """How many transactions have happened: where a mark is set."""
        return self._first + len(self._kept)

    @property
    def held(self) -> int:
        """How many changes are kept."""
        return self._count + sum(map(len, self._merged.values()))

    def add(self, *happened: Happened) -> None:
        """Transactions have happened, one after the other; these are kept in any case."""
        for one in happened:
            self.last_id = self._new_id()
            self._ids.append(self.last_id)
            self._kept.append(one)
            self._numbers[self.last_id] = self.position
            self._count += _size(one)
        while len(self._kept) > len(happened) and (len(self._kept) > self._transactions or self._count > self._changes):
            self._forget()

    def _forget(self) -> None:
        """The oldest transaction is no longer kept by itself; but for those who wait, it is kept."""
        oldest = self._kept.popleft()
        self._count -= _size(oldest)
        del self._numbers[self._ids.popleft()]
        if self._first in self._marks:
            self._merged[self._first] = Merged()
        if self._merged:
            self._merged[next(reversed(self._merged))].add(oldest)
        self._first += 1

    # who comes back

    def knows(self, last_id: str) -> bool:
        """Whether what came after this transaction is all here."""
        return last_id in self._numbers

    def since(self, last_id: str) -> list[Happened]:
        """What came after a transaction that is known."""
        return self._from(self._numbers[last_id])

    def _from(self, number: int) -> list[Happened]:
        return list(islice(self._kept, number - self._first, None))

    # who is slow

    def mark(self, position: int) -> int:
        """Keep what happened from here on (not before the last call of `add`), until it is collected or released."""
        self._marks[position] = self._marks.get(position, 0) + 1
        return position

    def collect(self, mark: int) -> list[Happened]:
        """What happened from a mark on; the mark is gone."""
        found = [merged.happened() for start, merged in self._merged.items() if start >= mark]
        found.extend(self._from(max(mark, self._first)))
        self.release(mark)
        return found

    def release(self, mark: int) -> None:
        """Nobody waits there any more: that part goes with the one before it, or is forgotten."""
        self._marks[mark] -= 1
        if self._marks[mark]:
            return
        del self._marks[mark]
        left = self._merged.pop(mark, None)
        before = max((start for start in self._merged if start < mark), default=None)
        if left is not None and before is not None:
            self._merged[before].add(left.happened())


def _size(happened: Happened) -> int:
    return len(happened.rows) + len(happened.members)
