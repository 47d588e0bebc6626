"""What happened to the watched rows of a database, by table and uuid: what updates are made of.

A `RowDelta` holds the row before and after, and the elements that came to and went from its relations. Change sets
taken one after the other give what happened altogether; what went there and back again is nothing.

Rule: a delta says how things were right after its own change set, also when the database is further on already (a
listener may change the database while others are still to be told); `Moment` looks back.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from brume.ovsdb.columns import Column
from brume.ovsdb.store import Store, StoredTable
from brume.tables.changes import ChangeSet, MemberChange, RowChange
from brume.tables.row import Relation
from brume.values.uuids import derive_uuid


class Happened(NamedTuple):
    """A change set, or several that were made one (`merging.py`), and the versions of rows that it ended."""

    rows: Sequence[RowChange]
    members: Sequence[MemberChange]
    versions: Mapping[str, str] = {}
    """The `_version`s that rows had before, by uuid: of those that anybody had asked for."""


class Moment:
    """A store as it is, or as it was before `later` happened."""

    __slots__ = ("_later", "ended", "store")

    def __init__(self, store: Store, later: Iterable[ChangeSet] = ()) -> None:
        self.store = store
        self._later = tuple(later)
        self.ended: dict[str, str] = {}
        """The `_version`s that rows had before what was gathered up to this moment."""

    def row(self, table: StoredTable, key: Hashable) -> Any:
        """The row with this key, or None."""
        for changes in self._later:
            for change in changes.rows:
                if change.row_type is table.row_type and change.key == key:
                    return change.old
        return table.stored.rows.get(key)

    def members(self, relation: Relation, parent: Hashable) -> frozenset[Any]:
        """The elements that a row has in a relation."""
        found = frozenset(self.store.database.pairs(relation).children.get(parent, ()))
        for changes in self._later:
            for member, _ in changes.members:
                if member.relation is relation and member.parent == parent:
                    found ^= {member.child}
        return found


class RowDelta:
    """What happened to one row; `old` None: it is new, `new` None: it is gone, the same: only elements changed."""

    __slots__ = ("_after", "_version", "members", "moment", "new", "old")

    def __init__(self, moment: Moment, old: Any, new: Any) -> None:
        self.moment = moment
        self.old = old
        self.new = new
        self.members: dict[str, dict[Any, None]] = {}
        """By column: the elements that came or went."""
        self._after: dict[str, frozenset[Any]] | None = None
        self._version: str | None = None

    def pin(self, columns: Iterable[Column], *, version: bool) -> None:
        """Take what rows do not say - elements, the version - as it is now: to be told of later."""
        self._after = {column.name: self.elements(column, before=False) for column in columns}
        if version and self.new is not None:
            self._version = self.version(before=False)

    def toggle(self, column: str, child: Any) -> None:
        """An element came, or went; twice is never."""
        children = self.members.setdefault(column, {})
        if children.pop(child, self) is self:
            children[child] = None

    def elements(self, column: Column, *, before: bool) -> frozenset[Any]:
        """The elements in a relation column, before or after."""
        found = None if self._after is None else self._after.get(column.name)
        if found is None:
            row = self.old if self.new is None else self.new
            assert column.relation is not None
            found = self.moment.members(column.relation, row.key())
        return found.symmetric_difference(self.members.get(column.name, ())) if before else found

    def version(self, *, before: bool) -> str:
        """The `_version` of the row, before or after."""
        if before:
            return self.moment.ended.get(self.old.uuid) or passed_version(self.old.uuid)
        return self._version or self.moment.store.version(self.new.uuid)


def passed_version(uuid: str) -> str:
    """In the place of a version that is over, and that nobody had asked for: as good as any."""
    return derive_uuid("_version", uuid)


Deltas = dict[str, dict[str, RowDelta]]
"""By table, then by uuid."""
_UNCHANGED: Any = object()
"""In the place of a row of which, so far, only elements changed."""


class Gatherer:
    """What happened to one store, one after the other, as deltas of some tables."""

    def __init__(self, store: Store, tables: Container[str]) -> None:
        self._types = {table.row_type: table for table in store.tables.values() if table.name in tables}
        self._owners = {
            column.relation: (table, column.name) for table in self._types.values() for column in table.relations
        }
        self._moment = Moment(store)

    def gather(self, happened: Iterable[Happened], moment: Moment) -> Deltas:
        """What all of it did, up to this moment."""
        self._moment = moment
        found: Deltas = {}
        for changes in happened:
            for uuid, version in changes.versions.items():
                moment.ended.setdefault(uuid, version)
            for row_type, _, old, new in changes.rows:
                table = self._types.get(row_type)
                if table is not None:
                    self._add_row(found.setdefault(table.name, {}), old, new)
            for member, _ in changes.members:
                owner = self._owners.get(member.relation)  # type: ignore[call-overload]
                if owner is not None:
                    self._add_member(
                        found.setdefault(owner[0].name, {}), owner[0], owner[1], member.parent, member.child
                    )
        self._complete(found)
        return found

    def _add_row(self, deltas: dict[str, RowDelta], old: Any, new: Any) -> None:
        uuid: str = (old if new is None else new).uuid
        delta = deltas.get(uuid)
        if delta is None:
            deltas[uuid] = RowDelta(self._moment, old, new)
        elif delta.old is _UNCHANGED:
            delta.old, delta.new = old, new
        elif new is not None or old is delta.new:  # one uuid may go and come under two keys, in either order
            delta.new = new
        elif delta.old is None:
            delta.old = old

    def _add_member(
        self, deltas: dict[str, RowDelta], table: StoredTable, column: str, parent: Any, child: Any
    ) -> None:
        uuid = parent if table.has_uuid_field else getattr(self._moment.row(table, parent), "uuid", None)
        if uuid is not None:
            delta = deltas.get(uuid)
            if delta is None:
                delta = deltas[uuid] = RowDelta(self._moment, _UNCHANGED, _UNCHANGED)
            delta.toggle(column, child)

    def _complete(self, found: Deltas) -> None:
        """Fill in the rows of which only elements changed; forget what never was."""
        for name, deltas in found.items():
            table = self._moment.store.tables[name]
            for uuid, delta in list(deltas.items()):
                if delta.old is _UNCHANGED:
                    row = self._moment.row(table, uuid) if table.has_uuid_field else table.row(uuid)
                    delta.old = delta.new = row
                if delta.old is None and delta.new is None:
                    del deltas[uuid]
