"""Change sets: what one transaction did to a database, as values."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from brume.tables.row import Member, Row


class RowChange(NamedTuple):
    """A row appeared (`old` is None), changed, or went away (`new` is None)."""

    row_type: type[Row]
    key: Hashable
    old: Row | None
    new: Row | None


class MemberChange(NamedTuple):
    """An element was added to a relation, or removed from it."""

    member: Member
    added: bool


class ChangeSet(NamedTuple):
    """All changes of one transaction; each row and each member at most once, and only if it differs."""

    rows: list[RowChange]
    members: list[MemberChange]

    def __bool__(self) -> bool:
        return bool(self.rows or self.members)
