"""What a rule may read, and the record of what it did read.

Every accessor adds a node to the record of whoever is being computed. Reading through `find` depends on the rows
found as well as on which they are; `members` and `owners` depend on the pairs only.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar, cast

from brume.derive.nodes import Memo, Node
from brume.derive.rules import Derived
from brume.tables.database import Database
from brume.tables.row import Index, Relation, Row

R = TypeVar("R", bound=Row)


class View:
    """Recorded reads from one or more databases. A row type or relation lives in the first one that claims it."""

    def __init__(self, sources: Sequence[Database], evaluate: Callable[[Memo], None]) -> None:
        self._default = sources[0]
        self._evaluate = evaluate
        self._homes: dict[Any, Database] = {}
        self._memos: dict[tuple[Derived[Any, Any], tuple[Hashable, ...]], Memo] = {}
        self._record: dict[Node, None] = {}

    def claim(self, database: Database, *what: type[Row] | Relation) -> None:
        """Say that these row types and relations are read from `database` instead of the first source."""
        for item in what:
            self._homes[item] = database

    def home(self, what: type[Row] | Relation) -> Database:
        """The database in which a row type or relation is read."""
        return self._homes.get(what, self._default)

    def get(self, row_type: type[R], key: Hashable) -> R | None:
        """The row with this key, or None."""
        self._record[row_type, key] = None
        home = self._homes.get(row_type, self._default)
        return cast("R | None", home.table(row_type).rows.get(key))

    def find(self, index: Index[R], value: Hashable) -> list[R]:
        """The rows that an index has under `value`."""
        self._record[index, value] = None
        return self.home(index.row_type).find(index, value)

    def one(self, index: Index[R], value: Hashable) -> R | None:
        """The first row that an index has under `value`, or None: for what should be unique."""
        found = self.find(index, value)
        return found[0] if found else None

    def members(self, relation: Relation, parent: Hashable) -> tuple[Any, ...]:
        """The elements of `parent`'s column; read it only where the output really is made of all of them."""
        self._record[relation.forward, parent] = None
        return self.home(relation).members(relation, parent)

    def owners(self, relation: Relation, child: Hashable) -> tuple[Any, ...]:
        """The parents that have `child` in their column."""
        self._record[relation.reverse, child] = None
        return self.home(relation).owners(relation, child)

    def all(self, row_type: type[R]) -> list[R]:
        """Every row of a type; for tables that stay tiny (NB_Global, Chassis)."""
        self._record[row_type] = None
        return self.home(row_type).rows(row_type)

    def derived(self, function: Derived[Any, Any], arguments: tuple[Hashable, ...]) -> Any:
        """A memoised value, computed if need be. Rules call the derived value itself: `name(view, ...)`."""
        memo = self._memos.get((function, arguments))
        if memo is None:
            memo = self._memos[function, arguments] = Memo(function, arguments)
        self._record[memo] = None
        if memo.state:
            self._evaluate(memo)
        return memo.value

    def forget(self, memo: Memo) -> None:
        """Drop a memo that nobody reads any more."""
        del self._memos[memo.function, memo.arguments]

    def begin(self) -> dict[Node, None]:
        """Start a new record; returns the one to go back to."""
        outer, self._record = self._record, {}
        return outer

    def end(self, outer: dict[Node, None]) -> tuple[Node, ...]:
        """Go back to the outer record; returns what the inner one holds."""
        reads, self._record = tuple(self._record), outer
        return reads
