"""What a monitor sees of one table: rows and their changes as the objects of `update` and `update2` messages.

    update    {"old": {columns that changed, or all of a row that went}, "new": {all columns}}          RFC 7047, 4.1.6
    update2   {"initial" | "insert": {columns that are not the default}}, {"modify": {differences}}, {"delete": null}

Rules: a change costs what it changes; of a relation only the elements that came or went are looked at (`update` must
print all of them, and is for old clients). What is equal for several monitors is made once (`groups.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from brume.ovsdb.columns import Column
from brume.ovsdb.data import Json, default_datum, to_field
from brume.ovsdb.differences import difference, is_composite
from brume.ovsdb.server.changes import RowDelta, passed_version
from brume.ovsdb.server.conditions import EVERYTHING, Condition
from brume.ovsdb.store import Store, StoredTable
from brume.tables.row import getter

INITIAL, INSERT, DELETE, MODIFY = 1, 2, 4, 8
EVERY_KIND = INITIAL | INSERT | DELETE | MODIFY


class Selection(NamedTuple):
    """What a client asked to see of a table."""

    columns: tuple[tuple[str, int], ...]
    """Names, and of which kinds of changes each is wanted."""
    kinds: int = EVERY_KIND
    condition: Condition = EVERYTHING

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for selections that see the same."""
        return (tuple(sorted(self.columns)), self.kinds, self.condition.key)


class _Seen(NamedTuple):
    column: Column
    kinds: int
    write: Callable[[Any], Json]
    default: Any
    composite: bool


_NOTHING: dict[str, frozenset[Any]] = {}
Changes = list[tuple[_Seen, Any, Any]]
"""Fields that differ, with what they held and what they hold."""


