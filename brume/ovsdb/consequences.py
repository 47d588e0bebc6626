"""What goes along when rules write a transaction beside rows of others: OVSDB's integrity without a client.

`transact` refuses what would break integrity, or repairs it for everybody. Rules cannot be refused: what they make is
true. So it is others' rows that give way, here called *free*:

    a deleted row      its free elements leave it; free rows of non-root tables that nobody else refers to go too;
                       free rows that refer to it lose the reference, or go where they cannot be without
    a written row      a free row that holds its unique name goes

Rows that are not free are left to the rules, which keep the references among them right. Cost: a look at the referrers
of each deleted row and at the unique indexes of each written one; nothing else is read.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any, NamedTuple

import msgspec

from brume.ovsdb.columns import Column, SetColumn
from brume.ovsdb.data import Datum, from_field, to_field
from brume.ovsdb.store import Referrer, Store, StoredTable, reference_atoms
from brume.tables.database import Transaction
from brume.tables.map import Map
from brume.tables.row import Member, Row

IsFree = Callable[[type[Row], Hashable], bool]


class Removed(NamedTuple):
    """A free row that had to go, and why."""

    row: Any
    because: str


class Consequences:
    """Extends transactions on one store."""

    def __init__(
        self,
        store: Store,
        is_free: IsFree,
        is_free_member: Callable[[Member], bool],
        may_be_free: Callable[[type[Row]], bool] = lambda row_type: True,
    ) -> None:
        """`may_be_free` says of a table whether any row of it may be free."""
        self.store = store
        self.may_be_free = may_be_free
        self.is_free = is_free
        self.is_free_member = is_free_member
        self.tables = {table.row_type: table for table in store.tables.values() if _is_connected(store, table)}

    def extend(self, transaction: Transaction) -> list[Removed]:
        """Add to a transaction what must go along with it; returns the free rows that go."""
        return _Extension(self, transaction).run()


class _Extension:
    """One transaction while it grows."""

    def __init__(self, rules: Consequences, transaction: Transaction) -> None:
        self._rules = rules
        self._store = rules.store
        self._transaction = transaction
        self._deleted: list[tuple[StoredTable, Hashable]] = []
        self._removed: list[Removed] = []

    def run(self) -> list[Removed]:
        for (row_type, key), row in list(self._transaction.rows.items()):
            table = self._rules.tables.get(row_type)
            if table is not None and row is None:
                self._deleted.append((table, key))
            elif table is not None:
                self._take_names(table, row)
        while self._deleted:
            table, key = self._deleted.pop()
            row = self._store.database.get(table.row_type, key)
            if row is not None:
                self._leave(table, row)
        return self._removed

    # names

    def _take_names(self, table: StoredTable, row: Any) -> None:
        if not self._rules.may_be_free(table.row_type):
            return
        for names in table.unique:
            values = tuple(getattr(row, table.columns[name].attribute) for name in names)
            for holder in table.holders(names, values):
                if holder.key() != row.key() and self._may_go(table, holder):
                    named = ", ".join(map(str, values))
                    self._remove(table, holder, f"{named} is the name of a row that the rules make")

    # deleted rows

    def _leave(self, table: StoredTable, row: Any) -> None:
        """A row goes: what it held, and who refers to it."""
        why = f"{table.name} {row.uuid} is gone"
        for column in table.columns.values():
            if column.relation is not None:
                self._empty(column.relation, row)
            for name, uuid in self._strong(column, row):
                self._let_go(self._store.tables[name], uuid, why)
        for referrer in self._store.referring_columns(table.name):
            if referrer.column.relation is None and not self._rules.may_be_free(referrer.table.row_type):
                continue  # no index for a field that only rules write
            for owner in list(self._store.referring(referrer, row.uuid)):
                if self._now(referrer.table, owner) is not None:
                    self._drop(referrer, owner, row.uuid, why)

    def _let_go(self, table: StoredTable, uuid: str, why: str) -> None:
        """A strong reference to a row is gone; the row goes too if that was the last one."""
        row = None if table.declaration.is_root else table.row(uuid)
        if row is not None and self._may_go(table, row) and not self._is_held(table, row):
            self._remove(table, row, why)

    def _empty(self, relation: SetColumn, row: Any) -> None:
        for child in self._store.database.members(relation, row.key()):
            member = Member(relation, row.key(), child)
            if self._rules.is_free_member(member):
                self._transaction.members[member] = False

    def _strong(self, column: Column, row: Any) -> list[tuple[str, str]]:
        """The rows that a column keeps alive."""
        if column.relation is None:
            if not column.type.key.strong and (column.type.value is None or not column.type.value.strong):
                return []
            return reference_atoms(column, from_field(column.type, getattr(row, column.attribute)))
        if not column.type.key.strong:
            return []
        table = column.type.key.table or ""
        return [(table, child) for child in self._store.database.members(column.relation, row.key())]

    def _drop(self, referrer: Referrer, owner: Any, uuid: str, why: str) -> None:
        """Take a reference out of a row, or the row with it."""
        table, column = referrer.table, referrer.column
        if column.relation is not None:
            member = Member(column.relation, owner.key(), uuid)
            if self._rules.is_free_member(member):
                self._transaction.members[member] = False
                if len(self._left(column.relation, owner)) < column.type.minimum and self._may_go(table, owner):
                    self._remove(table, owner, why)
            return
        if not self._rules.is_free(table.row_type, owner.key()):
            return
        present = self._now(table, owner)
        datum = without(from_field(column.type, getattr(present, column.attribute)), uuid)
        if len(datum) < column.type.minimum:
            self._remove(table, owner, why)
        else:
            field = to_field(column.type, datum)
            self._transaction.put(msgspec.structs.replace(present, **{column.attribute: field}))

    def _left(self, relation: SetColumn, row: Any) -> list[Hashable]:
        held = self._store.database.members(relation, row.key())
        return [one for one in held if self._transaction.members.get(Member(relation, row.key(), one)) is not False]

    # rows as this transaction leaves them

    def _now(self, table: StoredTable, row: Any) -> Any:
        return self._transaction.rows.get((table.row_type, row.key()), row)

    def _may_go(self, table: StoredTable, row: Any) -> bool:
        return self._now(table, row) is not None and self._rules.is_free(table.row_type, row.key())

    def _remove(self, table: StoredTable, row: Any, why: str) -> None:
        self._transaction.delete(table.row_type, row.key())
        self._deleted.append((table, row.key()))
        self._removed.append(Removed(row, why))

    def _is_held(self, table: StoredTable, row: Any) -> bool:
        """Whether a strong reference is left after the transaction."""
        return any(self._holds(referrer, owner, row) for referrer, owner in self._holders(table, row))

    def _holders(self, table: StoredTable, row: Any) -> Iterator[tuple[Referrer, Any]]:
        return self._store.referrers(table.name, row.uuid, weak=False)

    def _holds(self, referrer: Referrer, owner: Any, row: Any) -> bool:
        if owner.uuid == row.uuid or self._now(referrer.table, owner) is None:
            return False
        relation = referrer.column.relation
        return relation is None or self._transaction.members.get(Member(relation, owner.key(), row.uuid)) is not False


def _is_connected(store: Store, table: StoredTable) -> bool:
    """Whether rows of a table can concern others: not those of Logical_Flow, of which there are most."""
    if table.unique or any(column.relation is not None for column in table.columns.values()):
        return True
    referred = {
        base.table
        for one in store.tables.values()
        for column in one.columns.values()
        for base in column.type[:2]
        if base is not None
    }
    own = {
        base.table for column in table.columns.values() for base in column.type[:2] if base is not None and base.strong
    }
    return table.name in referred or any(not store.tables[name].declaration.is_root for name in own if name)


def without(datum: Datum, uuid: str) -> Datum:
    """A datum less what it has of a uuid."""
    if isinstance(datum, Map):
        return Map({key: value for key, value in datum.items() if uuid not in (key, value)})
    return frozenset(datum) - {uuid}
