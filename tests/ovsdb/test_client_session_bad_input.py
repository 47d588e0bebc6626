"""Servers that say what cannot be: a client changes nothing for it, and leaves them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brume.northbound.schema import LogicalSwitch
from brume.ovsdb.client.events import Leave
from tests.ovsdb.client_dialogue import DUMP, FIRST, PORT, SECOND, SERVER_SCHEMA, SWITCH, Dialogue, Json, database


@pytest.mark.parametrize(
    "update",
    [
        {"Logical_Switch": {PORT: {"modify": {"name": "x"}}}},
        {"Logical_Switch": {SWITCH: {"modify": {"unknown": "x"}}}},
        {"Logical_Switch": {SWITCH: {"modify": {"name": 7}}}},
        {"Logical_Switch": {SWITCH: {"modify": {"external_ids": ["map", [["a"]]]}}}},
        {"Logical_Switch": {SWITCH: {"invent": {"name": "x"}}}},
        {"Logical_Switch": {SWITCH: []}},
        {"Logical_Switch": []},
        {"ACL": {}},
        [],
    ],
)
def test_an_update_that_does_not_fit_changes_nothing_and_everything_is_asked_for_anew(update: Json) -> None:
    dialogue = Dialogue()
    dialogue.synchronize()
    with pytest.raises(Leave, match="cannot be followed"):
        dialogue.notify("update3", "data", SECOND, update)
    assert dialogue.names() == ["red"]
    dialogue.session.disconnected()
    dialogue.asked.clear()
    dialogue.connect()
    dialogue.introduce(database())
    assert dialogue.asked[0]["params"][3] == "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize("octets", [b"[]", b'{"id":', b"nonsense", b'{"method":"x","params":[],"id":1,"more":2}'])
def test_what_is_no_message_ends_the_connection(octets: bytes) -> None:
    dialogue = Dialogue()
    if octets == b'{"id":':
        assert dialogue.session.receive(octets, 100.0) == []
        octets = b"}"
    with pytest.raises(Leave, match="protocol broken"):
        dialogue.session.receive(octets, 100.0)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5)
    | st.sampled_from(["uuid", "set", "map", "initial", "modify", "new", SWITCH, "Logical_Switch", "name", "ports",
                       "data", "server", "Database", "tables", "columns"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["Logical_Switch", SWITCH, PORT, "initial", "insert", "modify", "delete", "new", "old", "name",
                         "ports", "external_ids", "Database", "schema", "model", "index", "tables", "columns",
                         "locked"]), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    answers=st.lists(anything, min_size=1, max_size=4),
    method=st.sampled_from(["update", "update2", "update3", "locked", "stolen", "monitor_canceled", "echo", "dance"]),
    params=st.lists(anything, max_size=3),
    steps=st.integers(0, 3),
    refused=st.booleans(),
)
def test_whatever_a_server_says_the_worst_is_that_it_is_left(
    answers: list[Json], method: str, params: list[Json], steps: int, refused: bool
) -> None:
    dialogue = Dialogue()
    dialogue.session.locks.want("mine")
    right = [("get_schema", SERVER_SCHEMA), ("monitor_cond", database()), ("monitor_cond_since", [False, FIRST, DUMP])]
    for name, result in right[:steps]:
        dialogue.asked = [asked for asked in dialogue.asked if asked["method"] == name]
        dialogue.answer(name, result)
    try:
        dialogue.notify(method, *params)
        for answer in answers:
            asked = dialogue.asked.pop(0) if dialogue.asked else {"id": 1}
            result, error = (None, answer) if refused else (answer, None)
            dialogue.say({"id": asked["id"], "result": result, "error": error})
    except Leave:
        dialogue.session.disconnected()
    assert all(type(row.name) is str for row in dialogue.replica.database.rows(LogicalSwitch))
