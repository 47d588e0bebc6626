"""Monitor conditions: which rows a client wants to see (ovsdb-server(7), "Monitor_cond").

Unlike in a transaction, one clause that holds is enough; no clause at all means every row. The usual condition is a
long list of `column == value`, so these are looked up in a set.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from brume.ovsdb.columns import Column
from brume.ovsdb.conditions import Clause, clause_to_json, read_condition
from brume.ovsdb.data import Datum, Json, from_field, to_field
from brume.ovsdb.drafts import stored_field
from brume.ovsdb.server.changes import Moment, RowDelta
from brume.ovsdb.store import StoredTable


class Side:
    """A row before or after a delta, as clauses ask for it."""

    __slots__ = ("_before", "_delta", "row")

    def __init__(self, delta: RowDelta, *, before: bool) -> None:
        self._delta = delta
        self._before = before
        self.row = delta.old if before else delta.new

    def datum(self, column: Column) -> Datum:
        """What the row holds in a column."""
        if column.relation is not None:
            return self._delta.elements(column, before=self._before)
        value = stored_field(self.row, column) if column.attribute else self._delta.version(before=self._before)
        return from_field(column.type, value)

    def has(self, column: Column, atom: Any) -> bool:
        """Whether a set has an element."""
        return atom in self.datum(column)


class Condition:
    """The condition of one table in one monitor."""

    __slots__ = ("_equal", "_others", "clauses", "columns", "is_true", "key")

    def __init__(self, clauses: Iterable[Clause] = ()) -> None:
        self.clauses = {repr(clause_to_json(clause)): clause for clause in clauses}
        self.is_true = not self.clauses or any(clause.function == "true" for clause in self.clauses.values())
        self.key: tuple[str, ...] = () if self.is_true else tuple(sorted(self.clauses))
        """Equal for conditions that mean the same."""
        self.columns = {one.column.name: one.column for one in self.clauses.values() if one.column is not None}
        self._equal: dict[str, set[Any]] = {}
        self._others: list[Clause] = []
        for clause in self.clauses.values():
            column = clause.column
            if column is not None and clause.function == "==" and _is_plain(column):
                self._equal.setdefault(column.attribute, set()).add(to_field(column.type, clause.argument))
            elif clause.function != "false":
                self._others.append(clause)

    def holds(self, delta: RowDelta, *, before: bool) -> bool:
        """Whether the client wants to see the row as it was, or is."""
        row = delta.old if before else delta.new
        if row is None or self.is_true:
            return row is not None
        if self._holds_plainly(row):
            return True
        if not self._others:
            return False
        side = Side(delta, before=before)
        return any(clause.holds(side) for clause in self._others)

    def sees(self, row: Any, moment: Moment) -> bool:
        """Whether the client wants to see a row that is in the store."""
        if self.is_true or self._holds_plainly(row):
            return True
        return bool(self._others) and self.holds(RowDelta(moment, None, row), before=False)

    def _holds_plainly(self, row: Any) -> bool:
        return any(getattr(row, attribute) in values for attribute, values in self._equal.items())


def _is_plain(column: Column) -> bool:
    return column.relation is None and bool(column.attribute) and not column.printed


EVERYTHING = Condition()


def condition_from_json(table: StoredTable, json: Json) -> Condition:
    """Read the `where` of a monitor request; None is every row."""
    return EVERYTHING if not json else Condition(read_condition(table.name, table.columns, json))


def between(one: Condition, other: Condition) -> Condition:
    """A condition that holds for every row about which two different ones disagree: the clauses that only one has.

    A chassis that learns of one more datapath adds one clause to a hundred; so few of 100,000 flows need a closer look.
    """
    if one.is_true or other.is_true:
        return EVERYTHING
    clauses = one.clauses | other.clauses
    return Condition(clauses[key] for key in one.clauses.keys() ^ other.clauses.keys())
