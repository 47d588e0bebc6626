"""Compiled columns say what the general functions say, of every type and every JSON value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brume.northbound.schema import NORTHBOUND
from brume.ovsdb.codecs import codec, codecs, reader, writer
from brume.ovsdb.columns import columns
from brume.ovsdb.data import datum_from_json, datum_to_json, from_field, to_field
from brume.ovsdb.errors import OvsdbError
from brume.ovsdb.schema_reader import read_schema
from brume.ovsdb.types import BOOLEAN, INTEGER, REAL, STRING, UUID, ColumnType, integer, one_of, strong, text, weak
from brume.southbound.schema import SOUTHBOUND
from brume.tables.map import Map
from brume.values import derive_uuid

BASES = (STRING, INTEGER, REAL, BOOLEAN, UUID, integer(0, 3), text(2), one_of("red", "blue"), strong("A"), weak("B"))
COUNTS = ((1, 1), (0, 1), (0, None), (1, None), (0, 2))
TYPES = [ColumnType(base, None, *count) for base in BASES for count in COUNTS]
TYPES += [ColumnType(key, value, 0, None) for key in BASES for value in (STRING, INTEGER, strong("A"))]
TYPES += [ColumnType(STRING, STRING, *count) for count in COUNTS]
KINDS = st.sampled_from(TYPES)
ONE_UUID = derive_uuid("one")
ATOMS = st.sampled_from(
    [
        "", "a", "red", "long", "ü", 0, 1, 3, 4, -1, 2**63, 1.0, 1.5, True, False, None, [], {}, ["uuid"],
        ["uuid", ONE_UUID], ["uuid", ONE_UUID.upper()], ["uuid", "x"], ["uuid", 5], ["named-uuid", "one"],
        ["named-uuid", "two"], ["named-uuid", "9"], ["named-uuid", "é"], ["named-uuid", ""], ["other", "one"],
    ]
)  # fmt: skip
PAIRS = st.lists(ATOMS, min_size=1, max_size=3) | st.tuples(ATOMS, ATOMS).map(list) | st.just("ab")
TAGGED = st.tuples(st.sampled_from(["set", "map", "uuid"]), st.lists(ATOMS, max_size=3) | st.lists(PAIRS, max_size=3))
VALUES = ATOMS | TAGGED.map(list) | st.just(["set"]) | st.just(["map", 5])


def named(name: str, _: Any) -> str:
    return derive_uuid("named", name)


def told(function: Any, *arguments: Any) -> Any:
    """What it returns, or the error object."""
    try:
        return function(*arguments)
    except OvsdbError as error:
        return error.to_json()


def slowly(kind: ColumnType, json: Any, names: Any) -> Any:
    return to_field(kind, datum_from_json(kind, json, names))


@given(KINDS, VALUES, st.sampled_from([named, None]))
def test_what_is_read_is_what_the_general_function_reads(kind: ColumnType, json: Any, names: Any) -> None:
    field, expected = told(reader(kind), json, names), told(slowly, kind, json, names)
    assert field == expected
    assert repr(type(field)) == repr(type(expected))


@given(KINDS, VALUES)
def test_what_is_written_is_what_the_general_function_writes(kind: ColumnType, json: Any) -> None:
    try:
        field = slowly(kind, json, named)
    except OvsdbError:
        return
    assert writer(kind)(field) == datum_to_json(kind, from_field(kind, field))


@pytest.mark.parametrize("schema", [NORTHBOUND, SOUTHBOUND], ids=["northbound", "southbound"])
def test_every_column_has_a_codec(schema: Any) -> None:
    for row_type in schema.tables.values():
        assert set(codecs(row_type)) == {"_uuid", "_version", *columns(row_type)}


def test_clients_are_told_15_digits_of_a_real_as_ovsdb_server_prints_them() -> None:
    many = {"min": 0, "max": "unlimited"}
    types = {"one": "real", "some": {"key": "real", **many}, "by": {"key": "integer", "value": "real", **many}}
    described = {name: {"type": kind} for name, kind in types.items()}
    row_type: Any = read_schema({"name": "d", "version": "1.0.0", "tables": {"T": {"columns": described}}}).tables["T"]
    one, some, by = (codecs(row_type)[name].write for name in types)
    assert one(1 / 3) == 0.333333333333333 != 1 / 3
    assert one(2.0**62) == 4.61168601842739e18
    assert repr([one(1e15), one(-5e14)]) == "[1000000000000000.0, -500000000000000]"
    assert one(-0.0) == 0
    assert one(1.7976931348623157e308) == 1.7976931348623157e308
    assert some(frozenset((1 / 3, 2.0))) == ["set", [0.333333333333333, 2]]
    assert by(Map({2**62: 1 / 3})) == ["map", [[2**62, 0.333333333333333]]]
    assert codec(columns(row_type)["one"]).write(1 / 3) == 1 / 3, "files and our own requests have them all"
