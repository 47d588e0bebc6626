"""Session: what a rule sees of the store.

    session.get(Project, project_id)                   the row, or None
    session.find(Project, domain_id=d, name="x")       rows that equal; a tuple of values means "one of"; None is NULL
    session.first(Project, name="x")                   the first of them, or None
    session.count(Project, domain_id=d)
    session.select(Project, Query(...))                groups of conditions, order, marker, limit
    session.insert(row)   session.update(row, name="y") -> new row   session.delete(row)
    session.execute(statement, **parameters)           any SQLAlchemy Core statement; keep it in a module constant

Every insert, update and delete is journaled in the same SQL transaction. A session lives for one request, on one
thread. A session made for reading refuses to write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

import msgspec
import sqlalchemy as sql

from brume.cloud.context import RequestContext
from brume.cloud.errors import Duplicate, Referenced
from brume.cloud.resource import Resource
from brume.cloud.store.database import Database
from brume.cloud.store.journal import Change
from brume.cloud.store.statements import Compiled

T = TypeVar("T", bound=Resource)

MANY = (tuple, list, set, frozenset)


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows, in which order, which page of them."""

    any_of: tuple[Mapping[str, Any], ...] = ()
    """Groups of conditions: a row is wanted when all of one group hold. No group: every row.
    A value equals, a tuple (or list, set) means one of, None means is null."""
    order: tuple[tuple[str, bool], ...] = ()
    """(field, ascending). A page needs a total order: end it with the key."""
    after: Resource | None = None
    """The marker: only rows behind it in the order."""
    limit: int | None = None


class Session:
    """A transaction (or, without a context, only reads) on the store's connection."""

    def __init__(self, database: Database, context: RequestContext | None) -> None:
        self._database = database
        self._cursor = database.cursor
        self._context = context
        self.changes: list[Change] = []

    # -- reading

    def get(self, kind: type[T], *key: Any) -> T | None:
        """The row with this key."""
        statements = self._database.statements(kind)
        rows = self._run(statements.get(), statements.key_values(key))
        return cast(T, statements.codec.decode(rows[0])) if rows else None

    def find(self, kind: type[T], /, **equal: Any) -> list[T]:
        """The rows whose fields equal these values (a tuple: one of; None: null), in no order."""
        return self.select(kind, Query(any_of=(equal,) if equal else ()))

    def first(self, kind: type[T], /, **equal: Any) -> T | None:
        """One of the rows that `find` gives."""
        rows = self.select(kind, Query(any_of=(equal,) if equal else (), limit=1))
        return rows[0] if rows else None

    def count(self, kind: type[Resource], /, **equal: Any) -> int:
        """How many rows `find` would give."""
        shape, values = _shape(0, equal)
        if shape is None:
            return 0
        return cast(int, self._run(self._database.statements(kind).count(shape), values)[0][0])

    def select(self, kind: type[T], query: Query) -> list[T]:
        """The rows of a query."""
        values: dict[str, Any] = {}
        shapes: list[tuple[tuple[str, int], ...]] = []
        for group in query.any_of:
            shape, group_values = _shape(len(shapes), group)
            if shape is not None:
                shapes.append(shape)
                values |= group_values
        if query.any_of and not shapes:
            return []
        statements = self._database.statements(kind)
        if query.after is not None:
            values |= statements.after_values(query.after, query.order)
        if query.limit is not None:
            values["the_limit"] = query.limit
        compiled = statements.select(tuple(shapes), query.order, query.after is not None, query.limit is not None)
        return cast(list[T], list(map(statements.codec.decode, self._run(compiled, values))))

    def execute(self, statement: sql.ClauseElement, **values: Any) -> list[tuple[Any, ...]]:
        """Run a Core statement for what the methods above cannot say; answers plain tuples of SQL values.

        It is compiled once for each statement object, so the statement should be a constant of a module. Writing
        with it is not journaled: only for tables that nothing is derived from.
        """
        return self._run(self._database.compiled(statement), values)

    # -- writing

    def insert(self, row: T) -> T:
        """Add a row; answers it."""
        statements = self._database.statements(type(row))
        self._write(type(row), statements.insert(), statements.codec.encode(row))
        self.changes.append(Change(type(row), statements.key_of(row), "insert", None, row))
        return row

    def insert_all(self, rows: Iterable[Resource]) -> None:
        """Add many rows."""
        for row in rows:
            self.insert(row)

    def update(self, row: T, /, **changes: Any) -> T:
        """Replace a row by one with these fields changed; answers the new row. No difference: nothing is written."""
        different = {n: v for n, v in changes.items() if getattr(row, n) != v}
        if not different:
            return row
        statements = self._database.statements(type(row))
        new = msgspec.structs.replace(row, **different)
        key = statements.key_of(row)
        values = statements.codec.encode_values(different) | statements.key_values(key)
        self._write(type(row), statements.update(tuple(different)), values)
        self.changes.append(Change(type(row), key, "update", row, new))
        return new

    def delete(self, row: Resource) -> None:
        """Remove a row."""
        statements = self._database.statements(type(row))
        key = statements.key_of(row)
        self._write(type(row), statements.delete(), statements.key_values(key))
        self.changes.append(Change(type(row), key, "delete", row, None))

    def delete_all(self, rows: Iterable[Resource]) -> None:
        """Remove many rows."""
        for row in rows:
            self.delete(row)

    # -- beneath

    def _run(self, compiled: Compiled, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        self._cursor.execute(compiled.text, compiled.bind(values))
        return cast(list[tuple[Any, ...]], self._cursor.fetchall() if self._cursor.description else [])

    def _write(self, kind: type[Resource], compiled: Compiled, values: Mapping[str, Any]) -> None:
        if self._context is None:
            raise RuntimeError("this session is for reading: open one with Store.write")
        try:
            self._cursor.execute(compiled.text, compiled.bind(values))
        except self._database.integrity_error as error:
            kind_of = Duplicate if self._database.is_unique_violation(error) else Referenced
            raise kind_of(resource=kind.DECLARATION.name) from error


def _shape(number: int, equal: Mapping[str, Any]) -> tuple[tuple[tuple[str, int], ...] | None, dict[str, Any]]:
    """The shape of a group (see TableStatements.select) and its parameters; no shape when nothing can match."""
    shape = []
    values: dict[str, Any] = {}
    for name, wanted in equal.items():
        if wanted is None:
            shape.append((name, 0))
        elif isinstance(wanted, MANY):
            if not wanted:
                return None, {}
            padded = _padded(list(wanted))
            shape.append((name, len(padded)))
            values |= {f"{number}_{name}_{i}": value for i, value in enumerate(padded)}
        else:
            shape.append((name, 1))
            values[f"{number}_{name}_0"] = wanted
    return tuple(shape), values


def _padded(values: Sequence[Any]) -> list[Any]:
    """The values, the last one repeated up to a power of two: few different statements to compile."""
    size = 1 << (len(values) - 1).bit_length()
    return [*values, *[values[-1]] * (size - len(values))]
