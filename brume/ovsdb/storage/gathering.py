"""Gathered: what several change sets did altogether, as one change set.

A row that came and changed is a row that came; what came and went is nothing. The result says how to get from the state
before the first change set to the state after the last one, so it may be written once no change set is under way.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from brume.tables.changes import ChangeSet, MemberChange, RowChange
from brume.tables.row import Member


class Gathered:
    """Change sets of one database, in the order in which they happened."""

    __slots__ = ("_members", "_rows")

    def __init__(self) -> None:
        self._rows: dict[tuple[Any, Hashable], RowChange] = {}
        self._members: dict[Member, MemberChange] = {}

    def __len__(self) -> int:
        return len(self._rows) + len(self._members)

    def add(self, changes: ChangeSet) -> None:
        """This happened next."""
        rows, members = self._rows, self._members
        for change in changes.rows:
            place = change[:2]
            before = rows.get(place)
            if before is None:
                rows[place] = change
            elif before.old is not None or change.new is not None:
                rows[place] = RowChange(*place, before.old, change.new)
            else:
                del rows[place]
        for one in changes.members:
            if members.pop(one.member, None) is None:  # it came and went, or the other way round
                members[one.member] = one

    def take(self) -> ChangeSet:
        """What happened altogether; begin anew."""
        rows, members = self._rows, self._members
        self._rows, self._members = {}, {}
        return ChangeSet(list(rows.values()), list(members.values()))
