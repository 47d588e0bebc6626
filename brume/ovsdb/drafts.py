"""Rows as a transaction sees them: as they are stored, and drafts of what they are to become.

A draft keeps only what differs from the stored row. A large set is kept as what is added and what is removed, so that
one more port on a switch of ten thousand costs one element.
"""

from __future__ import annotations

from typing import Any

from brume.ovsdb.columns import Column
from brume.ovsdb.data import Datum, default_datum, to_field
from brume.ovsdb.mutations import Mutation, check_count
from brume.ovsdb.rows import column_datum
from brume.ovsdb.store import Store, StoredTable
from brume.tables.database import Transaction


class StoredRow:
    """A row as it is stored."""

    __slots__ = ("row", "store", "table", "uuid")

    def __init__(self, store: Store, table: StoredTable, row: Any) -> None:
        self.store = store
        self.table = table
        self.row = row
        self.uuid: str = row.uuid

    def datum(self, column: Column) -> Datum:
        """What the row holds in a column."""
        if column.name == "_uuid":
            return frozenset((self.uuid,))
        if column.name == "_version":
            return frozenset((self.store.version(self.row),))
        return column_datum(self.store.database, self.row, column)

    def has(self, column: Column, atom: Any) -> bool:
        """Whether a set has an element."""
        if column.relation is None:
            return atom in self.datum(column)
        return atom in stored_members(self.store, column, self.uuid)


def stored_members(store: Store, column: Column, uuid: str) -> dict[Any, None]:
    """The elements of a relation column, as stored."""
    assert column.relation is not None
    return store.database.pairs(column.relation).children.get(uuid) or {}


class Draft:
    """A row that a transaction inserts, changes or deletes. `old` is the stored row, None for a new one."""

    __slots__ = ("added", "alive", "fields", "old", "removed", "store", "table", "uuid")

    def __init__(self, store: Store, table: StoredTable, uuid: str, old: Any = None) -> None:
        self.store = store
        self.table = table
        self.uuid = uuid
        self.old = old
        self.alive = True
        self.fields: dict[str, Datum] = {}
        self.added: dict[str, dict[Any, None]] = {}
        self.removed: dict[str, dict[Any, None]] = {}

    def datum(self, column: Column) -> Datum:
        """What the row is to hold in a column."""
        if column.name == "_uuid":
            return frozenset((self.uuid,))
        if column.name == "_version":
            return frozenset((self._version(),))
        if column.relation is not None:
            kept = stored_members(self.store, column, self.uuid).keys() - self.removed.get(column.name, {}).keys()
            return frozenset(kept) | frozenset(self.added.get(column.name, ()))
        found = self.fields.get(column.name)
        return self.old_datum(column) if found is None else found

    def _version(self) -> str:
        return self.store.next_version(self.uuid) if self.old is None else self.store.version(self.old)

    def old_datum(self, column: Column) -> Datum:
        """What the stored row holds; a new row starts from the default."""
        if self.old is None:
            return frozenset() if column.relation is not None else default_datum(column.type)
        return column_datum(self.store.database, self.old, column)

    def has(self, column: Column, atom: Any) -> bool:
        """Whether a set has an element."""
        if column.relation is None:
            return atom in self.datum(column)
        if atom in self.added.get(column.name, ()):
            return True
        return atom in stored_members(self.store, column, self.uuid) and atom not in self.removed.get(column.name, ())

    def size(self, column: Column) -> int:
        """How many elements a relation column is to have."""
        stored = len(stored_members(self.store, column, self.uuid))
        return stored + len(self.added.get(column.name, ())) - len(self.removed.get(column.name, ()))

    def write(self, column: Column, datum: Datum) -> None:
        """Let a column hold something else."""
        if column.relation is None:
            self.fields[column.name] = datum
            return
        stored = stored_members(self.store, column, self.uuid)
        self.added[column.name] = dict.fromkeys(atom for atom in datum if atom not in stored)
        self.removed[column.name] = dict.fromkeys(atom for atom in stored if atom not in datum)

    def include(self, column: Column, atom: Any) -> None:
        """Add an element to a relation column."""
        if atom in stored_members(self.store, column, self.uuid):
            self.removed.get(column.name, {}).pop(atom, None)
        else:
            self.added.setdefault(column.name, {})[atom] = None

    def exclude(self, column: Column, atom: Any) -> None:
        """Remove an element from a relation column."""
        self.added.get(column.name, {}).pop(atom, None)
        if atom in stored_members(self.store, column, self.uuid):
            self.removed.setdefault(column.name, {})[atom] = None

    def mutate(self, mutation: Mutation) -> None:
        """Apply a mutation to the column it names."""
        column = mutation.column
        if column.relation is None or mutation.mutator not in ("insert", "delete"):
            self.write(column, mutation.apply(self.datum(column)))
            return
        change = self.include if mutation.mutator == "insert" else self.exclude
        for atom in mutation.argument:
            change(column, atom)
        check_count(column.type, self.size(column))

    def changed(self, column: Column) -> bool:
        """Whether the column is to hold something else than is stored."""
        if column.relation is not None:
            return bool(self.added.get(column.name) or self.removed.get(column.name))
        return column.name in self.fields and (self.old is None or self.fields[column.name] != self.old_datum(column))

    def is_changed(self) -> bool:
        """Whether anything is to change."""
        if self.old is None or not self.alive:
            return True
        return any(self.changed(self.table.columns[name]) for name in (*self.fields, *self.added, *self.removed))

    def added_atoms(self, column: Column) -> Datum:
        """What the column is to hold and does not yet (of a map: the changed pairs)."""
        if column.relation is not None:
            return frozenset(self.added.get(column.name, ()))
        if self.old is None:
            return self.datum(column)
        return subtract(self.datum(column), self.old_datum(column))

    def write_to(self, transaction: Transaction) -> None:
        """Put what the draft says into a transaction of the database."""
        row_type = self.table.row_type
        relations = [column for column in self.table.columns.values() if column.relation is not None]
        if not self.alive:
            if self.old is not None:
                transaction.delete(row_type, self.old.key())
                for column in relations:
                    for atom in stored_members(self.store, column, self.uuid):
                        transaction.remove(column.relation, self.uuid, atom)  # type: ignore[arg-type]
            return
        row = self._new_row()
        if self.old is not None and self.old.key() != row.key():  # one that rules made has become a client's own
            transaction.delete(row_type, self.old.key())
        transaction.put(row)
        for column in relations:
            for atom in self.added.get(column.name, ()):
                transaction.add(column.relation, self.uuid, atom)  # type: ignore[arg-type]
            for atom in self.removed.get(column.name, ()):
                transaction.remove(column.relation, self.uuid, atom)  # type: ignore[arg-type]

    def _new_row(self) -> Any:
        identity = self.table.uuid_field
        fields: dict[str, Any] = {} if identity is None else {identity: self.uuid}
        for column in self.table.columns.values():
            if column.relation is None and not column.name.startswith("_"):
                fields[column.attribute] = self.field(column)
        return self.table.row_type(**fields)

    def field(self, column: Column) -> Any:
        """What the column is to hold, as the row's field."""
        if self.old is not None and column.name not in self.fields:
            return getattr(self.old, column.attribute)
        return to_field(column.type, self.datum(column))


def subtract(datum: Datum, other: Datum) -> Datum:
    """The elements (or pairs) of one that are not in the other."""
    if isinstance(datum, frozenset):
        return datum - frozenset(other)
    kept = {key: value for key, value in datum.items() if key not in other or other[key] != value}  # type: ignore[index]
    return type(datum)(kept)
