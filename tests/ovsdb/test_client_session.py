"""Dialogues of a client's session with servers of all ages, without a socket."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brume.northbound.schema import NORTHBOUND, LogicalSwitch, LogicalSwitchPort
from brume.ovsdb.client.events import Answered, Event, Leave, LockChanged, Synchronized, Updated
from brume.ovsdb.client.replica import Replica
from brume.ovsdb.client.session import Session, State

Json = Any
SWITCH = "11111111-1111-4111-8111-111111111111"
PORT = "22222222-2222-4222-8222-222222222222"
CLUSTER = "33333333-3333-4333-8333-333333333333"
FIRST, SECOND = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"
SCHEMA = NORTHBOUND.to_json()
SERVER_SCHEMA = {
    "name": "_Server",
    "tables": {
        "Database": {
            "columns": {
                name: {"type": "string"}
                for name in ("name", "model", "schema", "connected", "leader", "index", "cid", "sid", "another")
            }
        }
    },
}
DUMP = {"Logical_Switch": {SWITCH: {"initial": {"name": "red"}}}}


def database(**columns: Json) -> Json:
    """What `_Server` says of the northbound."""
    row = {"name": "OVN_Northbound", "model": "standalone", "schema": json.dumps(SCHEMA), "connected": True,
           "leader": True, **columns}  # fmt: skip
    return {"Database": {"44444444-4444-4444-8444-444444444444": {"initial": row}}}


def clustered(index: int, **columns: Json) -> Json:
    return database(model="clustered", index=index, cid=["uuid", CLUSTER], **columns)


class Dialogue:
    """The server's part, spoken by the test."""

    def __init__(self, **settings: Any) -> None:
        replica = settings.pop("replica", None) or Replica(NORTHBOUND, tables=[LogicalSwitch, LogicalSwitchPort])
        self.session = Session(replica, **settings)
        self.replica = self.session.replica
        self.now = 100.0
        self.asked: list[Json] = []
        self.connect()

    def connect(self) -> None:
        self.session.connected(self.now)
        self._listen()

    def _listen(self) -> None:
        text, at = self.session.output().decode(), 0
        while at < len(text):
            message, at = json.JSONDecoder().raw_decode(text, at)
            self.asked.append(message)

    def expect(self, method: str | None) -> Json:
        """The next thing the client says, which must be this."""
        message = self.asked.pop(0)
        assert message.get("method") == method
        return message

    def say(self, *messages: Json) -> list[Event]:
        events = self.session.receive(b"".join(json.dumps(message).encode() for message in messages), self.now)
        self._listen()
        return events

    def answer(self, method: str, result: Json) -> list[Event]:
        """Answer what the client must have asked next."""
        return self.say({"id": self.expect(method)["id"], "result": result, "error": None})

    def refuse(self, method: str) -> list[Event]:
        return self.say({"id": self.expect(method)["id"], "result": None, "error": {"error": "unknown method"}})

    def notify(self, method: str, *params: Json) -> list[Event]:
        return self.say({"id": None, "method": method, "params": list(params)})

    def introduce(self, said: Json) -> None:
        """Up to where the client knows the server."""
        self.answer("get_schema", SERVER_SCHEMA)
        self.answer("monitor_cond", said)
        self.answer("set_db_change_aware", {})

    def synchronize(self, said: Json | None = None, *, last_id: str = FIRST, found: bool = False) -> list[Event]:
        self.introduce(said or database())
        return self.answer("monitor_cond_since", [found, last_id, {} if found else DUMP])

    def names(self) -> list[str]:
        return sorted(row.name for row in self.replica.database.rows(LogicalSwitch))


def test_a_server_of_today_is_asked_who_it_is_and_then_followed() -> None:
    dialogue = Dialogue()
    asked = dialogue.expect("get_schema")
    assert asked["params"] == ["_Server"]
    dialogue.say({"id": asked["id"], "result": SERVER_SCHEMA, "error": None})
    asked = dialogue.expect("monitor_cond")
    assert "another" not in asked["params"][2]["Database"][0]["columns"]  # we do not know it
    dialogue.say({"id": asked["id"], "result": database(), "error": None})
    dialogue.answer("set_db_change_aware", {})
    asked = dialogue.expect("monitor_cond_since")
    assert asked["params"][0] == "OVN_Northbound"
    assert asked["params"][3] == "00000000-0000-0000-0000-000000000000"
    (event,) = dialogue.say({"id": asked["id"], "result": [False, FIRST, DUMP], "error": None})
    assert isinstance(event, Synchronized)
    assert dialogue.names() == ["red"]
    assert dialogue.session.state is State.MONITORING

    (event,) = dialogue.notify("update3", "data", SECOND, {"Logical_Switch": {SWITCH: {"modify": {"name": "blue"}}}})
    assert isinstance(event, Updated)
    assert dialogue.names() == ["blue"]
    dialogue.session.disconnected()
    dialogue.connect()
    dialogue.introduce(database())
    assert dialogue.asked[0]["params"][3] == SECOND  # from there on, please


