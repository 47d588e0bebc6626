"""Dialogues of a client's session with a server, without a socket: what is followed, asked for, locked and answered."""

from __future__ import annotations

import json

import pytest

from brume.northbound.schema import LogicalSwitch, LogicalSwitchPort
from brume.ovsdb.client.events import Answered, Event, Leave, LockChanged, Synchronized, Updated
from brume.ovsdb.client.session import State
from tests.ovsdb.client_dialogue import DUMP, FIRST, PORT, SECOND, SERVER_SCHEMA, SWITCH, Dialogue, database


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
