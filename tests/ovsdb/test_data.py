"""Values between Python and JSON: what is written is read back the same, whatever the type."""

from __future__ import annotations

import json
import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from brume.ovsdb.data import datum_from_json, datum_to_json, default_datum, from_field, to_field
from brume.ovsdb.json_text import print_json
from brume.ovsdb.schema import type_to_json
from brume.ovsdb.schema_reader import read_type
from brume.ovsdb.types import AtomType, BaseType, ColumnType
from brume.tables.map import Map

ATOMS: dict[AtomType, st.SearchStrategy[Any]] = {
    AtomType.INTEGER: st.integers(-(2**63), 2**63 - 1),
    AtomType.REAL: st.floats(allow_nan=False, allow_infinity=False).map(lambda number: number + 0.0),
    AtomType.BOOLEAN: st.booleans(),
    AtomType.STRING: st.text(st.characters(exclude_categories=["Cs"])),
    AtomType.UUID: st.uuids().map(str),
}


@st.composite
def typed_datums(draw: Any) -> tuple[ColumnType, Any]:
    key = BaseType(draw(st.sampled_from(AtomType)))
    value = draw(st.none() | st.sampled_from(AtomType).map(BaseType))
    minimum, maximum = draw(st.sampled_from([(1, 1), (0, 1), (0, None), (1, None), (0, 3)]))
    kind = ColumnType(key, value, minimum, maximum)
    most = 4 if maximum is None else maximum
    if value is None:
        return kind, draw(st.frozensets(ATOMS[key.atom], min_size=minimum, max_size=most))
    return kind, Map(draw(st.dictionaries(ATOMS[key.atom], ATOMS[value.atom], min_size=minimum, max_size=most)))


@given(typed_datums())
def test_json_written_and_read_back(typed: tuple[ColumnType, Any]) -> None:
    kind, datum = typed
    text = json.dumps(datum_to_json(kind, datum))
    assert datum_from_json(kind, json.loads(text)) == datum


@given(typed_datums())
def test_fields_of_rows_hold_the_same(typed: tuple[ColumnType, Any]) -> None:
    kind, datum = typed
    assert from_field(kind, to_field(kind, datum)) == datum


@given(typed_datums())
def test_types_written_and_read_back(typed: tuple[ColumnType, Any]) -> None:
    kind, _ = typed
    assert read_type(type_to_json(kind)) == kind
    assert datum_from_json(kind, datum_to_json(kind, default_datum(kind))) == default_datum(kind)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_of_messages_is_json(value: Any) -> None:
    assert json.loads(print_json(value)) == value


def test_a_real_that_is_whole_is_printed_without_a_point() -> None:
    assert print_json([1.0, -0.0, 0.5, 1e37, math.pi]) == "[1,0,0.5,1e+37,3.14159265358979]"
