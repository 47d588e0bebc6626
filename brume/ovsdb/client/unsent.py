"""What a working copy has written and the server has not answered for: rows, which of their columns, members.

It says where to look, and whose word counts there; what is sent is found by comparing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from brume.tables.row import Member, Row

Key = tuple[type[Row], str]
"""A row's class and uuid."""


class Write(NamedTuple):
    """What was written of a row: all of it if it was inserted, some fields, or nothing (then it is only looked at)."""

    inserted: bool = False
    fields: frozenset[str] = frozenset()
    """Fields written; of a row that was inserted, since it was sent."""
    lost: bool = False
    """The insertion was sent, and the answer lost: if the row is there, it is ours that arrived."""

    def covers(self, field: str) -> bool:
        """Whether a field was written."""
        return self.inserted or field in self.fields


NOTHING = Write()


class Unsent:
    """Writes by row, and members that came or went."""

    __slots__ = ("members", "rows")

    def __init__(self) -> None:
        self.rows: dict[Key, Write] = {}
        self.members: dict[Member, None] = {}

    def __bool__(self) -> bool:
        return bool(self.rows or self.members)

    def note(self, key: Key, old: Row | None, new: Row | None) -> None:
        """A row was written."""
        if old is None or new is None:
            self.rows[key] = Write(inserted=old is None)
            return
        before = self.rows.get(key, NOTHING)
        fields = [name for name in new.__struct_fields__ if getattr(new, name) != getattr(old, name)]
        self.rows[key] = before._replace(fields=before.fields.union(fields))

    def forget(self, answered: Unsent) -> None:
        """The server has answered for some of it."""
        for key in answered.rows:
            self.rows.pop(key, None)
        for member in answered.members:
            self.members.pop(member, None)

    def absorb(self, older: Unsent) -> None:
        """What was sent before, and whose answer was lost."""
        for key, write in older.rows.items():
            newer = self.rows.get(key, NOTHING)
            if write.inserted and not newer.inserted:
                self.rows[key] = Write(inserted=True, fields=newer.fields, lost=True)
            elif not newer.inserted:
                self.rows[key] = Write(fields=newer.fields | write.fields)
        self.members.update(older.members)

    def arrived(self, key: Key, *, sent: bool) -> None:
        """The server has a new row: no longer is it to be inserted, if it is ours (`sent`: these are under way)."""
        write = self.rows.get(key, NOTHING)
        if write.inserted and (sent or write.lost):
            self.rows[key] = NOTHING if sent else Write(fields=write.fields)


def merged(here: Row, there: Row, writes: Iterable[Write]) -> Row:
    """Our row with what the server has in the fields that we have not written."""
    if here == there:
        return here
    ours = list(writes)
    taken = {
        name: getattr(there, name)
        for name in there.__struct_fields__
        if not any(write.covers(name) for write in ours) and getattr(here, name) != getattr(there, name)
    }
    return replace(here, **taken) if taken else here
