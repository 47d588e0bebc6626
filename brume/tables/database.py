"""A database: tables and relations that change together.

Rules: a transaction is applied whole or not at all; a change that changes nothing is not reported; iteration is in
the order of first insertion. One thread uses a database; durability is the business of `cloud` and `ovsdb`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, TypeVar, cast

from brume.tables.buckets import Buckets, drop, put, things
from brume.tables.changes import ChangeSet, MemberChange, RowChange
from brume.tables.row import Index, Member, Relation, Row

R = TypeVar("R", bound=Row)
Listener = Callable[[ChangeSet], object]


class Table:
    """The rows of one type, and the indexes somebody asked for."""

    __slots__ = ("indexes", "row_type", "rows")

    def __init__(self, row_type: type[Row]) -> None:
        self.row_type = row_type
        self.rows: dict[Hashable, Row] = {}
        self.indexes: dict[Index[Any], Buckets] = {}

    def find(self, index: Index[Any], value: Hashable) -> list[Row]:
        """The rows under `value`; the index is built on first use."""
        buckets = self.indexes.get(index)
        if buckets is None:
            buckets = self.indexes[index] = {}
            for key, row in self.rows.items():
                for found in index.values(row):
                    put(buckets, found, key, row, _key_of)
        return things(buckets, value)

    def replace(self, key: Hashable, old: Row | None, new: Row | None) -> None:
        """Put `new` in the place of `old`, in the table and in every index."""
        for index, buckets in self.indexes.items():
            if old is not None:
                for value in index.values(old):
                    drop(buckets, value, key)
            if new is not None:
                for value in index.values(new):
                    put(buckets, value, key, new, _key_of)
        if new is None:
            del self.rows[key]
        else:
            self.rows[key] = new


def _key_of(row: Row) -> Hashable:
    return row.key()


class Pairs:
    """The pairs of one relation, in both directions."""

    __slots__ = ("children", "parents")

    def __init__(self) -> None:
        self.children: dict[Hashable, dict[Hashable, None]] = {}
        self.parents: Buckets = {}

    def add(self, parent: Hashable, child: Hashable) -> bool:
        """True if the pair is new."""
        children = self.children.setdefault(parent, {})
        if child in children:
            return False
        children[child] = None
        put(self.parents, child, parent, parent, _itself)
        return True

    def remove(self, parent: Hashable, child: Hashable) -> bool:
        """True if the pair was there."""
        children = self.children.get(parent)
        if children is None or child not in children:
            return False
        del children[child]
        if not children:
            del self.children[parent]
        drop(self.parents, child, parent)
        return True


def _itself(parent: Hashable) -> Hashable:
    return parent


class Transaction:
    """Changes to be applied together; the last word on a key or a member counts. `author` is who makes them, for
    listeners that tell their own changes from others'."""

    __slots__ = ("author", "members", "rows")

    def __init__(self, author: object = None) -> None:
        self.author = author
        self.rows: dict[tuple[type[Row], Hashable], Row | None] = {}
        self.members: dict[Member, bool] = {}

    def put(self, row: Row) -> None:
        """Insert the row, or replace the one with the same key."""
        self.rows[type(row), row.key()] = row

    def delete(self, row_type: type[Row], key: Hashable) -> None:
        """Delete the row with this key; a key that is not there is ignored."""
        self.rows[row_type, key] = None

    def add(self, relation: Relation, parent: Hashable, child: Hashable) -> None:
        """Add an element to a relation."""
        self.members[Member(relation, parent, child)] = True

    def remove(self, relation: Relation, parent: Hashable, child: Hashable) -> None:
        """Remove an element from a relation; one that is not there is ignored."""
        self.members[Member(relation, parent, child)] = False


