"""A request's body by a resource's declaration."""

from typing import Annotated, Literal

import msgspec
import pytest

from brume.cloud.errors import (
    InvalidAttribute,
    InvalidFilter,
    MissingAttribute,
    ReadOnlyAttribute,
    UnknownAttribute,
)
from brume.cloud.resource import Attribute, Resource, resource
from brume.cloud.validation import for_create, for_filter, for_update


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    first: int
    second: str = "s"


@resource("widget", "widgets", stored=False)
class Widget(Resource, frozen=True, kw_only=True):
    id: Annotated[str, Attribute(create=False, update=False)]
    name: Annotated[str, Attribute(length=5, minimum_length=1)] = "n"
    size: Annotated[int | None, Attribute(required=True, update=False)]
    color: Annotated[Literal["red", "blue"], Attribute(filter=False)] = "red"
    pairs: Annotated[tuple[Pair, ...], Attribute(wire="w:pairs")] = ()
    loud: Annotated[bool, Attribute()] = False
    even: Annotated[int, Attribute(check=lambda value: _even(value), since="2.5")] = 0
    hidden: str = ""


def _even(value):
    if not isinstance(value, int) or value % 2:
        raise ValueError(f"{value} is odd")
    return value


IT = Widget.DECLARATION


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ({"size": 1}, {"size": 1}),
        ({"size": None, "name": "abc"}, {"size": None, "name": "abc"}),
        ({"size": 1, "w:pairs": [{"first": 2}]}, {"size": 1, "pairs": (Pair(2),)}),
        ({"size": 1, "even": 4, "color": "blue"}, {"size": 1, "even": 4, "color": "blue"}),
    ],
)
def test_values_by_field_name_hold_what_was_given(given, values):
    assert for_create(IT, given) == values


@pytest.mark.parametrize(
    ("given", "error", "attribute"),
    [
        ({}, MissingAttribute, "size"),
        ({"size": "1"}, InvalidAttribute, "size"),
        ({"size": True}, InvalidAttribute, "size"),
        ({"size": 1.5}, InvalidAttribute, "size"),
        ({"size": 2**63}, InvalidAttribute, "size"),
        ({"size": 1, "name": None}, InvalidAttribute, "name"),
        ({"size": 1, "name": ""}, InvalidAttribute, "name"),
        ({"size": 1, "name": "abcdef"}, InvalidAttribute, "name"),
        ({"size": 1, "color": "green"}, InvalidAttribute, "color"),
        ({"size": 1, "even": 3}, InvalidAttribute, "even"),
        ({"size": 1, "w:pairs": [{"first": 2, "third": 3}]}, InvalidAttribute, "w:pairs"),
        ({"size": 1, "id": "x"}, ReadOnlyAttribute, "id"),
    ],
)
def test_what_is_wrong_is_named(given, error, attribute):
    with pytest.raises(error) as raised:
        for_create(IT, given)
    assert raised.value.values["attribute"] == attribute


def test_unknown_attributes_are_listed_together():
    for unknown in ("hidden", "pairs"):
        with pytest.raises(UnknownAttribute, match=unknown):
            for_create(IT, {"size": 1, unknown: 1})
    with pytest.raises(UnknownAttribute, match="a, b"):
        for_update(IT, {"b": 1, "a": 1})
    with pytest.raises(UnknownAttribute, match="even"):
        for_create(IT, {"size": 1, "even": 2}, (2, 4))
    assert for_update(IT, {"name": "x"}) == {"name": "x"}
    with pytest.raises(ReadOnlyAttribute):
        for_update(IT, {"size": 1})


def test_filters_come_as_text():
    assert for_filter(IT, "size", ["3", "4"]) == ("size", (3, 4))
    assert for_filter(IT, "loud", ["True"]) == ("loud", (True,))
    assert for_filter(IT, "name", ["a"]) == ("name", ("a",))
    for name in ("color", "nothing", "hidden"):
        with pytest.raises(InvalidFilter):
            for_filter(IT, name, ["x"])
    for name, text in (("size", "many"), ("size", "9" * 30), ("loud", "perhaps")):
        with pytest.raises(InvalidAttribute):
            for_filter(IT, name, [text])
