"""Rows from JSON: what a server says of a table, as our row classes.

Columns are read by `codecs.py`, but only for their shape (a string where a string must be), not for their limits: the
server keeps those, and its schema may be newer than ours. A shape that is wrong raises `OvsdbError`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, NamedTuple

from brume.ovsdb.codecs import Read, reader
from brume.ovsdb.columns import Column, columns, uuid_field
from brume.ovsdb.data import default_datum, to_field
from brume.ovsdb.differences import apply_difference
from brume.ovsdb.errors import OvsdbError, syntax_error
from brume.ovsdb.types import AtomType, BaseType, ColumnType
from brume.tables.row import Relation, Row

Json = Any


def _shape(kind: ColumnType) -> ColumnType:
    """A column's type less its limits."""
    key, value = BaseType(kind.key.atom), None if kind.value is None else BaseType(kind.value.atom)
    needed = kind.is_scalar and key.atom is not AtomType.UUID
    return ColumnType(key, value, minimum=int(needed), maximum=1 if kind.maximum == 1 and value is None else None)


class ColumnReader(NamedTuple):
    """How one column is read."""

    attribute: str
    read: Read
    """To the value of the field; of a relation, to the set of its elements."""
    apply: Callable[[Any, Any], Any]
    """(old field, what `modify` says) -> new field."""
    relation: Relation | None


class TableReader:
    """How the rows of one table are read."""

    __slots__ = ("columns", "defaults", "identity", "relations", "row_type")

    def __init__(self, row_type: Any) -> None:
        self.row_type: type[Row] = row_type
        identity = uuid_field(row_type)
        if identity is None:
            raise TypeError(f"a {row_type.__name__} cannot carry the uuid that a server has for it")
        self.identity = identity
        self.columns: dict[str, ColumnReader] = {}
        self.defaults: dict[str, Any] = {}
        self.relations: list[Relation] = []
        for name, column in columns(row_type).items():
            self._add(name, column)

    def _add(self, name: str, column: Column) -> None:
        kind = column.type
        apply = partial(apply_difference, kind)
        self.columns[name] = ColumnReader(column.attribute, reader(_shape(kind)), apply, column.relation)
        if column.relation is not None:
            self.relations.append(column.relation)
        else:
            self.defaults[column.attribute] = to_field(kind, default_datum(kind))

    def row(self, uuid: str, json: Mapping[str, Json]) -> tuple[Row, dict[Relation, frozenset[Any]]]:
        """A row, and the elements of its relations; a column that is not given has its default."""
        fields = self.defaults.copy()
        members: dict[Relation, frozenset[Any]] = {}
        known = self.columns
        try:
            for name, value in json.items():
                attribute, read, _, relation = known[name]
                if relation is None:
                    fields[attribute] = read(value, None)
                else:
                    members[relation] = read(value, None)
        except KeyError:
            raise self._unknown(json) from None
        fields[self.identity] = uuid
        return self.row_type(**fields), members

    def difference(self, row: Row, json: Mapping[str, Json]) -> tuple[dict[str, Any], dict[Relation, frozenset[Any]]]:
        """What a `modify` changes: new values of fields, and elements that come or go."""
        fields: dict[str, Any] = {}
        members: dict[Relation, frozenset[Any]] = {}
        if not json.keys() <= self.columns.keys():
            raise self._unknown(json)
        for name, value in json.items():
            attribute, read, apply, relation = self.columns[name]
            if relation is None:
                fields[attribute] = apply(getattr(row, attribute), read(value, None))
            else:
                members[relation] = read(value, None)
        return fields, members

    def _unknown(self, json: Mapping[str, Json]) -> OvsdbError:
        names = ", ".join(name for name in json if name not in self.columns)
        return syntax_error(json, f"columns of {self.row_type.__name__} that were not asked for: {names}")


@cache
def table_reader(row_type: Any) -> TableReader:
    """The reader of a table, made the first time somebody asks."""
    return TableReader(row_type)
