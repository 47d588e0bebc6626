"""Rows as a transaction sees them: as they are stored, and drafts of what they are to become.

A draft keeps only what differs from the stored row, as the fields of rows hold it. A large set is kept as what is
added and what is removed, so that one more port on a switch of ten thousand costs one element.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from brume.ovsdb.columns import Column
from brume.ovsdb.data import Datum, from_field, to_field
from brume.ovsdb.mutations import Mutation, check_count
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

    def value(self, column: Column) -> Any:
        """What the row holds in a column, as a reader gives it: a field, or the set of a relation's elements."""
        if column.relation is not None:
            return frozenset(stored_members(self.store, column, self.uuid))
        if not column.attribute:
            return self.store.version(self.uuid)
        return stored_field(self.row, column)

    def datum(self, column: Column) -> Datum:
        """What the row holds in a column."""
        return from_field(column.type, self.value(column))

    def has(self, column: Column, atom: Any) -> bool:
        """Whether a set has an element."""
        if column.relation is None:
            return atom in self.datum(column)
        return atom in stored_members(self.store, column, self.uuid)


def stored_members(store: Store, column: Column, uuid: str) -> dict[Any, None]:
    """The elements of a relation column, as stored."""
    assert column.relation is not None
    return store.database.pairs(column.relation).children.get(uuid) or {}


def stored_field(row: Any, column: Column) -> Any:
    """The field of a row; an object that stands for text is text here."""
    value = getattr(row, column.attribute)
    return str(value) if column.printed else value


class Draft:
    """A row that a transaction inserts, changes or deletes. `old` is the stored row, None for a new one."""

    __slots__ = ("added", "alive", "fields", "old", "removed", "store", "table", "uuid")

    def __init__(self, store: Store, table: StoredTable, uuid: str, old: Any = None) -> None:
        self.store = store
        self.table = table
        self.uuid = uuid
        self.old = old
        self.alive = True
        self.fields: dict[str, Any] = {}
        """The fields that the transaction has written, by attribute."""
        self.added: dict[str, dict[Any, None]] = {}
        self.removed: dict[str, dict[Any, None]] = {}

    def value(self, column: Column) -> Any:
        """What the row is to hold in a column, as a reader gives it: a field, or the set of a relation's elements."""
        if column.relation is not None:
            kept = stored_members(self.store, column, self.uuid).keys() - self.removed.get(column.name, {}).keys()
            return frozenset(kept) | frozenset(self.added.get(column.name, ()))
        if not column.attribute:
            return self.store.version(self.uuid)
        if column.attribute in self.fields:
            return self.fields[column.attribute]
        return self.uuid if column.name == "_uuid" else self.old_value(column)

    def datum(self, column: Column) -> Datum:
        """What the row is to hold in a column."""
        return from_field(column.type, self.value(column))

    def old_value(self, column: Column) -> Any:
        """What the stored row holds; a new row starts from the default."""
        if column.relation is not None:
            return frozenset(stored_members(self.store, column, self.uuid))
        return self.table.defaults[column.attribute] if self.old is None else stored_field(self.old, column)

    def old_datum(self, column: Column) -> Datum:
        """What the stored row holds, as a datum."""
        return from_field(column.type, self.old_value(column))

    def has(self, column: Column, atom: Any) -> bool:
        """Whether a set has an element."""
        if column.relation is None:
            return atom in self.datum(column)
        if atom in self.added.get(column.name, ()):
            return True
        return atom in stored_members(self.store, column, self.uuid) and atom not in self.removed.get(column.name, ())

    def size(self, column: Column) -> int:
        """How many elements a column is to have."""
        if column.relation is None:
            return len(self.datum(column))
        stored = len(stored_members(self.store, column, self.uuid))
        return stored + len(self.added.get(column.name, ())) - len(self.removed.get(column.name, ()))

    def write(self, column: Column, value: Any) -> None:
        """Let a column hold something else: what a reader has read."""
        if column.relation is None:
            self.fields[column.attribute] = value
            return
        stored = stored_members(self.store, column, self.uuid)
        if not stored:
            self.added[column.name] = dict.fromkeys(value)
            return
        self.added[column.name] = dict.fromkeys(atom for atom in value if atom not in stored)
        self.removed[column.name] = dict.fromkeys(atom for atom in stored if atom not in value)

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
            self.write(column, to_field(column.type, mutation.apply(self.datum(column))))
            return
        change = self.include if mutation.mutator == "insert" else self.exclude
        for atom in mutation.argument:
            change(column, atom)
        check_count(column.type, self.size(column))

    def changed(self, column: Column) -> bool:
        """Whether the column is to hold something else than is stored; of a new row, whether it has been written."""
        if column.relation is not None:
            return bool(self.added.get(column.name) or self.removed.get(column.name))
        if column.attribute not in self.fields:
            return False
        return self.old is None or self.fields[column.attribute] != stored_field(self.old, column)

    def is_changed(self) -> bool:
        """Whether anything is to change."""
        if self.old is None or not self.alive or any(self.added.values()) or any(self.removed.values()):
            return True
        return any(self.changed(self.table.attributes[attribute]) for attribute in self.fields)

    def added_atoms(self, column: Column) -> Datum:
        """What the column is to hold and does not yet (of a map: the changed pairs)."""
        if column.relation is not None:
            return frozenset(self.added.get(column.name, ()))
        if self.old is None:
            return self.datum(column)
        return subtract(self.datum(column), self.old_datum(column))

    def removed_atoms(self, column: Column) -> Datum:
        """What the column holds and is not to hold any more."""
        if column.relation is not None:
            return frozenset(self.removed.get(column.name, ()))
        if self.old is None:
            return frozenset()
        return subtract(self.old_datum(column), self.datum(column))

    def write_to(self, transaction: Transaction) -> None:
        """Put what the draft says into a transaction of the database."""
        if not self.alive:
            self._delete_from(transaction)
            return
        row = self._new_row()
        if self.old is not None and self.old.key() != row.key():  # one that rules made has become a client's own
            transaction.delete(self.table.row_type, self.old.key())
        transaction.put(row)
        for column in self.table.relations:
            for atom in self.added.get(column.name, ()):
                transaction.add(column.relation, self.uuid, atom)  # type: ignore[arg-type]
            for atom in self.removed.get(column.name, ()):
                transaction.remove(column.relation, self.uuid, atom)  # type: ignore[arg-type]

    def _delete_from(self, transaction: Transaction) -> None:
        if self.old is not None:
            transaction.delete(self.table.row_type, self.old.key())
            for column in self.table.relations:
                for atom in stored_members(self.store, column, self.uuid):
                    transaction.remove(column.relation, self.uuid, atom)  # type: ignore[arg-type]

    def _new_row(self) -> Any:
        identity = self.table.uuid_field
        own = {} if identity is None else {identity: self.uuid}
        if self.old is None:
            return self.table.row_type(**self.table.defaults | self.fields | own)
        return replace(self.old, **self.fields, **own)


def subtract(datum: Datum, other: Datum) -> Datum:
    """The elements (or pairs) of one that are not in the other."""
    if isinstance(datum, frozenset):
        return datum - frozenset(other)
    kept = {key: value for key, value in datum.items() if key not in other or other[key] != value}  # type: ignore[index]
    return type(datum)(kept)
