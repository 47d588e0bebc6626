"""How the columns of a table are read from a log: a function made once for each column, and then only called.

Sets and maps come as ones that can change, for differences to be applied to. What is not plainly right goes to
`datum_from_json`, which complains as ovsdb-server does.
"""

from __future__ import annotations

from collections.abc import Callable
from sys import intern
from typing import Any, NamedTuple

from brume.ovsdb.columns import Column
from brume.ovsdb.data import atom_from_json, datum_from_json, is_uuid, to_field
from brume.ovsdb.differences import is_composite
from brume.ovsdb.errors import syntax_error
from brume.ovsdb.types import MAXIMUM_INTEGER, MINIMUM_INTEGER, AtomType, BaseType, ColumnType
from brume.tables.row import Relation

Json = Any
Reader = Callable[[Json], Any]


class StoredColumn(NamedTuple):
    """How a column is read from a log."""

    name: str
    type: ColumnType
    attribute: str
    relation: Relation | None
    whole: Reader
    """From a `<value>` that is all the column holds."""
    changed: Reader
    """From a `<value>` that is a difference: as many elements as it likes."""
    composite: bool


def stored_column(column: Column) -> StoredColumn:
    """The readers of a column."""
    kind, composite = column.type, is_composite(column.type)
    whole = _reader(kind)
    changed = _reader(kind._replace(minimum=0, maximum=None)) if composite else whole
    return StoredColumn(column.name, kind, column.attribute, column.relation, whole, changed, composite)


def _reader(kind: ColumnType) -> Reader:
    """A function from a `<value>` to the value of a field, sets and maps as ones that can change."""
    if kind.value is not None:
        return _map_reader(kind, _atom_reader(kind.key), _atom_reader(kind.value))
    return _single_reader(kind) if kind.maximum == 1 else _set_reader(kind, _atom_reader(kind.key))


def _atom_reader(base: BaseType) -> Reader:
    """Of an atom; what is not plainly right is left to `atom_from_json`, for its complaints."""
    if base.atom is AtomType.UUID:
        return _uuid_reader(base)
    if base.enum is not None or base.minimum is not None or base.maximum is not None:
        return lambda json: atom_from_json(base, json)
    if base.atom is AtomType.INTEGER:
        return lambda json: json if _is_integer(json) else atom_from_json(base, json)
    plain = {AtomType.STRING: str, AtomType.BOOLEAN: bool}.get(base.atom)
    return lambda json: json if type(json) is plain else atom_from_json(base, json)


def _is_integer(json: Json) -> bool:
    return type(json) is int and MINIMUM_INTEGER <= json <= MAXIMUM_INTEGER


def _uuid_reader(base: BaseType) -> Reader:
    def read(json: Json) -> str:
        if type(json) is list and len(json) == 2 and json[0] == "uuid" and type(json[1]) is str and is_uuid(json[1]):
            return intern(json[1].lower())
        return str(atom_from_json(base, json))

    return read


def _single_reader(kind: ColumnType) -> Reader:
    """Of one atom or none; an atom alone may stand in a set, too."""
    atom = _atom_reader(kind.key)

    def read(json: Json) -> Any:
        if type(json) is list and json and json[0] == "set":
            return to_field(kind, datum_from_json(kind, json))
        return atom(json)

    return read


def _set_reader(kind: ColumnType, atom: Reader) -> Reader:
    def read(json: Json) -> set[Any]:
        if type(json) is not list or len(json) != 2 or json[0] != "set" or type(json[1]) is not list:
            return set(datum_from_json(kind, json))
        found = {atom(item) for item in json[1]}
        if len(found) != len(json[1]) or not _fits(kind, len(found)):
            datum_from_json(kind, json)
        return found

    return read


def _map_reader(kind: ColumnType, key: Reader, value: Reader) -> Reader:
    def read(json: Json) -> dict[Any, Any]:
        if type(json) is not list or len(json) != 2 or json[0] != "map" or type(json[1]) is not list:
            return dict(datum_from_json(kind, json))
        found = {}
        for pair in json[1]:
            if type(pair) is not list or len(pair) != 2:
                raise syntax_error(pair, "expected 2-element array")
            found[key(pair[0])] = value(pair[1])
        if len(found) != len(json[1]) or not _fits(kind, len(found)):
            datum_from_json(kind, json)
        return found

    return read


def _fits(kind: ColumnType, size: int) -> bool:
    return size >= kind.minimum and (kind.maximum is None or size <= kind.maximum)
