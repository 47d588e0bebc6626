"""Which servers a client stays with: those of all ages, of clusters and relays; and which ones it leaves."""

from __future__ import annotations

import pytest

from brume.northbound.schema import LogicalSwitch
from brume.ovsdb.client.events import Leave
from tests.ovsdb.client_dialogue import (
    CLUSTER,
    DUMP,
    PORT,
    SCHEMA,
    SERVER_SCHEMA,
    SWITCH,
    Dialogue,
    Json,
    clustered,
    database,
)


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