@pytest.mark.parametrize(
    ("refused", "version"), [(["monitor_cond_since"], 2), (["monitor_cond_since", "monitor_cond"], 1)]
)
def test_an_older_server_refuses_what_it_does_not_know(refused: list[str], version: int) -> None:
    dialogue = Dialogue()
    dialogue.introduce(database())
    for method in refused:
        dialogue.refuse(method)
    if version == 2:
        dialogue.answer("monitor_cond", DUMP)
        dialogue.notify("update2", "data", {"Logical_Switch": {SWITCH: {"delete": None}}})
    else:
        dialogue.answer("monitor", {"Logical_Switch": {SWITCH: {"new": {"name": "red", "ports": ["uuid", PORT]}}}})
        assert dialogue.names() == ["red"]
        assert dialogue.replica.database.members(LogicalSwitch.ports, SWITCH) == (PORT,)
        dialogue.notify("update", "data", {"Logical_Switch": {SWITCH: {"old": {"name": "red"}}}})
    assert dialogue.session.version == version
    assert dialogue.names() == []
    assert dialogue.replica.database.members(LogicalSwitch.ports, SWITCH) == ()


def test_a_very_old_server_has_no_database_called_server() -> None:
    dialogue = Dialogue()
    dialogue.refuse("get_schema")
    assert dialogue.asked[0]["params"] == ["OVN_Northbound"]
    dialogue.answer("get_schema", SCHEMA)
    dialogue.answer("monitor_cond", DUMP)
    assert dialogue.names() == ["red"]


def test_a_server_without_our_database_is_left() -> None:
    dialogue = Dialogue()
    dialogue.answer("get_schema", SERVER_SCHEMA)
    with pytest.raises(Leave, match="no database OVN_Northbound"):
        dialogue.answer("monitor_cond", {"Database": {}})


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (clustered(5, leader=False), "not the leader"),
        (clustered(5, connected=False), "not connected to its cluster"),
        (clustered(5, schema=["set", []]), "not joined its cluster"),
        (database(model="relay"), "not the leader"),
        (database(schema=["set", []]), "has no schema"),
    ],
)
def test_a_server_of_no_use_is_left(said: Json, reason: str) -> None:
    dialogue = Dialogue()
    dialogue.answer("get_schema", SERVER_SCHEMA)
    with pytest.raises(Leave, match=reason):
        dialogue.answer("monitor_cond", said)


def test_a_reader_is_content_with_a_follower_or_a_relay() -> None:
    for said in (clustered(5, leader=False), database(model="relay", leader=False)):
        dialogue = Dialogue(leader_only=False)
        dialogue.synchronize(said)
        assert dialogue.names() == ["red"]


def test_a_leader_that_no_longer_leads_is_left() -> None:
    dialogue = Dialogue()
    dialogue.synchronize(clustered(5))
    row = next(iter(clustered(5)["Database"]))
    with pytest.raises(Leave, match="is not the leader"):
        dialogue.notify("update2", "server", {"Database": {row: {"modify": {"leader": False}}}})


def test_a_server_whose_copy_is_older_than_one_seen_is_left() -> None:
    dialogue = Dialogue()
    dialogue.synchronize(clustered(5))
    row = next(iter(clustered(5)["Database"]))
    dialogue.notify("update2", "server", {"Database": {row: {"modify": {"index": 9}}}})
    dialogue.session.disconnected()
    dialogue.connect()
    dialogue.answer("get_schema", SERVER_SCHEMA)
    with pytest.raises(Leave, match="old data: index 8, and 9 was seen"):
        dialogue.answer("monitor_cond", clustered(8))


def test_only_the_named_cluster_will_do() -> None:
    dialogue = Dialogue(cluster=CLUSTER)
    dialogue.synchronize(clustered(1))
    stranger = Dialogue(cluster=SWITCH)
    stranger.answer("get_schema", SERVER_SCHEMA)
    with pytest.raises(Leave, match="no database"):
        stranger.answer("monitor_cond", clustered(1))


def test_after_a_break_only_what_differs_is_told_whether_the_server_remembers_us_or_not() -> None:
    for found in (True, False):
        dialogue = Dialogue()
        dialogue.synchronize()
        dialogue.session.disconnected()
        assert dialogue.names() == ["red"]  # kept meanwhile
        dialogue.connect()
        (event,) = dialogue.synchronize(last_id=SECOND, found=found)
        assert isinstance(event, Synchronized)
        assert event.resumed is found
        assert not event.changes


