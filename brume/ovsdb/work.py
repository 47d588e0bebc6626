"""The work of one transaction: drafts over a store, until `integrity.settle` lets its `transaction` be applied.

Nothing in the store changes before that. Rows are found by uuid, by a unique index or by a member of a large set
where the condition allows it, and by looking at all rows where it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from brume.ovsdb.columns import UUID_COLUMN
from brume.ovsdb.conditions import Clause, field_test
from brume.ovsdb.data import default_datum, to_field
from brume.ovsdb.drafts import Draft, StoredRow
from brume.ovsdb.store import Store, StoredTable
from brume.ovsdb.types import BaseType
from brume.tables.database import Transaction

Seen = StoredRow | Draft


class Work:
    """Drafts by table and uuid, and the names that this transaction has given to uuids."""

    __slots__ = ("drafts", "made", "names", "new_uuid", "store")

    def __init__(self, store: Store, new_uuid: Callable[[], str]) -> None:
        self.store = store
        self.new_uuid = new_uuid
        self.drafts: dict[str, dict[str, Draft]] = {}
        self.names: dict[str, str] = {}
        self.made: set[str] = set()
        """Names that an insert has used."""

    def name(self, name: str, base: BaseType | None = None) -> str:
        """The uuid that a name stands for; it may be used before the insert that it names."""
        found = self.names.get(name)
        if found is None:
            found = self.names[name] = self.new_uuid()
        return found

    # rows

    def find(self, table: StoredTable, clauses: list[Clause]) -> list[Seen]:
        """The rows, as this transaction has left them, for which all clauses hold."""
        drafts = self.drafts.get(table.name, {})
        for clause in clauses:
            if clause.function == "==" and clause.column is UUID_COLUMN:
                (uuid,) = clause.argument
                found = drafts.get(uuid) or self._stored(table, uuid)
                others = [other for other in clauses if other is not clause]
                return [found] if found is not None and _matches(found, others) else []
        stored = (StoredRow(self.store, table, row) for row in self._candidates(table, clauses))
        rows: list[Seen] = [row for row in stored if row.uuid not in drafts and _matches(row, clauses)]
        rows += [draft for draft in drafts.values() if _matches(draft, clauses)]
        return rows

    def _stored(self, table: StoredTable, uuid: str) -> StoredRow | None:
        row = table.row(uuid)
        return None if row is None else StoredRow(self.store, table, row)

    def _candidates(self, table: StoredTable, clauses: list[Clause]) -> Iterable[Any]:
        """Stored rows among which are all that the clauses can hold for."""
        for clause in clauses:
            column = clause.column
            if column is None or not clause.argument:
                continue
            if clause.function == "==" and (column.name,) in table.unique:
                return table.holders((column.name,), (to_field(column.type, clause.argument),))
            if clause.function == "includes" and column.relation is not None:
                owners = self.store.database.owners(column.relation, next(iter(clause.argument)))
                return [row for row in map(table.row, owners) if row is not None]
        rows = table.rows()
        for test in map(field_test, clauses):
            if test is not None:
                rows = list(filter(test, rows))
        return rows

    def get(self, table: StoredTable, uuid: str) -> Draft | Any:
        """The draft or stored row with this uuid if it is alive, else None."""
        draft = self.drafts.get(table.name, {}).get(uuid)
        if draft is not None:
            return draft if draft.alive else None
        return table.row(uuid)

    def draft(self, table: StoredTable, uuid: str) -> Draft | None:
        """The draft of a row, made if need be; None if there is no such row."""
        drafts = self.drafts.setdefault(table.name, {})
        found = drafts.get(uuid)
        if found is None:
            row = table.row(uuid)
            if row is None:
                return None
            found = drafts[uuid] = Draft(self.store, table, uuid, row)
        return found

    def all_drafts(self) -> list[Draft]:
        """Every draft there is now."""
        return [draft for drafts in self.drafts.values() for draft in drafts.values()]

    # changes

    def insert(self, table: StoredTable, uuid: str, values: dict[str, Any]) -> None:
        """A new row; columns not given get their defaults."""
        self.add(self.new_row(table, uuid, values))

    def new_row(self, table: StoredTable, uuid: str, values: dict[str, Any]) -> Draft:
        """What is to be a new row, before anybody sees it."""
        draft = Draft(self.store, table, uuid)
        for name, value in values.items():
            draft.write(table.columns[name], value)
        for column in table.never_empty:
            if column.name not in values:
                draft.write(column, to_field(column.type, default_datum(column.type)))
        return draft

    def add(self, draft: Draft) -> None:
        """The new row is there."""
        self.drafts.setdefault(draft.table.name, {})[draft.uuid] = draft

    def delete(self, row: Seen) -> None:
        """The row is to go; one that this transaction inserted has then never been."""
        if isinstance(row, Draft) and row.old is None:
            del self.drafts[row.table.name][row.uuid]
            return
        draft = row if isinstance(row, Draft) else self.draft(row.table, row.uuid)
        assert draft is not None
        draft.alive = False

    def transaction(self) -> Transaction:
        """What makes the drafts true."""
        transaction = Transaction()
        for drafts in self.drafts.values():
            for draft in drafts.values():
                draft.write_to(transaction)
        return transaction


def _matches(row: Seen, clauses: list[Clause]) -> bool:
    if isinstance(row, Draft) and not row.alive:
        return False
    return all(clause.holds(row) for clause in clauses) if clauses else True
