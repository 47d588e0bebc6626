"""The text form of values: what is printed is read again, and whatever people write is a value or a `TextError`."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from brume.ovsdb.data import Datum
from brume.ovsdb.data_text import print_datum
from brume.ovsdb.data_text_reader import TextError, read_atom, read_datum
from brume.ovsdb.types import BOOLEAN, INTEGER, REAL, STRING, UUID, BaseType, ColumnType, integer, one_of
from brume.tables.map import Map

ATOMS: list[tuple[BaseType, st.SearchStrategy[object]]] = [
    (STRING, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))),
    (INTEGER, st.integers(-(2**63), 2**63 - 1)),
    (REAL, st.floats(-1e300, 1e300).map(lambda number: float(f"{number:.15g}") or 0.0)),
    (BOOLEAN, st.booleans()),
    (UUID, st.uuids().map(str)),
]


@st.composite
def data(draw: st.DrawFn) -> tuple[ColumnType, Datum]:
    key, keys = draw(st.sampled_from(ATOMS))
    if draw(st.booleans()):
        return ColumnType(key, None, 0, None), draw(st.frozensets(keys, max_size=3))
    value, values = draw(st.sampled_from(ATOMS))
    return ColumnType(key, value, 0, None), Map(draw(st.dictionaries(keys, values, max_size=3)))


@given(data())
def test_what_is_printed_is_read_again(pair: tuple[ColumnType, Datum]) -> None:
    kind, datum = pair
    assert read_datum(kind, print_datum(kind, datum)) == datum


@given(data(), st.text(st.sampled_from('ab1-=,"\\ []{}u0:')))
@example((ColumnType(INTEGER, None, 0, None), frozenset()), "9" * 5000)
@example((ColumnType(REAL, None, 0, None), frozenset()), "1e" + "9" * 5000)
def test_any_text_is_a_value_or_an_error(pair: tuple[ColumnType, Datum], text: str) -> None:
    kind, _ = pair
    try:
        datum = read_datum(kind, text)
    except TextError:
        return
    if REAL not in kind:  # of those 15 digits are printed
        assert read_datum(kind, print_datum(kind, datum)) == datum


STRINGS = ColumnType(STRING, None, 0, None)
WORDS = ColumnType(STRING, STRING, 0, None)
NUMBERS = ColumnType(integer(0, 4095), None, 0, None)


@pytest.mark.parametrize(
    ("kind", "text", "datum"),
    [
        (STRINGS, "a b,c", frozenset("abc")),
        (STRINGS, r"a\ b\,c", frozenset(["a b,c"])),
        (STRINGS, '"10.0.0.1 fe80::1", "\\u00fc\\ud83d\\ude00"', frozenset(["10.0.0.1 fe80::1", "ü😀"])),
        (WORDS, "{network_type=geneve, mtu=\"1400\"}", Map({"network_type": "geneve", "mtu": "1400"})),
        (WORDS, "a = b", Map(a="b")),
        (NUMBERS, "1-4, 7", frozenset([1, 2, 3, 4, 7])),
    ],
)  # fmt: skip
def test_values_as_people_write_them(kind: ColumnType, text: str, datum: Datum) -> None:
    assert read_datum(kind, text) == datum


@pytest.mark.parametrize(
    ("kind", "text", "complaint"),
    [
        (STRINGS, "", 'use "[]" to specify the empty set'),
        (WORDS, " ", 'use "{}" to specify the empty map'),
        (WORDS, "a", 'a: syntax error at "" expecting "="'),
        (STRINGS, "[a", '[a: missing "]" at end of data'),
        (STRINGS, "[a] b", '[a] b: trailing garbage after "]"'),
        (STRINGS, "a=b", 'a=b: unexpected "=" parsing set of strings'),
        (STRINGS, 'a "b', '"b: quoted string extends past end of argument'),
        (STRINGS, "a\\", "a\\: backslash at end of argument"),
        (STRINGS, r'"\ud800"', r'"\ud800": malformed escaped surrogate pair'),
        (STRINGS, r'"\u0000"', r'"\u0000": null bytes not supported in quoted strings'),
        (NUMBERS, "5000", "constraint violation: 5000 is not in the valid range 0 to 4095 (inclusive)"),
        (NUMBERS, "0-5000", "constraint violation: 5000 is not in the valid range 0 to 4095 (inclusive)"),
        (ColumnType(STRING), "[]", "[]: 0 value(s) specified but the minimum number is 1"),
        (ColumnType(STRING), "a b", "a b: 2 value(s) specified but the maximum number is 1"),
    ],
)
def test_complaints(kind: ColumnType, text: str, complaint: str) -> None:
    with pytest.raises(TextError) as raised:
        read_datum(kind, text)
    assert str(raised.value) == complaint


def test_an_enumeration() -> None:
    assert read_atom(one_of("from-lport", "to-lport"), "to-lport") == "to-lport"
    with pytest.raises(TextError, match=r"x is not one of the allowed values \(\[from-lport, to-lport\]\)"):
        read_atom(one_of("from-lport", "to-lport"), "x")
