"""What a client asks of a server, operation by operation; and what the answers mean."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from brume.northbound.schema import NORTHBOUND, LogicalSwitch, LogicalSwitchPort, Meter, MeterBand
from brume.ovsdb.client.replica import Replica
from brume.ovsdb.client.transaction import Proposal, Verdict, judge
from brume.southbound.schema import SOUTHBOUND, LogicalFlow, PortBinding, flow_uuid
from brume.tables.map import Map

Json = Any
SWITCH = "11111111-1111-4111-8111-111111111111"
PORT = "22222222-2222-4222-8222-222222222222"
OTHER = "33333333-3333-4333-8333-333333333333"
NEW = "44444444-4444-4444-8444-444444444444"


@pytest.fixture
def replica() -> Replica:
    """A switch with a port."""
    replica = Replica(NORTHBOUND)
    replica.load(3, {
        "Logical_Switch": {SWITCH: {"initial": {"name": "red", "ports": ["uuid", PORT],
                                                "external_ids": ["map", [["a", "b"]]]}}},
        "Logical_Switch_Port": {PORT: {"initial": {"name": "vm", "tag": 7}}},
    })  # fmt: skip
    return replica


def where(uuid: str) -> Json:
    return [["_uuid", "==", ["uuid", uuid]]]


def test_an_insert_says_its_uuid_and_what_is_not_as_it_would_be_anyhow(replica: Replica) -> None:
    proposal = Proposal(replica)
    proposal.insert(LogicalSwitchPort(uuid=NEW, name="vm2", addresses=frozenset({"dynamic"}), up=True))
    proposal.add(LogicalSwitch.ports, SWITCH, NEW)
    assert proposal.operations() == [
        {"op": "insert", "table": "Logical_Switch_Port", "uuid": NEW,
         "row": {"name": "vm2", "addresses": "dynamic", "up": True}},
        {"op": "mutate", "table": "Logical_Switch", "where": where(SWITCH),
         "mutations": [["ports", "insert", ["set", [["uuid", NEW]]]]]},
    ]  # fmt: skip


def test_a_new_row_takes_its_relations_along(replica: Replica) -> None:
    proposal = Proposal(replica)
    proposal.add(LogicalSwitch.ports, NEW, OTHER)
    proposal.insert(LogicalSwitch(uuid=NEW, name="blue"))
    proposal.add(LogicalSwitch.ports, NEW, PORT)
    proposal.remove(LogicalSwitch.ports, NEW, OTHER)
    assert proposal.operations() == [
        {"op": "insert", "table": "Logical_Switch", "uuid": NEW,
         "row": {"name": "blue", "ports": ["set", [["uuid", PORT]]]}}
    ]  # fmt: skip


def test_a_set_that_is_never_empty_gets_its_new_elements_before_it_loses_the_old() -> None:
    replica = Replica(NORTHBOUND)
    meter = {"name": "m", "unit": "pktps", "bands": ["uuid", OTHER]}
    replica.load(3, {"Meter": {SWITCH: {"initial": meter}}, "Meter_Band": {OTHER: {"initial": {"rate": 1}}}})
    proposal = Proposal(replica)
    proposal.remove(Meter.bands, SWITCH, OTHER)
    proposal.insert(MeterBand(uuid=NEW, rate=2))
    proposal.add(Meter.bands, SWITCH, NEW)
    assert proposal.operations()[1]["mutations"] == [
        ["bands", "insert", ["set", [["uuid", NEW]]]],
        ["bands", "delete", ["set", [["uuid", OTHER]]]],
    ]


def test_an_update_says_what_differs_and_nothing_if_nothing_does(replica: Replica) -> None:
    proposal = Proposal(replica)
    switch = replica.row(LogicalSwitch, SWITCH)
    assert switch is not None
    proposal.update(switch)
    assert not proposal
    proposal.put(replace(switch, external_ids=Map({"a": "c"})))
    assert proposal.operations() == [
        {
            "op": "update",
            "table": "Logical_Switch",
            "where": where(SWITCH),
            "row": {"external_ids": ["map", [["a", "c"]]]},
        }
    ]


def test_an_optional_column_is_emptied(replica: Replica) -> None:
    port = replica.row(LogicalSwitchPort, PORT)
    assert port is not None
    proposal = Proposal(replica)
    proposal.update(replace(port, tag=None, name="vm2"), only={"tag"})
    (operation,) = proposal.operations()
    assert operation["row"] == {"tag": ["set", []]}


def test_a_row_that_is_inserted_and_deleted_has_never_been(replica: Replica) -> None:
    proposal = Proposal(replica)
    proposal.insert(LogicalSwitch(uuid=NEW, name="blue"))
    proposal.delete(LogicalSwitch, NEW)
    assert not proposal
    proposal.delete(LogicalSwitch, SWITCH)
    assert proposal.operations() == [{"op": "delete", "table": "Logical_Switch", "where": where(SWITCH)}]


def test_verifying_is_a_wait_that_does_not_wait(replica: Replica) -> None:
    proposal = Proposal(replica)
    proposal.verify(LogicalSwitch, SWITCH, "name", "ports")
    proposal.verify(LogicalSwitch, SWITCH, "external_ids")
    proposal.verify(LogicalSwitch, NEW, "name")
    assert not proposal
    expected = {"name": "red", "ports": ["uuid", PORT], "external_ids": ["map", [["a", "b"]]]}
    assert proposal.operations() == [
        {"op": "wait", "table": "Logical_Switch", "timeout": 0, "where": where(SWITCH), "until": "==",
         "columns": ["name", "ports", "external_ids"], "rows": [expected]},
        {"op": "wait", "table": "Logical_Switch", "timeout": 0, "where": where(NEW), "until": "==",
         "columns": ["_uuid"], "rows": []},
    ]  # fmt: skip


def test_a_lock_is_asserted_first_and_what_is_said_beside_rows_comes_last(replica: Replica) -> None:
    proposal = Proposal(replica)
    proposal.comment("why")
    proposal.durable()
    proposal.mutate(LogicalSwitch, SWITCH, "external_ids", "delete", frozenset({"a"}))
    proposal.delete(LogicalSwitch, NEW)
    proposal.verify(LogicalSwitch, SWITCH, "name")
    proposal.assert_lock("mine")
    assert [operation["op"] for operation in proposal.operations()] == [
        "assert", "wait", "delete", "comment", "commit", "mutate",
    ]  # fmt: skip


def test_a_flow_that_a_rule_made_is_written_as_text_under_the_uuid_it_derives() -> None:
    replica = Replica(SOUTHBOUND)
    flow = LogicalFlow(logical_datapath=SWITCH, pipeline="ingress", table_id=3, priority=100, match=1, actions=2.5)
    proposal = Proposal(replica)
    proposal.insert(flow)
    (operation,) = proposal.operations()
    assert operation["uuid"] == flow_uuid(flow)
    assert operation["row"] == {
        "logical_datapath": ["uuid", SWITCH], "pipeline": "ingress", "table_id": 3, "priority": 100,
        "match": "1", "actions": "2.5",
    }  # fmt: skip
    replica.load(3, {"Logical_Flow": {operation["uuid"]: {"initial": operation["row"]}}})
    again = Proposal(replica)
    again.put(flow)
    assert not again  # 1 is what the server has as "1"


def test_a_table_or_column_that_the_server_lacks_is_not_written() -> None:
    replica = Replica(SOUTHBOUND)
    schema = SOUTHBOUND.to_json()
    del schema["tables"]["Port_Binding"]["columns"]["requested_chassis"]
    assert "requested_chassis" not in replica.monitor_requests(schema)["Port_Binding"][0]["columns"]
    proposal = Proposal(replica)
    proposal.insert(PortBinding(uuid=NEW, logical_port="p", datapath=SWITCH, tunnel_key=1, requested_chassis=OTHER))
    (operation,) = proposal.operations()
    assert "requested_chassis" not in operation["row"]
    del schema["tables"]["Logical_Flow"]
    assert "Logical_Flow" not in replica.monitor_requests(schema)
    assert not replica.serves(LogicalFlow)


TIMED_OUT = {"error": "timed out", "details": '"where" clause test failed'}
NOT_OWNER = {"error": "not owner", "details": "Asserted lock mine not held."}
VIOLATION = {"error": "constraint violation", "details": "..."}


@pytest.mark.parametrize(
    ("result", "error", "verdict", "because"),
    [
        ([{}, {"count": 1}], None, Verdict.COMMITTED, None),
        ([], None, Verdict.COMMITTED, None),
        ([TIMED_OUT, None, None], None, Verdict.TRY_AGAIN, TIMED_OUT),
        ([NOT_OWNER, None], None, Verdict.NOT_LOCKED, NOT_OWNER),
        ([{}, VIOLATION], None, Verdict.REFUSED, VIOLATION),
        ([{"uuid": ["uuid", NEW]}, VIOLATION, TIMED_OUT], None, Verdict.REFUSED, VIOLATION),
        (None, {"error": "unknown database"}, Verdict.REFUSED, {"error": "unknown database"}),
        (None, "canceled", Verdict.LOST, "canceled"),
        ({"error": "syntax error"}, None, Verdict.REFUSED, {"error": "syntax error"}),
    ],
)
def test_what_an_answer_means(result: Json, error: Json, verdict: Verdict, because: Json) -> None:
    outcome = judge(result, error)
    assert outcome.verdict is verdict
    assert outcome.error == because
    assert outcome.committed is (verdict is Verdict.COMMITTED)
