"""Change sets and rows as transaction records: what ovsdb-server writes for them.

    {"_date": 1767225600000, "_is_diff": true, "Logical_Switch": {"<uuid>": {"ports": ["uuid", "<port>"]}}}

A new row has its columns that are not at their default, a deleted row is null, a changed row has its changed columns.
A record that changes rows holds differences (`_is_diff`), as ovsdb-server 3.1 writes them: one more port on a switch of
ten thousand is one element. Where it would misread a difference (in a set of bounded size, or one that must not be
empty) the record holds new values instead. Ephemeral columns are not written, nor rows without a uuid of their own
(logical flows that rules made): they are derived anew.

A change set is complete: elements of a new row's relations come with it. Those of a row that is not there are not
kept.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from brume.ovsdb.codecs import codec
from brume.ovsdb.columns import Column, columns, uuid_field
from brume.ovsdb.data import Datum, datum_to_json, default_datum, from_field, to_field
from brume.ovsdb.differences import difference, is_composite
from brume.ovsdb.schema import Schema
from brume.ovsdb.types import ColumnType
from brume.tables.changes import ChangeSet, MemberChange, RowChange
from brume.tables.database import Database
from brume.tables.row import Relation, getter

Json = Any
RowJson = dict[str, Json]
Tables = dict[str, dict[str, RowJson | None]]


class WrittenField(NamedTuple):
    """How a field is written."""

    name: str
    attribute: str
    type: ColumnType
    default: Any
    to_json: Callable[[Any], Json]
    composite: bool


class WrittenTable:
    """How the rows of one table are written."""

    __slots__ = ("_get", "fields", "identity", "name", "relations", "row_type")

    def __init__(self, name: str, row_type: Any, identity: str) -> None:
        self.name = name
        self.row_type = row_type
        self.identity = identity
        kept = [column for column in columns(row_type).values() if not column.ephemeral]
        self.fields = [_written_field(column) for column in kept if column.relation is None]
        self._get = getter([field.attribute for field in self.fields])
        self.relations = [column for column in kept if column.relation is not None]

    def row(self, row: Any) -> RowJson:
        """A row as if it were new, without its relations."""
        found = {}
        for (name, _, _, default, to_json, _), value in zip(self.fields, self._get(row), strict=True):
            if value is not default and value != default:
                found[name] = to_json(value)
        return found

    def changed(self, old: Any, new: Any) -> list[WrittenField]:
        """The fields that differ."""
        pairs = zip(self.fields, self._get(old), self._get(new), strict=True)
        return [field for field, before, after in pairs if before is not after and before != after]


class Recorder:
    """Makes records of what happens to a database of some schema."""

    __slots__ = ("columns", "database", "tables")

    def __init__(self, schema: Schema, database: Database) -> None:
        self.database = database
        self.tables: dict[Any, WrittenTable] = {}
        self.columns: dict[Relation, tuple[WrittenTable, Column]] = {}
        row_type: Any
        for name, row_type in schema.tables.items():
            identity = uuid_field(row_type)
            if identity is not None:
                table = self.tables[row_type] = WrittenTable(name, row_type, identity)
                for column in table.relations:
                    assert column.relation is not None
                    self.columns[column.relation] = (table, column)

    def record(self, changes: ChangeSet) -> RowJson | None:
        """The record of a change set, without date and comment; None if nothing of it is kept."""
        record = _Record(self)
        for change in changes.rows:
            table = self.tables.get(change.row_type)
            if table is not None:
                record.take_row(table, change)
        for member in changes.members:
            record.take_member(member)
        return record.json()


class _Record:
    """One record while it is made: first what has changed, then how it is best said."""

    __slots__ = ("_changed", "_fresh", "_known", "_members", "_tables")

    def __init__(self, known: Recorder) -> None:
        self._known = known
        self._tables: Tables = {}
        self._fresh: set[tuple[str, Hashable]] = set()
        """New rows: all they hold is new."""
        self._changed: list[tuple[WrittenTable, RowChange, list[WrittenField]]] = []
        self._members: dict[tuple[Relation, Hashable], list[tuple[Any, bool]] | None] = {}
        """Elements that come and go, by relation and parent; None for a parent that is not there."""

    def take_row(self, table: WrittenTable, change: RowChange) -> None:
        """A row that came or went is written at once; of one that changed, what changed is noted."""
        before = None if change.old is None else getattr(change.old, table.identity)
        after = None if change.new is None else getattr(change.new, table.identity)
        if before is not None and before != after:
            self._tables.setdefault(table.name, {})[before] = None
        if after is None:
            return
        if before != after:
            self._tables.setdefault(table.name, {})[after] = table.row(change.new)
            self._fresh.add((table.name, after))
            return
        fields = table.changed(change.old, change.new)
        if fields:
            self._changed.append((table, change, fields))

    def take_member(self, change: MemberChange) -> None:
        """An element of a row that is there after the change; called after all rows."""
        (relation, parent, child), added = change
        known = self._known.columns.get(relation)
        if known is None:
            return
        place = (relation, parent)
        if place not in self._members:
            self._members[place] = [] if self._is_there(known[0], parent) else None
        group = self._members[place]
        if group is not None:
            group.append((child, added))

    def _is_there(self, table: WrittenTable, parent: Any) -> bool:
        rows = self._tables.get(table.name, {})
        if parent in rows:
            return rows[parent] is not None
        return parent in self._known.database.table(table.row_type).rows

    def json(self) -> RowJson | None:
        """The record, if there is anything to say."""
        differences = not self._would_be_misread()
        for table, change, fields in self._changed:
            row = self._row(table, getattr(change.new, table.identity))
            for field in fields:
                row[field.name] = _changed_json(field, change, differences)
        for (relation, parent), children in self._members.items():
            if children is not None:
                self._write_members(relation, parent, children, differences)
        if not self._tables:
            return None
        return {"_is_diff": True, **self._tables} if differences else dict(self._tables)

    def _would_be_misread(self) -> bool:
        for _, change, fields in self._changed:
            for field in fields:
                if _is_misread(field.type, from_field(field.type, getattr(change.old, field.attribute))):
                    return True
        return False

    def _row(self, table: WrittenTable, uuid: Any) -> RowJson:
        rows = self._tables.setdefault(table.name, {})
        row = rows.get(uuid)
        if row is None:
            row = rows[uuid] = {}
        return row

    def _write_members(
        self, relation: Relation, parent: Any, children: list[tuple[Any, bool]], differences: bool
    ) -> None:
        table, column = self._known.columns[relation]
        if (table.name, parent) in self._fresh:
            atoms = frozenset(child for child, added in children if added)
        elif differences:
            atoms = frozenset(child for child, _ in children)
        else:
            atoms = self._members_now(relation, parent)
        self._row(table, parent)[column.name] = datum_to_json(column.type, atoms)

    def _members_now(self, relation: Relation, parent: Any) -> frozenset[Any]:
        """The elements after this change set: what listeners have already answered to it is another record's."""
        found = frozenset(self._known.database.members(relation, parent))
        for changes in self._known.database.untold():
            found ^= {member.child for member, _ in changes.members if member[:2] == (relation, parent)}
        return found


def _changed_json(field: WrittenField, change: RowChange, differences: bool) -> Json:
    new = getattr(change.new, field.attribute)
    if not (differences and field.composite):
        return field.to_json(new)
    kind = field.type
    old = getattr(change.old, field.attribute)
    return datum_to_json(kind, difference(kind, from_field(kind, old), from_field(kind, new)))


def _is_misread(kind: ColumnType, old: Datum) -> bool:
    """Whether ovsdb-server would misread a difference to what a column held.

    It reads it with the limits that the column has on its size, and takes it for the new value after a default.
    """
    if not is_composite(kind):
        return False
    return kind.maximum is not None or (kind.minimum > 0 and old == default_datum(kind))


def _written_field(column: Column) -> WrittenField:
    kind = column.type
    default = to_field(kind, default_datum(kind))
    return WrittenField(column.name, column.attribute, kind, default, codec(column).write, is_composite(kind))
