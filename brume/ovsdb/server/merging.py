"""Change sets made one: what a row was before the first of them, and what it is after the last.

What a slow reader missed is kept so: a row that changes a thousand times is one change, and one that came and went is
none. So what is kept is never more than what there was when the reader stopped, and what there is now.
"""

from __future__ import annotations

from collections.abc import Hashable

from brume.ovsdb.server.changes import Happened
from brume.tables.changes import MemberChange, RowChange
from brume.tables.row import Member, Row


class Merged:
    """What happened over some time, altogether."""

    __slots__ = ("_members", "_rows", "_versions")

    def __init__(self) -> None:
        self._rows: dict[tuple[type[Row], Hashable], RowChange] = {}
        self._members: dict[Member, MemberChange] = {}
        self._versions: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._rows) + len(self._members)

    def add(self, happened: Happened) -> None:
        """This happened next."""
        for uuid, version in happened.versions.items():
            self._versions.setdefault(uuid, version)
        for change in happened.rows:
            self._add_row(change)
        for toggled in happened.members:
            if self._members.pop(toggled.member, None) is None:
                self._members[toggled.member] = toggled

    def _add_row(self, change: RowChange) -> None:
        place = (change.row_type, change.key)
        before = self._rows.get(place)
        if before is None:
            self._rows[place] = change
        elif before.old is None and change.new is None:
            del self._rows[place]
            if self._versions:
                self._versions.pop(getattr(before.new, "uuid", ""), None)
        else:
            self._rows[place] = before._replace(new=change.new)

    def happened(self) -> Happened:
        """All of it, as it is now."""
        return Happened(list(self._rows.values()), list(self._members.values()), dict(self._versions))
