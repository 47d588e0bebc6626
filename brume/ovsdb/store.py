"""A store: a database seen through its OVSDB schema, with the questions that transactions ask of it.

    by uuid           StoredTable.row(uuid)
    by unique index   StoredTable.holders(index, values)
    who refers to it  Store.referrers(table, uuid), Store.strong_count(table, uuid)

All are answered from indexes and relations of the database, which are kept up to date by every change from whoever
makes it (derivation or a client): nothing here is counted twice, and a change costs what it changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any, NamedTuple

from brume.ovsdb.codecs import codecs
from brume.ovsdb.columns import Column, all_columns, columns, uuid_field
from brume.ovsdb.data import Datum, check_default, default_datum, from_field, to_field
from brume.ovsdb.errors import OvsdbError
from brume.ovsdb.schema import Schema, declaration
from brume.ovsdb.types import BaseType
from brume.tables.changes import ChangeSet
from brume.tables.database import Database
from brume.tables.map import Map
from brume.tables.row import Index, getter
from brume.values.uuids import derive_uuid


class Referrer(NamedTuple):
    """A column that may refer to rows of some table."""

    table: StoredTable
    column: Column
    weak: bool
    by_target: Index[Any] | None
    """Rows by the uuids their field refers to; None if the column is a relation, which knows its owners."""


class StoredTable:
    """One table of a store, and what is worth knowing of its columns before the first transaction comes."""

    __slots__ = (
        "_by_uuid",
        "attributes",
        "codecs",
        "columns",
        "database",
        "declaration",
        "defaults",
        "has_uuid_field",
        "limited",
        "name",
        "never_empty",
        "relations",
        "row_type",
        "stored",
        "strong",
        "unique",
        "uuid_field",
        "weak",
    )

    def __init__(self, database: Database, row_type: Any) -> None:
        self.database = database
        self.row_type = row_type
        self.declaration = declaration(row_type)
        self.name = self.declaration.name
        self.columns = all_columns(row_type)
        self.codecs = codecs(row_type)
        self.stored = database.table(row_type)
        self.uuid_field = uuid_field(row_type)
        self.has_uuid_field = self.uuid_field == "uuid"
        self._by_uuid: Index[Any] | None = None
        self.unique = {names: _unique_index(row_type, names) for names in self.declaration.indexes}
        own = tuple(columns(row_type).values())
        self.attributes = {column.attribute: column for column in own if column.relation is None}
        """The columns that are fields, by the name of the field."""
        self.defaults = {
            name: to_field(found.type, default_datum(found.type)) for name, found in self.attributes.items()
        }
        """The fields of a row inserted without them."""
        self.relations = tuple(column for column in own if column.relation is not None)
        self.strong = tuple(column for column in own if any(base.strong for base in column.type.bases))
        self.weak = tuple(column for column in own if any(base.weak for base in column.type.bases))
        self.never_empty = tuple(column for column in (*self.strong, *self.weak) if column.type.minimum)
        """References whose default names a row that is not there."""
        self.limited = tuple(column for column in own if not _has_valid_default(column))
        """Columns that an insert must give, because their default is outside their limits."""

    def row(self, uuid: str) -> Any:
        """The row with this uuid, or None."""
        if self.has_uuid_field:
            return self.stored.rows.get(uuid)
        if self._by_uuid is None:
            self._by_uuid = Index(self.row_type, "uuid", lambda row: row.uuid)
        found = self.database.find(self._by_uuid, uuid)
        return found[0] if found else None

    def rows(self) -> list[Any]:
        """All rows."""
        return list(self.stored.rows.values())

    def count(self) -> int:
        """How many rows there are."""
        return len(self.stored.rows)

    def holders(self, names: tuple[str, ...], values: tuple[Any, ...]) -> list[Any]:
        """The rows that hold these field values in the columns of a unique index."""
        return self.database.find(self.unique[names], values)


def _has_valid_default(column: Column) -> bool:
    try:
        check_default(column.type)
    except OvsdbError:
        return False
    return True


def _unique_index(row_type: Any, names: tuple[str, ...]) -> Index[Any]:
    attributes = [columns(row_type)[name].attribute for name in names]
    return Index(row_type, ", ".join(names), getter(attributes))


class Store:
    """A database and its schema."""

    def __init__(self, database: Database, schema: Schema) -> None:
        self.database = database
        self.schema = schema
        self.tables = {name: StoredTable(database, row_type) for name, row_type in schema.tables.items()}
        self._referrers: dict[str, list[Referrer]] = {name: [] for name in self.tables}
        for table in self.tables.values():
            for column in table.columns.values():
                self._add_referrers(table, column)
        self._owners = {table.row_type.__name__: table for table in self.tables.values()}
        self._serial = 0
        self._versions: dict[str, str] = {}
        self.ended_versions: dict[str, str] = {}
        """The versions that the change set ended which the listeners are being told of, by uuid."""
        database.subscribe(self._take_note)

    def _add_referrers(self, table: StoredTable, column: Column) -> None:
        for base in {column.type.key, column.type.value}:
            if base is not None and base.table is not None:
                index = None if column.relation is not None else _reference_index(table.row_type, column, base.table)
                self._referrers[base.table].append(Referrer(table, column, base.weak, index))

    def referrers(self, table: str, uuid: str, *, weak: bool) -> Iterator[tuple[Referrer, Any]]:
        """The columns and rows that refer to a row."""
        for referrer in self._referrers[table]:
            if referrer.weak is weak:
                for row in self.referring(referrer, uuid):
                    yield referrer, row

    def referring_columns(self, table: str) -> list[Referrer]:
        """The columns that may refer to rows of a table."""
        return self._referrers[table]

    def referring(self, referrer: Referrer, uuid: str) -> Iterator[Any]:
        """The rows that refer to a row by one column; a field's index is built when it is first asked."""
        if referrer.by_target is not None:
            yield from self.database.find(referrer.by_target, uuid)
        elif referrer.column.relation is not None:
            for owner in self.database.owners(referrer.column.relation, uuid):
                row = referrer.table.row(owner)
                if row is not None:
                    yield row

    def strong_count(self, table: str, uuid: str) -> int:
        """How many strong references keep a row alive; what a row says of itself does not count."""
        count = 0
        for referrer, row in self.referrers(table, uuid, weak=False):
            if row.uuid == uuid:
                continue
            if referrer.column.relation is not None:
                count += 1
            else:
                datum = from_field(referrer.column.type, getattr(row, referrer.column.attribute))
                count += reference_atoms(referrer.column, datum).count((table, uuid))
        return count

    def version(self, uuid: str) -> str:
        """The `_version` of a row, be it stored or about to be inserted: another one after each change of the row.

        They are made when somebody asks, and forgotten when their row changes, so that nobody else pays for them.
        """
        found = self._versions.get(uuid)
        if found is None:
            self._serial += 1
            found = self._versions[uuid] = derive_uuid("_version", uuid, self._serial)
        return found

    def _take_note(self, changes: ChangeSet) -> None:
        if self.ended_versions:
            self.ended_versions = {}
        if not self._versions:
            return
        inserted = set()
        for row_type, key, old, new in changes.rows:
            if old is None:
                inserted.add(key)
            elif (identity := uuid_field(row_type)) is not None:
                self._end_version(getattr(old, identity))
            if new is None:
                self._end_version(key)
        for member, _ in changes.members:
            if member.parent not in inserted:
                self._end_version(member.parent)

    def _end_version(self, uuid: Any) -> None:
        version = self._versions.pop(uuid, None)
        if version is not None:
            self.ended_versions[uuid] = version


def reference_atoms(column: Column, datum: Datum, *, weak: bool = False) -> list[tuple[str, str]]:
    """The (table, uuid) pairs that a datum refers to, strongly or weakly."""
    found: list[tuple[str, str]] = []
    key, value = column.type.key, column.type.value
    if _refers(key, weak):
        found.extend((key.table or "", atom) for atom in datum)
    if value is not None and isinstance(datum, Map) and _refers(value, weak):
        found.extend((value.table or "", atom) for atom in datum.values())
    return found


def _refers(base: BaseType, weak: bool) -> bool:
    return base.table is not None and base.weak is weak


def _reference_index(row_type: Any, column: Column, table: str) -> Index[Any]:
    name = f"{column.name} -> {table}"
    if column.type.value is None:
        return Index(row_type, name, attrgetter(column.attribute), many=column.type.maximum != 1)
    by_key, by_value = (base.table == table for base in column.type.bases)

    def atoms(row: Any) -> frozenset[str]:
        pairs = getattr(row, column.attribute)
        return frozenset(pairs if by_key else ()) | frozenset(pairs.values() if by_value else ())

    return Index(row_type, name, atoms, many=True)
