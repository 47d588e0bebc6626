"""Columns compiled: for each column type a reader and a writer, made once and then called for every value.

    read(json, names) -> field     what `to_field(kind, datum_from_json(kind, json, names))` gives
    write(field) -> json           what `datum_to_json(kind, from_field(kind, field))` gives

Rule: a reader knows only the usual spellings of right values. Everything else, and above all what is wrong, it leaves
to `data.py`, so that there is one place that complains. Keys of maps are interned: few words, in every row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from math import isinf
from sys import intern
from typing import Any, NamedTuple

from brume.ovsdb.columns import Column, all_columns
from brume.ovsdb.data import (
    EMPTY_SET,
    Datum,
    Json,
    NamedUuids,
    datum_from_json,
    datum_to_json,
    from_field,
    to_field,
)
from brume.ovsdb.json_text import print_real
from brume.ovsdb.types import MAXIMUM_INTEGER, MINIMUM_INTEGER, AtomType, BaseType, ColumnType
from brume.tables.map import EMPTY_MAP, Map

Read = Callable[[Json, NamedUuids | None], Any]
ReadDatum = Callable[[Json, NamedUuids | None], Datum]
Write = Callable[[Any], Json]
ReadAtom = Callable[[Json, NamedUuids | None], Any]
"""None if this is not the usual spelling of a right value."""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z").match


class Codec(NamedTuple):
    """The two functions of a column."""

    read: Read
    write: Write


@cache
def codecs(row_type: Any) -> dict[str, Codec]:
    """The codecs of a table's columns as clients are told them, `_uuid` and `_version` included; a relation's value is
    a frozenset. Reals have 15 digits there, as ovsdb-server prints them; files and our own requests have them all."""
    return {name: _told(column.type, codec(column)) for name, column in all_columns(row_type).items()}


def _told(kind: ColumnType, codec: Codec) -> Codec:
    if all(base.atom is not AtomType.REAL for base in kind.bases):
        return codec
    key, value = (
        _with_15_digits if base and base.atom is AtomType.REAL else _as_it_is for base in (kind.key, kind.value)
    )

    def write(field: Any) -> Json:
        if isinstance(field, Map):
            return codec.write(Map({key(atom): value(field[atom]) for atom in field}))
        if isinstance(field, frozenset):
            return codec.write(frozenset(map(key, field)))
        return codec.write(None if field is None else key(field))

    return Codec(codec.read, write)


def _with_15_digits(real: float) -> float:
    shorter = float(print_real(real))
    return real if isinf(shorter) else shorter


def _as_it_is(atom: Any) -> Any:
    return atom


def codec(column: Column) -> Codec:
    """The codec of one column."""
    return Codec(reader(column.type), str if column.printed else writer(column.type))


# readers


@cache
def datum_reader(kind: ColumnType) -> ReadDatum:
    """A function from JSON to a datum: `datum_from_json`, compiled."""
    read_field = reader(kind)

    def read(json: Json, names: NamedUuids | None = None) -> Datum:
        return from_field(kind, read_field(json, names))

    return read


@cache
def reader(kind: ColumnType) -> Read:
    """A function from JSON to what the field of a row holds."""

    def general(json: Json, names: NamedUuids | None = None) -> Any:
        return to_field(kind, datum_from_json(kind, json, names))

    if kind.value is not None:
        plain = kind.key == kind.value == BaseType(AtomType.STRING) and kind.maximum is None and kind.minimum == 0
        return _string_map_reader(general) if plain else general
    if kind.maximum == 1 and kind.key == BaseType(AtomType.STRING):
        return _string_reader(general)
    atom = _atom_reader(kind.key)
    if atom is None:
        return general
    return _single_reader(atom, general) if kind.maximum == 1 else _set_reader(kind, atom, general)


def _string_reader(general: Read) -> Read:
    def read(json: Json, names: NamedUuids | None = None) -> Any:
        return json if type(json) is str else general(json, names)

    return read


def _single_reader(atom: ReadAtom, general: Read) -> Read:
    def read(json: Json, names: NamedUuids | None = None) -> Any:
        found = atom(json, names)
        return general(json, names) if found is None else found

    return read


def _set_reader(kind: ColumnType, atom: ReadAtom, general: Read) -> Read:
    low, high = kind.minimum, kind.maximum

    def read(json: Json, names: NamedUuids | None = None) -> Any:
        if type(json) is list and len(json) == 2 and json[0] == "set" and type(json[1]) is list:
            found = frozenset([atom(item, names) for item in json[1]])
            count = len(found)
            if count == len(json[1]) and None not in found and low <= count and (high is None or count <= high):
                return found or EMPTY_SET
            return general(json, names)
        one = atom(json, names)
        return general(json, names) if one is None else frozenset((one,))

    return read


def _string_map_reader(general: Read) -> Read:
    def read(json: Json, names: NamedUuids | None = None) -> Any:
        if type(json) is not list or len(json) != 2 or json[0] != "map" or type(json[1]) is not list:
            return general(json, names)
        found: dict[str, str] = {}
        for pair in json[1]:
            if type(pair) is not list or len(pair) != 2 or type(pair[0]) is not str or type(pair[1]) is not str:
                return general(json, names)
            found[intern(pair[0])] = pair[1]
        if len(found) != len(json[1]):
            return general(json, names)
        return Map(found) if found else EMPTY_MAP

    return read


def _atom_reader(base: BaseType) -> ReadAtom | None:
    if base.enum is not None:
        return _choice_reader(base.enum) if base.atom is AtomType.STRING else None
    if base.atom is AtomType.INTEGER:
        return _integer_reader(base)
    if base.minimum is not None or base.maximum is not None:
        return None
    if base.atom is AtomType.UUID:
        return _uuid_reader(base)
    return _PLAIN.get(base.atom)


def _read_string(json: Json, _: NamedUuids | None) -> str | None:
    return json if type(json) is str else None


def _read_boolean(json: Json, _: NamedUuids | None) -> bool | None:
    return json if type(json) is bool else None


_PLAIN: dict[AtomType, ReadAtom] = {AtomType.STRING: _read_string, AtomType.BOOLEAN: _read_boolean}


def _choice_reader(enum: frozenset[Any]) -> ReadAtom:
    choices = {choice: choice for choice in enum}
    return lambda json, _: choices.get(json) if type(json) is str else None


def _integer_reader(base: BaseType) -> ReadAtom:
    low = MINIMUM_INTEGER if base.minimum is None else base.minimum
    high = MAXIMUM_INTEGER if base.maximum is None else base.maximum
    return lambda json, _: json if type(json) is int and low <= json <= high else None


def _uuid_reader(base: BaseType) -> ReadAtom:
    def read(json: Json, names: NamedUuids | None) -> str | None:
        if type(json) is not list or len(json) != 2:
            return None
        tag, text = json
        if tag == "uuid":
            return intern(text) if type(text) is str and _UUID(text) else None
        if tag == "named-uuid" and names is not None and type(text) is str and text.isidentifier() and text.isascii():
            return names(text, base)
        return None

    return read


# writers


def writer(kind: ColumnType) -> Write:
    """A function from what the field of a row holds to JSON."""

    def general(field: Any) -> Json:
        return datum_to_json(kind, from_field(kind, field))

    plain = kind.key.atom not in (AtomType.UUID, AtomType.REAL)
    if kind.value is not None:
        return _write_map if plain and kind.value.atom not in (AtomType.UUID, AtomType.REAL) else general
    if kind.maximum != 1:
        return _write_set if plain else _write_uuids if kind.key.atom is AtomType.UUID else general
    if kind.key.atom is AtomType.UUID:
        return _write_uuid
    return _write_plain if plain else general


def _write_plain(field: Any) -> Json:
    return ["set", []] if field is None else field


def _write_uuid(field: str | None) -> Json:
    return ["set", []] if field is None else ["uuid", field]


def _write_set(field: frozenset[Any]) -> Json:
    if len(field) == 1:
        (atom,) = field
        return atom
    return ["set", sorted(field)]


def _write_uuids(field: frozenset[str]) -> Json:
    if len(field) == 1:
        (atom,) = field
        return ["uuid", atom]
    return ["set", [["uuid", atom] for atom in sorted(field)]]


def _write_map(field: Map[Any, Any]) -> Json:
    return ["map", [[key, field[key]] for key in sorted(field)]]