class Database:
    """Tables and relations, found by row type and relation; both come into being on first use."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._tables: dict[type[Row], Table] = {}
        self._pairs: dict[Relation, Pairs] = {}
        self._listeners: list[Listener] = []
        self._untold: deque[tuple[ChangeSet, object]] = deque()
        self.author: object = None
        """Whose change set the listeners are being told of, as its transaction said."""

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` with every non-empty change set, after it has been applied."""
        self._listeners.append(listener)

    def unsubscribe(self, listener: Listener) -> None:
        """Call `listener` no more."""
        self._listeners = [other for other in self._listeners if other != listener]

    def table(self, row_type: type[Row]) -> Table:
        """The table of a row type."""
        table = self._tables.get(row_type)
        if table is None:
            table = self._tables[row_type] = Table(row_type)
        return table

    def pairs(self, relation: Relation) -> Pairs:
        """The pairs of a relation."""
        pairs = self._pairs.get(relation)
        if pairs is None:
            pairs = self._pairs[relation] = Pairs()
        return pairs

    def get(self, row_type: type[R], key: Hashable) -> R | None:
        """The row with this key, or None."""
        return cast("R | None", self.table(row_type).rows.get(key))

    def rows(self, row_type: type[R]) -> list[R]:
        """All rows of a type."""
        return cast("list[R]", list(self.table(row_type).rows.values()))

    def find(self, index: Index[R], value: Hashable) -> list[R]:
        """The rows that an index has under `value`."""
        return cast("list[R]", self.table(index.row_type).find(index, value))

    def members(self, relation: Relation, parent: Hashable) -> tuple[Any, ...]:
        """The elements that `parent` has in the column `relation`."""
        return tuple(self.pairs(relation).children.get(parent, ()))

    def owners(self, relation: Relation, child: Hashable) -> tuple[Any, ...]:
        """The parents that have `child` in the column `relation`."""
        return tuple(things(self.pairs(relation).parents, child))

    def all_members(self, relation: Relation) -> Iterator[Member]:
        """Every element of a relation."""
        for parent, children in self.pairs(relation).children.items():
            for child in children:
                yield Member(relation, parent, child)

    def apply(self, transaction: Transaction) -> ChangeSet:
        """Apply a transaction; returns (and tells the listeners) what really changed."""
        changes = ChangeSet(
            list(self._apply_rows(transaction.rows.items())),
            list(self._apply_members(transaction.members.items())),
        )
        if changes:
            self._untold.append((changes, transaction.author))
            if len(self._untold) == 1:
                self._tell()
        return changes

    def _tell(self) -> None:
        """Tell every listener of every change set, in order: one that a listener causes waits for its turn.

        A listener that fails stops no other: what is applied must reach the file and the monitors, whatever a compiler
        makes of it. The first failure is raised when all have been told.
        """
        failure: Exception | None = None
        try:
            while self._untold:
                changes, author = self._untold[0]
                for listener in self._listeners:
                    self.author = author
                    try:
                        listener(changes)
                    except Exception as error:
                        failure = failure or error
                self._untold.popleft()
        except BaseException:
            self._untold.clear()
            raise
        if failure is not None:
            raise failure

    def untold(self) -> list[ChangeSet]:
        """Change sets that are applied already, and come after the one that the listeners are being told of."""
        return [changes for changes, _ in list(self._untold)[1:]]

    def snapshot(self) -> ChangeSet:
        """Everything there is, as a change set from nothing: what a new reader starts from."""
        rows = [
            RowChange(row_type, key, None, row)
            for row_type, table in self._tables.items()
            for key, row in table.rows.items()
        ]
        members = [MemberChange(member, True) for relation in self._pairs for member in self.all_members(relation)]
        return ChangeSet(rows, members)

    def _apply_rows(self, wanted: Iterable[tuple[tuple[type[Row], Hashable], Row | None]]) -> Iterator[RowChange]:
        for (row_type, key), new in wanted:
            table = self.table(row_type)
            old = table.rows.get(key)
            if old is not new and old != new:
                table.replace(key, old, new)
                yield RowChange(row_type, key, old, new)

    def _apply_members(self, wanted: Iterable[tuple[Member, bool]]) -> Iterator[MemberChange]:
        for member, added in wanted:
            pairs = self.pairs(member.relation)
            change = pairs.add if added else pairs.remove
            if change(member.parent, member.child):
                yield MemberChange(member, added)