def test_an_update_stands_before_the_answer_of_its_transaction() -> None:
    dialogue = Dialogue()
    dialogue.synchronize()
    number = dialogue.session.transact([{"op": "comment", "comment": "x"}])
    dialogue._listen()
    asked = dialogue.expect("transact")
    assert asked["params"] == ["OVN_Northbound", {"op": "comment", "comment": "x"}]
    update = {"id": None, "method": "update3", "params": ["data", SECOND, {"Logical_Switch": {PORT: {"insert": {}}}}]}
    events = dialogue.say(update, {"id": asked["id"], "result": [{}], "error": None})
    assert [type(event) for event in events] == [Updated, Answered]
    assert events[1] == Answered(number, [{}], None)


def test_locks_are_asked_for_at_every_connection_and_told_when_they_come_and_go() -> None:
    dialogue = Dialogue()
    dialogue.session.locks.want("ovn_northd")
    dialogue._listen()
    dialogue.answer("get_schema", SERVER_SCHEMA)
    assert dialogue.answer("lock", {"locked": False}) == []
    assert dialogue.notify("locked", "ovn_northd") == [LockChanged("ovn_northd", True)]
    assert dialogue.notify("locked", "somebody_elses") == []
    assert dialogue.notify("stolen", "ovn_northd") == [LockChanged("ovn_northd", False)]
    dialogue.notify("locked", "ovn_northd")
    assert dialogue.session.disconnected() == [LockChanged("ovn_northd", False)]
    dialogue.asked.clear()
    dialogue.connect()
    assert [message["method"] for message in dialogue.asked] == ["get_schema", "lock"]


def test_what_happened_before_a_server_is_left_is_told() -> None:
    dialogue = Dialogue()
    dialogue.synchronize()
    number = dialogue.session.request("echo", [])
    dialogue._listen()
    asked = dialogue.expect("echo")
    with pytest.raises(Leave):
        dialogue.say({"id": asked["id"], "result": [], "error": None},
                     {"id": None, "method": "monitor_canceled", "params": ["data"]})  # fmt: skip
    assert dialogue.session.disconnected() == [Answered(number, [], None)]


def test_silence_is_asked_about_and_then_taken_for_death() -> None:
    dialogue = Dialogue(probe_interval=5.0)
    dialogue.synchronize()
    session = dialogue.session
    assert session.next_tick == 105.0
    session.tick(104.9)
    dialogue._listen()
    assert dialogue.asked == []
    session.tick(105.0)
    dialogue._listen()
    dialogue.now = 106.0
    dialogue.answer("echo", [])
    assert session.next_tick == 111.0
    session.tick(111.0)
    session.tick(115.9)
    with pytest.raises(Leave, match="no sign of life"):
        session.tick(116.0)


def test_the_servers_questions_are_answered() -> None:
    dialogue = Dialogue()
    dialogue.asked.clear()
    dialogue.say({"id": "echo", "method": "echo", "params": ["who"]}, {"id": 7, "method": "dance", "params": []})
    assert dialogue.asked[0] == {"id": "echo", "result": ["who"], "error": None}
    assert dialogue.asked[1]["error"]["error"] == "unknown method"


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


def test_a_conversation_octet_by_octet_is_the_same() -> None:
    dialogue = Dialogue()
    events: list[Event] = []
    for method, result in (("get_schema", SERVER_SCHEMA), ("monitor_cond", database()), ("set_db_change_aware", {}),
                           ("monitor_cond_since", [False, FIRST, DUMP])):  # fmt: skip
        text = json.dumps({"id": dialogue.expect(method)["id"], "result": result, "error": None}).encode()
        for octet in text:
            events += dialogue.session.receive(bytes([octet]), 100.0)
        dialogue._listen()
    assert [type(event) for event in events] == [Synchronized]


def test_other_rows_are_wanted_one_question_at_a_time() -> None:
    dialogue = Dialogue()
    dialogue.synchronize()
    session = dialogue.session
    session.conditions.change({LogicalSwitch: [["name", "==", "red"]]})
    session.conditions.change({LogicalSwitch: [["name", "==", "blue"]]})
    session.conditions.change({LogicalSwitchPort: [False]})
    dialogue._listen()
    asked = dialogue.asked[0]
    assert asked["params"] == ["data", "data", {"Logical_Switch": [{"where": [["name", "==", "red"]]}]}]
    assert len(dialogue.asked) == 1
    dialogue.answer("monitor_cond_change", {})
    assert not session.conditions.settled
    asked = dialogue.asked[0]["params"][2]
    assert asked == {
        "Logical_Switch": [{"where": [["name", "==", "blue"]]}],
        "Logical_Switch_Port": [{"where": [False]}],
    }
    session.disconnected()  # has the server heard of it? Then what it sends from there on would not be enough
    dialogue.asked.clear()
    dialogue.connect()
    dialogue.introduce(database())
    asked = dialogue.asked[0]["params"]
    assert asked[2]["Logical_Switch"][0]["where"] == [["name", "==", "blue"]]
    assert asked[3] == "00000000-0000-0000-0000-000000000000"


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
