"""SQLAlchemy statements compiled once to text, then run on the DB-API cursor as they are.

Running a Core statement through SQLAlchemy costs some 60 us each time (context, result, row objects); the compiled
text on the cursor costs what the database costs (5-15 us in SQLite). Types that would need SQLAlchemy's own
conversion of values are not used in our tables (see `columns`), so nothing is lost on the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine import Dialect

from brume.cloud.resource import Declaration, Resource
from brume.cloud.store.columns import RowCodec

LEAST = -(2**63)

Parameters = Sequence[Any] | Mapping[str, Any]


class Compiled:
    """SQL text of one dialect, and how its parameters go in."""

    __slots__ = ("constants", "order", "text")

    def __init__(self, statement: sql.ClauseElement, dialect: Dialect, columns: Sequence[str] | None = None) -> None:
        compiled: Any = statement.compile(
            dialect=dialect,
            column_keys=list(columns) if columns is not None else None,
            compile_kwargs={"render_postcompile": True},
        )
        self.text: str = str(compiled)
        self.order: tuple[str, ...] | None = tuple(compiled.positiontup) if compiled.positional else None
        self.constants: dict[str, Any] = {k: v for k, v in compiled.params.items() if v is not None}

    def bind(self, values: Mapping[str, Any]) -> Parameters:
        """The parameters in the form the driver wants."""
        if self.order is None:
            return {**self.constants, **values}
        if self.constants:
            values = {**self.constants, **values}
        return tuple([values[name] for name in self.order])


_COMPILED: dict[tuple[int, str], tuple[Declaration, dict[Any, Compiled]]] = {}
"""By declaration and dialect, the statements: the same for every store of a process. (Holding the declaration keeps its
id its own.)"""


class TableStatements:
    """The statements of one table, compiled when first used."""

    def __init__(self, declaration: Declaration, table: sql.Table, dialect: Dialect) -> None:
        self.declaration = declaration
        self.table = table
        self.codec = RowCodec(declaration)
        self._dialect = dialect
        _, self._cache = _COMPILED.setdefault((id(declaration), f"{dialect.name}+{dialect.driver}"), (declaration, {}))

    def insert(self) -> Compiled:
        """INSERT of a whole row."""
        return self._get("insert", lambda: sql.insert(self.table), self.codec.names)

    def delete(self) -> Compiled:
        """DELETE by key; parameters key_<name>."""
        return self._get("delete", lambda: sql.delete(self.table).where(self._by_key()))

    def update(self, names: tuple[str, ...]) -> Compiled:
        """UPDATE of some columns by key; parameters are the names, and key_<name>."""
        return self._get(
            ("update", names),
            lambda: sql.update(self.table).where(self._by_key()).values({name: sql.bindparam(name) for name in names}),
        )

    def get(self) -> Compiled:
        """SELECT by key; parameters key_<name>."""
        return self._get("get", lambda: self._select().where(self._by_key()))

    def all(self) -> Compiled:
        """SELECT of everything."""
        return self._get("all", self._select)

    def select(
        self,
        shape: tuple[tuple[tuple[str, int], ...], ...],
        order: tuple[tuple[str, bool], ...] = (),
        after: bool = False,
        limited: bool = False,
    ) -> Compiled:
        """SELECT where any of the groups of `shape` holds; see `session.Query` for the meaning.

        A shape is groups of (name, count): count 0 is IS NULL, 1 equality, n IN. Parameters are named
        <group>_<name>_<number>; after_<name> for the marker; the_limit.
        """

        def build() -> sql.Select[Any]:
            statement = self._select()
            if shape:
                groups = [self._group(i, group) for i, group in enumerate(shape)]
                statement = statement.where(sql.or_(*groups))
            if after:
                statement = statement.where(self._after(order))
            for name, ascending in order:
                column = self._sortable(name)
                statement = statement.order_by(column.asc() if ascending else column.desc())
            return statement.limit(sql.bindparam("the_limit", type_=sql.Integer)) if limited else statement

        return self._get(("select", shape, order, after, limited), build)

    def count(self, shape: tuple[tuple[str, int], ...]) -> Compiled:
        """SELECT count(*) of one group."""
        return self._get(
            ("count", shape),
            lambda: sql.select(sql.func.count()).select_from(self.table).where(self._group(0, shape)),
        )

    def _select(self) -> sql.Select[Any]:
        return sql.select(*[self.table.c[name] for name in self.codec.names])

    def _by_key(self) -> sql.ColumnElement[bool]:
        return sql.and_(*[self.table.c[name] == sql.bindparam(f"key_{name}") for name in self.declaration.key])

    def _group(self, number: int, group: tuple[tuple[str, int], ...]) -> sql.ColumnElement[bool]:
        parts: list[sql.ColumnElement[bool]] = []
        for name, count in group:
            column = self.table.c[name]
            binds: list[sql.BindParameter[Any]] = [sql.bindparam(f"{number}_{name}_{i}") for i in range(count)]
            parts.append(column.is_(None) if count == 0 else column == binds[0] if count == 1 else column.in_(binds))
        return sql.and_(sql.true(), *parts)

    def _after(self, order: tuple[tuple[str, bool], ...]) -> sql.ColumnElement[bool]:
        """Rows behind the marker in the order: (a > :a) or (a = :a and b > :b) or ..."""
        steps = []
        for index, (name, ascending) in enumerate(order):
            column = self._sortable(name)
            bind: sql.BindParameter[Any] = sql.bindparam(f"after_{name}")
            same = [self._sortable(n) == sql.bindparam(f"after_{n}") for n, _ in order[:index]]
            steps.append(sql.and_(*same, column > bind if ascending else column < bind))
        return sql.or_(*steps)

    def _sortable(self, name: str) -> sql.ColumnElement[Any]:
        """A column as it is ordered: null counts as the least value, so that pages can continue behind it."""
        column = self.table.c[name]
        return sql.func.coalesce(column, sql.literal_column(_least(column, quoted=True))) if column.nullable else column

    def after_values(self, row: Resource, order: tuple[tuple[str, bool], ...]) -> dict[str, Any]:
        """The parameters of the marker."""
        result = {}
        for name, _ in order:
            value = getattr(row, name)
            result[f"after_{name}"] = _least(self.table.c[name]) if value is None else value
        return result

    def _get(self, name: Any, build: Any, columns: Sequence[str] | None = None) -> Compiled:
        found = self._cache.get(name)
        if found is None:
            found = self._cache[name] = Compiled(build(), self._dialect, columns)
        return found

    def key_values(self, key: Sequence[Any]) -> dict[str, Any]:
        """The parameters that name a row."""
        return {f"key_{name}": value for name, value in zip(self.declaration.key, key, strict=True)}

    def key_of(self, row: Resource) -> tuple[Any, ...]:
        """The key of a row, always as a tuple."""
        return tuple(getattr(row, name) for name in self.declaration.key)


def _least(column: sql.Column[Any], quoted: bool = False) -> Any:
    """The value that null is ordered as: the empty text, or a number below all."""
    if isinstance(column.type, sql.String):
        return "''" if quoted else ""
    return str(LEAST) if quoted else LEAST
