"""Buckets hold what dicts of dicts would hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from brume.tables.buckets import Buckets, drop, put, things

CHANGES = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3)), max_size=30)


def itself(key: int) -> int:
    return key


@given(CHANGES)
def test_what_was_put_and_not_dropped_lies_there_in_order(changes: list[tuple[str, int]]) -> None:
    buckets: Buckets = {}
    expected: dict[str, dict[int, int]] = {"a": {}, "b": {}}
    for value, key in changes:
        if key in expected[value]:
            drop(buckets, value, key)
            del expected[value][key]
        else:
            put(buckets, value, key, key, itself)
            expected[value][key] = key
        assert [things(buckets, name) for name in "ab"] == [list(expected[name]) for name in "ab"]
    assert set(buckets) == {name for name, held in expected.items() if held}


def test_a_thing_alone_has_no_dict() -> None:
    buckets: Buckets = {}
    put(buckets, "value", 1, 1, itself)
    put(buckets, "value", 2, 2, itself)
    drop(buckets, "value", 1)
    assert buckets == {"value": 2}
