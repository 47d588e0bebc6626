"""A Map is a value: it compares and hashes by what is in it, and never changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from brume.tables.map import EMPTY_MAP, Map


def test_order_does_not_matter() -> None:
    one, other = Map({"a": "1", "b": "2"}), Map({"b": "2", "a": "1"})
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other, EMPTY_MAP}) == 2


def test_a_changed_copy_leaves_the_first_alone() -> None:
    first = Map({"mtu": "1500"})
    second = Map({**first, "mtu": "1400"})
    assert (first["mtu"], second["mtu"], first.get("none", "")) == ("1500", "1400", "")


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.__setitem__("a", "2"),
        lambda m: m.__delitem__("a"),
        lambda m: m.update(a="2"),
        lambda m: m.pop("a"),
        lambda m: m.popitem(),
        lambda m: m.clear(),
        lambda m: m.setdefault("b", "2"),
        lambda m: m.__ior__({"b": "2"}),
    ],
)
def test_what_would_change_it_is_refused(change: Callable[[Any], Any]) -> None:
    value = Map({"a": "1"})
    with pytest.raises(TypeError, match="never changes"):
        change(value)
    assert value == {"a": "1"}