class Watch:
    """One table through one selection."""

    __slots__ = ("_fields", "_get", "_hidden", "_relations", "_version", "_versioned", "selection", "table")

    def __init__(self, store: Store, table: StoredTable, selection: Selection) -> None:
        self.table = table
        self._version = store.version
        self.selection = selection
        seen = [_seen(table, name, kinds) for name, kinds in selection.columns]
        self._fields = [one for one in seen if one.column.relation is None and one.column.attribute]
        self._relations = [one for one in seen if one.column.relation is not None]
        self._versioned = next((one for one in seen if not one.column.attribute), None)
        self._hidden = [
            column for name, column in selection.condition.columns.items() if name not in dict(selection.columns)
        ]
        """Columns that only the condition looks at: their change is a change too, as it is for ovsdb-server."""
        self._get = getter([one.column.attribute for one in self._fields])

    @property
    def relations(self) -> list[Column]:
        """The columns that are relations."""
        return [one.column for one in self._relations]

    def pin(self, deltas: Iterable[RowDelta], *, is_old: bool) -> None:
        """Have them tell of this moment, also when they are told of later. What rows say is pinned as it is."""
        condition = self.selection.condition
        asked = [column for column in condition.columns.values() if column.relation is not None]
        columns = [*self.relations, *asked]
        version = any(not column.attribute for column in condition.columns.values())
        if not columns and not version:
            return
        version = version or self._versioned is not None
        every = is_old or not condition.is_true
        for delta in deltas:
            if every or delta.old is None:
                delta.pin(columns, version=version)
            elif version:
                delta.pin((), version=True)

    def initial(self, row: Any, elements: Mapping[str, frozenset[Any]] | None) -> dict[str, Json]:
        """The columns of a row in a dump, those left out that are as a client expects; `elements` by column."""
        found = self._filled(row, elements or _NOTHING, INITIAL)
        one = self._versioned
        if one is not None and one.kinds & INITIAL:
            found[one.column.name] = one.write(self._version_of(row))
        return found

    def update2(self, delta: RowDelta) -> dict[str, Json] | None:
        """A `<row-update2>`, or None if the client is not to see the change."""
        kind = self._kind(delta)
        if not kind & self.selection.kinds:
            return None
        if kind == DELETE:
            return {"delete": None}
        if kind == INSERT:
            elements = {column.name: delta.elements(column, before=False) for column in self.relations}
            found = self._filled(delta.new, elements, INSERT)
            self._add_version(found, delta, INSERT)
            return {"insert": found}
        changes = self._changes(delta)
        return {"modify": self._differences(delta, changes)} if self._differs(delta, changes) else None

    def update(self, delta: RowDelta) -> dict[str, Json] | None:
        """A `<row-update>` of RFC 7047, or None if the client is not to see the change."""
        kind = self._kind(delta)
        changes = self._changes(delta) if kind == MODIFY else []
        if not kind & self.selection.kinds or (kind == MODIFY and not self._differs(delta, changes)):
            return None
        found: dict[str, Json] = {}
        if kind != INSERT:
            found["old"] = self._changed(delta, changes) if kind == MODIFY else self.full(delta, kind, before=True)
        if kind != DELETE:
            found["new"] = self.full(delta, kind, before=False)
        return found

    def full(self, delta: RowDelta, kind: int, *, before: bool) -> dict[str, Json]:
        """All columns that are wanted of a row."""
        row = delta.old if before else delta.new
        found: dict[str, Json] = {}
        for one, value in zip(self._fields, self._get(row), strict=True):
            if one.kinds & kind:
                found[one.column.name] = one.write(value)
        for one in self._relations:
            if one.kinds & kind:
                found[one.column.name] = one.write(delta.elements(one.column, before=before))
        self._add_version(found, delta, kind, before=before)
        return found

    def _kind(self, delta: RowDelta) -> int:
        condition = self.selection.condition
        before, after = condition.holds(delta, before=True), condition.holds(delta, before=False)
        if before:
            return MODIFY if after else DELETE
        return INSERT if after else 0

    def _filled(self, row: Any, elements: Mapping[str, frozenset[Any]], kind: int) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for (column, kinds, write, default, _), value in zip(self._fields, self._get(row), strict=True):
            if value != default and kinds & kind:
                found[column.name] = write(value)
        for one in self._relations:
            members = elements.get(one.column.name)
            if members and one.kinds & kind:
                found[one.column.name] = one.write(members)
        return found

    def _add_version(self, found: dict[str, Json], delta: RowDelta, kind: int, *, before: bool = False) -> None:
        one = self._versioned
        if one is None or not one.kinds & kind:
            return
        pinned = before or bool(self._relations)  # or there may be a later row already
        found[one.column.name] = one.write(delta.version(before=before) if pinned else self._version_of(delta.new))

    def _version_of(self, row: Any) -> str:
        """The version of a row; if there is a later one by now, a version that is over as well."""
        is_there = self.table.stored.rows.get(row.key()) is row
        return self._version(row.uuid) if is_there else passed_version(row.uuid)

    def _changes(self, delta: RowDelta) -> Changes:
        """The fields that differ."""
        if delta.old is delta.new:
            return []
        pairs = zip(self._fields, self._get(delta.old), self._get(delta.new), strict=True)
        return [(one, old, new) for one, old, new in pairs if old is not new and _differ(one.column, old, new)]

    def _differs(self, delta: RowDelta, changes: Changes) -> bool:
        if changes or self._versioned is not None or any(delta.members.get(one.column.name) for one in self._relations):
            return True
        return any(self._hidden_differs(delta, column) for column in self._hidden)

    def _hidden_differs(self, delta: RowDelta, column: Column) -> bool:
        if column.relation is not None:
            return bool(delta.members.get(column.name))
        if not column.attribute:
            return True
        return _differ(column, getattr(delta.old, column.attribute), getattr(delta.new, column.attribute))

    def _differences(self, delta: RowDelta, changes: Changes) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for (column, kinds, write, _, composite), old, new in changes:
            if kinds & MODIFY:
                found[column.name] = write(difference(column.type, old, new) if composite else new)
        for one in self._relations:
            toggled = delta.members.get(one.column.name)
            if toggled and one.kinds & MODIFY:
                found[one.column.name] = one.write(frozenset(toggled))
        self._add_version(found, delta, MODIFY)
        return found

    def _changed(self, delta: RowDelta, changes: Changes) -> dict[str, Json]:
        """What the columns held that changed."""
        found = {one.column.name: one.write(old) for one, old, _ in changes if one.kinds & MODIFY}
        for one in self._relations:
            if delta.members.get(one.column.name) and one.kinds & MODIFY:
                found[one.column.name] = one.write(delta.elements(one.column, before=True))
        self._add_version(found, delta, MODIFY, before=True)
        return found


def _seen(table: StoredTable, name: str, kinds: int) -> _Seen:
    column = table.columns[name]
    default = to_field(column.type, default_datum(column.type))
    return _Seen(column, kinds, table.codecs[name].write, default, is_composite(column.type))


def _differ(column: Column, old: Any, new: Any) -> bool:
    return str(old) != str(new) if column.printed else bool(old != new)
