"""How a row class declares an OVSDB table: one class a table, one annotated field a column.

    class Meter(OvsdbRow, frozen=True, kw_only=True):
        TABLE: ClassVar[TableDeclaration] = TableDeclaration("Meter", indexes=(("name",),))
        name: str
        unit: Literal["kbps", "pktps"]
        fair: bool | None = None
        rate: Annotated[int, integer(1, 4294967295)] = 1
        bands: ClassVar[Relation] = SetColumn(strong("Meter_Band"), minimum=1)
        external_ids: Map[str, str] = EMPTY_MAP

Rules: `X | None` is an optional column, `frozenset[X]` a set, `Map[K, V]` a map, `Literal` an enumeration; a
`BaseType` in `Annotated` gives limits or a reference; an unlimited set of references, and any set that grows with
the cloud, is a `SetColumn` relation and not a field. A field named as a Python keyword has a trailing underscore.
The annotations are read the first time somebody asks for the columns, not at import. A row's uuid is no column: it is
the field `uuid`, or `given_uuid` in a table whose rows are made in great numbers by rules and carry none of their own.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Hashable
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from brume.ovsdb.types import BOOLEAN, INTEGER, REAL, STRING, UUID, BaseType, ColumnType, one_of
from brume.tables.map import Map
from brume.tables.row import Relation, Row


class AtLeast(NamedTuple):
    """In `Annotated[frozenset[X], AtLeast(1)]`: the smallest number of elements."""

    elements: int


class Mark(NamedTuple):
    """A property of a column that is not part of its type."""

    name: str


EPHEMERAL = Mark("ephemeral")
"""Not kept over a restart of the database."""
IMMUTABLE = Mark("immutable")
"""Set when the row is inserted, and never again."""
PRINTED = STRING
"""For a field that holds an object whose `str()` is the column's text."""


class TableDeclaration(NamedTuple):
    """What a table is beside its columns."""

    name: str
    is_root: bool = True
    indexes: tuple[tuple[str, ...], ...] = ()
    max_rows: int | None = None
    mutable: bool = True


class SetColumn(Relation):
    """A set-valued column kept as pairs, with the type of its elements."""

    __slots__ = ("base", "marks", "minimum")

    def __init__(self, base: BaseType, *marks: Mark, minimum: int = 0) -> None:
        super().__init__(base.table or base.atom.value)
        self.base = base
        self.marks = marks
        self.minimum = minimum


class OvsdbRow(Row, frozen=True, kw_only=True):
    """A row of an OVSDB table; its identity is its uuid."""

    TABLE: ClassVar[TableDeclaration]

    uuid: str

    def key(self) -> Hashable:
        return self.uuid


class Column(NamedTuple):
    """A column as read from a row class: a field, or a relation."""

    name: str
    attribute: str
    type: ColumnType
    relation: SetColumn | None = None
    ephemeral: bool = False
    mutable: bool = True
    printed: bool = False


UUID_FIELDS = ("uuid", "given_uuid")
"""Fields that hold the row's uuid: always, or only if whoever wrote the row gave it one."""
UUID_COLUMN = Column("_uuid", "uuid", ColumnType(UUID), mutable=False)
VERSION_COLUMN = Column("_version", "", ColumnType(UUID), mutable=False)
"""The columns that every table has; their values are not fields like the others."""


_PLAIN: dict[Any, BaseType] = {str: STRING, int: INTEGER, bool: BOOLEAN, float: REAL}


def _base(hint: Any) -> BaseType:
    if get_origin(hint) is Annotated:
        for item in hint.__metadata__:
            if isinstance(item, BaseType):
                return item
        return _base(get_args(hint)[0])
    if get_origin(hint) is Literal:
        return one_of(*get_args(hint))
    return _PLAIN[hint]


def _column_type(hint: Any) -> ColumnType:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        inner = _column_type(arguments[0]) if not isinstance(hint.__metadata__[0], BaseType) else None
        if inner is None:
            return ColumnType(_base(hint))
        for item in hint.__metadata__:
            if isinstance(item, AtLeast):
                inner = inner._replace(minimum=item.elements)
        return inner
    if origin in (Union, types.UnionType):
        (kept,) = (argument for argument in arguments if argument is not type(None))
        return ColumnType(_base(kept), minimum=0)
    if origin is frozenset:
        return ColumnType(_base(arguments[0]), minimum=0, maximum=None)
    if origin is Map:
        return ColumnType(_base(arguments[0]), _base(arguments[1]), minimum=0, maximum=None)
    return ColumnType(_base(hint))


def _marks(hint: Any) -> tuple[Mark, ...]:
    if get_origin(hint) is not Annotated:
        return ()
    return tuple(item for item in hint.__metadata__ if isinstance(item, Mark))


def _column(name: str, hint: Any) -> Column:
    marks = _marks(hint)
    return Column(
        name.rstrip("_"),
        name,
        _column_type(hint),
        ephemeral=EPHEMERAL in marks,
        mutable=IMMUTABLE not in marks,
        printed=get_origin(hint) is Annotated and get_args(hint)[0] is Hashable,
    )


def _relation_column(relation: SetColumn) -> Column:
    return Column(
        relation.name.rstrip("_"),
        relation.name,
        ColumnType(relation.base, minimum=relation.minimum, maximum=None),
        relation,
        ephemeral=EPHEMERAL in relation.marks,
        mutable=IMMUTABLE not in relation.marks,
    )


def _hints(row_type: Any) -> dict[str, Any]:
    """The fields' annotations, as `get_type_hints` has them; equal texts are evaluated once, for the start's sake."""
    found = {}
    for base in reversed(row_type.__mro__):
        for name, annotation in vars(base).get("__annotations__", {}).items():
            found[name] = (base.__module__, annotation)
    return {name: _hint(*found[name]) for name in row_type.__struct_fields__ if name not in UUID_FIELDS}


@cache
def _hint(module: str, annotation: Any) -> Any:
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    return get_type_hints(holder, vars(sys.modules[module]), include_extras=True)["it"]


def columns(row_type: Any) -> dict[str, Column]:
    """The columns a row class declares, by OVSDB name; `uuid` is not one of them."""
    known: dict[str, Column] | None = vars(row_type).get("COLUMNS")
    return _declared(row_type) if known is None else known


@cache
def _declared(row_type: Any) -> dict[str, Column]:
    found: dict[str, Column] = {}
    hints = _hints(row_type)
    for name in row_type.__struct_fields__:
        if name not in UUID_FIELDS:
            column = _column(name, hints[name])
            found[column.name] = column
    for relation in vars(row_type).values():
        if isinstance(relation, SetColumn):
            column = _relation_column(relation)
            found[column.name] = column
    return found


@cache
def uuid_field(row_type: Any) -> str | None:
    """The field that takes the uuid a client gives a row; None if rows of this type only come of rules."""
    return next((name for name in UUID_FIELDS if name in row_type.__struct_fields__), None)


@cache
def all_columns(row_type: Any) -> dict[str, Column]:
    """The columns of a table with `_uuid` and `_version`."""
    return {"_uuid": UUID_COLUMN, "_version": VERSION_COLUMN, **columns(row_type)}
