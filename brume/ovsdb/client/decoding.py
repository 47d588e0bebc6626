"""Rows from JSON: a reader is made for each column once, and then only called.

It reads what a server says, so it looks at shapes (a string where a string must be) and not at limits: the server
keeps those, and its schema may be newer than ours. A shape that is wrong raises `OvsdbError`.

Not here: what a client asks a server (`ovsdb.data` reads that, with every limit).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from brume.ovsdb.columns import Column, columns, uuid_field
from brume.ovsdb.data import EMPTY_SET, default_datum, to_field
from brume.ovsdb.errors import OvsdbError, syntax_error
from brume.ovsdb.json_text import whole
from brume.ovsdb.types import AtomType, ColumnType
from brume.tables.map import EMPTY_MAP, Map
from brume.tables.row import Relation, Row

Json = Any
Reader = Callable[[Json], Any]


def _read_string(json: Json) -> str:
    if type(json) is str:
        return json
    raise syntax_error(json, "expected string")


def _read_integer(json: Json) -> int:
    if type(json) is int:
        return json
    number = whole(json)
    if type(number) is int:
        return number
    raise syntax_error(json, "expected integer")


def _read_real(json: Json) -> float:
    if type(json) is float or type(json) is int:
        return float(json)
    raise syntax_error(json, "expected real")


def _read_boolean(json: Json) -> bool:
    if type(json) is bool:
        return json
    raise syntax_error(json, "expected boolean")


def _read_uuid(json: Json) -> str:
    if type(json) is list and len(json) == 2 and json[0] == "uuid" and type(json[1]) is str:
        return json[1]
    raise syntax_error(json, 'expected ["uuid", <string>]')


_ATOMS: dict[AtomType, Reader] = {
    AtomType.STRING: _read_string,
    AtomType.INTEGER: _read_integer,
    AtomType.REAL: _read_real,
    AtomType.BOOLEAN: _read_boolean,
    AtomType.UUID: _read_uuid,
}


def _is_set(json: Json) -> bool:
    return type(json) is list and len(json) == 2 and json[0] == "set" and type(json[1]) is list


def _set_reader(atom: Reader) -> Reader:
    def read(json: Json) -> frozenset[Any]:
        if _is_set(json):
            return frozenset(map(atom, json[1])) if json[1] else EMPTY_SET
        return frozenset((atom(json),))

    return read


def _single_reader(atom: Reader) -> Reader:
    """One atom or none, as a field holds it."""

    def read(json: Json) -> Any:
        if _is_set(json):
            if len(json[1]) > 1:
                raise syntax_error(json, "expected at most one element")
            return atom(json[1][0]) if json[1] else None
        return atom(json)

    return read


def _map_reader(key: Reader, value: Reader) -> Reader:
    def read(json: Json) -> Map[Any, Any]:
        if type(json) is not list or len(json) != 2 or json[0] != "map" or type(json[1]) is not list:
            raise syntax_error(json, 'expected ["map", <array>]')
        if not json[1]:
            return EMPTY_MAP
        try:
            return Map({key(one): value(other) for one, other in json[1]})
        except (TypeError, ValueError) as error:
            raise syntax_error(json, "expected 2-element array") from error

    return read


def field_reader(kind: ColumnType) -> Reader:
    """A function from JSON to the field of a row."""
    atom = _ATOMS[kind.key.atom]
    if kind.value is not None:
        return _map_reader(atom, _ATOMS[kind.value.atom])
    if kind.is_scalar and kind.key.atom is not AtomType.UUID:
        return atom
    return _single_reader(atom) if kind.maximum == 1 else _set_reader(atom)


def _map_difference(old: Map[Any, Any], difference: Map[Any, Any]) -> Map[Any, Any]:
    """A pair that is there goes; any other is added or takes the place of its key's (ovsdb-server(7), 4.1.14)."""
    found: dict[Any, Any] = dict(old)
    for key, value in difference.items():
        if key in found and found[key] == value:
            del found[key]
        else:
            found[key] = value
    return Map(found) if found else EMPTY_MAP


def _take_new(_: Any, new: Any) -> Any:
    return new


def _set_difference(old: frozenset[Any], difference: frozenset[Any]) -> frozenset[Any]:
    return old ^ difference


def _differ(kind: ColumnType) -> Callable[[Any, Any], Any]:
    """How what a `modify` says of a column is applied: a difference if the column may hold several elements."""
    if kind.maximum == 1:
        return _take_new
    return _map_difference if kind.is_map else _set_difference


class ColumnReader(NamedTuple):
    """How one column is read."""

    attribute: str
    read: Reader
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
        reader = field_reader(kind)
        self.columns[name] = ColumnReader(column.attribute, reader, _differ(kind), column.relation)
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
                    fields[attribute] = read(value)
                else:
                    members[relation] = read(value)
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
                fields[attribute] = apply(getattr(row, attribute), read(value))
            else:
                members[relation] = read(value)
        return fields, members

    def _unknown(self, json: Mapping[str, Json]) -> OvsdbError:
        names = ", ".join(name for name in json if name not in self.columns)
        return syntax_error(json, f"columns of {self.row_type.__name__} that were not asked for: {names}")


@cache
def table_reader(row_type: Any) -> TableReader:
    """The reader of a table, made the first time somebody asks."""
    return TableReader(row_type)
