"""A client writes the northbound through OVSDB: stories on OVN's own schema."""

from __future__ import annotations

import gc
import sys
from itertools import count
from typing import Any

import pytest

from brume.northbound.schema import ACL, NORTHBOUND, LogicalSwitch, LogicalSwitchPort, PortGroup
from brume.ovsdb.store import Store
from brume.ovsdb.transact import Outcome, transact
from brume.southbound.schema import SOUTHBOUND, DatapathBinding, LogicalFlow
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from brume.values import derive_uuid

Json = Any


class Client:
    """Somebody who sends transactions to a northbound database."""

    def __init__(self) -> None:
        self.store = Store(Database("northbound"), NORTHBOUND)
        self.database = self.store.database
        self._numbers = count()

    def send(self, *operations: Json) -> Outcome:
        return transact(
            self.store, ["OVN_Northbound", *operations], new_uuid=lambda: derive_uuid("new", next(self._numbers))
        )

    def add_switch(self, name: str, ports: int) -> str:
        """A switch with ports p0, p1, ... all in one port group; its uuid."""
        names = [f"p{number}" for number in range(ports)]
        made = {"op": "insert", "table": "Logical_Switch_Port"}
        members = ["set", [["named-uuid", port] for port in names]]
        outcome = self.send(
            insert("Logical_Switch", name=name, ports=members),
            insert("Port_Group", name="group", ports=members),
            *({**made, "uuid-name": port, "row": {"name": port}} for port in names),
        )
        return str(outcome.results[0]["uuid"][1])

    def add_port(self, switch: str, name: str) -> Outcome:
        """As neutron and ovn-nbctl add a port: insert it, and mutate the switch."""
        return self.send(
            {"op": "insert", "table": "Logical_Switch_Port", "uuid-name": "new", "row": {"name": name}},
            mutate("Logical_Switch", switch, "ports", "insert", ["named-uuid", "new"]),
        )


def insert(table: str, **row: Json) -> Json:
    return {"op": "insert", "table": table, "row": row}


def mutate(table: str, uuid: str, column: str, mutator: str, value: Json) -> Json:
    where = [["_uuid", "==", ["uuid", uuid]]]
    return {"op": "mutate", "table": table, "where": where, "mutations": [[column, mutator, value]]}


def calls(function: Any) -> int:
    """How many functions (of Python and C) are called."""
    number = 0

    def note(_: Any, event: str, __: Any) -> None:
        nonlocal number
        number += event in ("call", "c_call")

    gc.disable()  # who listens to the collector would be counted too
    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
        gc.enable()
    return number


def test_a_port_of_a_switch_is_there() -> None:
    client = Client()
    switch = client.add_switch("net", 2)
    outcome = client.add_port(switch, "vm1")
    (port,) = [change.new for change in outcome.changes.rows if change.row_type is LogicalSwitchPort]
    assert isinstance(port, LogicalSwitchPort)
    assert port.name == "vm1"
    assert port.uuid in client.database.members(LogicalSwitch.ports, switch)
    assert [member.added for member in outcome.changes.members] == [True]


def test_a_port_without_a_switch_does_not_stay() -> None:
    client = Client()
    outcome = client.send(insert("Logical_Switch_Port", name="stray"))
    assert "uuid" in outcome.results[0]
    assert not outcome.changes


def test_a_deleted_switch_takes_its_ports_along_and_out_of_groups() -> None:
    client = Client()
    switch = client.add_switch("net", 3)
    client.send({"op": "delete", "table": "Logical_Switch", "where": [["_uuid", "==", ["uuid", switch]]]})
    assert client.database.rows(LogicalSwitchPort) == []
    (group,) = client.database.rows(PortGroup)
    assert client.database.members(PortGroup.ports, group.uuid) == ()


def test_a_port_taken_from_its_switch_goes_as_neutron_means_it_to() -> None:
    client = Client()
    switch = client.add_switch("net", 3)
    port = client.database.members(LogicalSwitch.ports, switch)[0]
    client.send(mutate("Logical_Switch", switch, "ports", "delete", ["uuid", port]))
    assert client.database.get(LogicalSwitchPort, port) is None
    assert len(client.database.members(LogicalSwitch.ports, switch)) == 2


def test_two_ports_of_one_name_are_refused() -> None:
    client = Client()
    switch = client.add_switch("net", 2)
    outcome = client.add_port(switch, "p1")
    assert outcome.results[-1]["error"] == "constraint violation"
    assert 'identical values (p1) for index on column "name"' in outcome.results[-1]["details"]
    assert len(client.database.members(LogicalSwitch.ports, switch)) == 2


@pytest.mark.parametrize("change", ["add", "remove"])
def test_one_port_costs_the_same_on_a_small_switch_and_on_a_large_one(change: str) -> None:
    costs = []
    for ports in (10, 1000):
        client = Client()
        switch = client.add_switch("net", ports)
        client.add_port(switch, "first")  # builds the indexes
        victim = client.database.members(LogicalSwitch.ports, switch)[0]
        client.send(mutate("Logical_Switch", switch, "ports", "delete", ["uuid", victim]))
        victim = client.database.members(LogicalSwitch.ports, switch)[0]
        if change == "add":
            costs.append(calls(lambda: client.add_port(switch, "another")))  # noqa: B023
        else:
            gone = mutate("Logical_Switch", switch, "ports", "delete", ["uuid", victim])
            costs.append(calls(lambda: client.send(gone)))  # noqa: B023
    assert costs[0] == costs[1]


def test_rows_that_derivation_writes_are_seen_and_protected() -> None:
    client = Client()
    transaction = Transaction()
    transaction.put(PortGroup(uuid=derive_uuid("group"), name="pg"))
    transaction.put(
        ACL(uuid=derive_uuid("acl"), priority=1, direction="to-lport", match="ip", action="drop", options=Map(a="1"))
    )
    transaction.add(PortGroup.acls, derive_uuid("group"), derive_uuid("acl"))
    client.database.apply(transaction)
    outcome = client.send(
        {
            "op": "select",
            "table": "ACL",
            "where": [["options", "includes", ["map", [["a", "1"]]]]],
            "columns": ["match"],
        },
        {"op": "delete", "table": "ACL", "where": []},
    )
    assert outcome.results[0] == {"rows": [{"match": "ip"}]}
    assert outcome.results[-1]["details"] == (
        f"cannot delete ACL row {derive_uuid('acl')} because of 1 remaining reference(s)"
    )


def test_a_version_changes_with_its_row_and_only_with_it() -> None:
    client = Client()
    switch = client.add_switch("net", 1)
    ask = {"op": "select", "table": "Logical_Switch", "where": [], "columns": ["_version"]}
    (before,) = client.send(ask).results[0]["rows"]
    client.send(insert("Port_Group", name="other"))
    assert client.send(ask).results[0]["rows"] == [before]
    client.add_port(switch, "vm1")
    assert client.send(ask).results[0]["rows"] != [before]


def test_a_wait_that_does_not_hold_yet_asks_to_be_tried_again() -> None:
    client = Client()
    wait = {
        "op": "wait",
        "table": "Port_Group",
        "where": [],
        "columns": ["name"],
        "until": "==",
        "rows": [{"name": "g"}],
    }
    assert client.send(wait | {"timeout": 500}) == Outcome(None, timeout=500)
    assert client.send(wait) == Outcome(None, timeout=None)
    client.send(insert("Port_Group", name="g"))
    assert client.send(wait).results == [{}]


def test_logical_flows_of_rules_and_of_other_programs_stand_side_by_side() -> None:
    """One that a rule made has a uuid derived of what it says; a client's has the uuid the client was told."""
    database = Database("southbound")
    store = Store(database, SOUTHBOUND)
    datapath = derive_uuid("datapath")
    flow = LogicalFlow(
        logical_datapath=datapath, pipeline="ingress", table_id=0, priority=1, match="ip4", actions="next;"
    )
    transaction = Transaction()
    transaction.put(DatapathBinding(uuid=datapath, tunnel_key=1))
    transaction.put(flow)
    database.apply(transaction)
    select = {"op": "select", "table": "Logical_Flow", "where": [["_uuid", "==", ["uuid", flow.uuid]]]}
    outcome = transact(store, ["OVN_Southbound", select | {"columns": ["match", "actions"]}], new_uuid=str)
    assert outcome.results == [{"rows": [{"match": "ip4", "actions": "next;"}]}]
    same = {"logical_datapath": ["uuid", datapath], "pipeline": "ingress", "table_id": 0, "priority": 1}
    given = "0ae0ba62-4343-4d65-8b8f-2b77a8b7a4a0"
    request = insert("Logical_Flow", **same, match="ip4", actions="next;") | {"uuid": given}
    outcome = transact(store, ["OVN_Southbound", request], new_uuid=str)
    assert outcome.results == [{"uuid": ["uuid", given]}]
    assert {row.uuid for row in database.rows(LogicalFlow)} == {flow.uuid, given}
    where = [["match", "==", "ip4"]]
    update = {"op": "update", "table": "Logical_Flow", "where": where, "row": {"actions": "drop;"}}
    assert transact(store, ["OVN_Southbound", update], new_uuid=str).results == [{"count": 2}]
    assert {(row.uuid, row.actions) for row in database.rows(LogicalFlow)} == {(flow.uuid, "drop;"), (given, "drop;")}
    delete = {"op": "delete", "table": "Logical_Flow", "where": [["_uuid", "==", ["uuid", given]]]}
    assert transact(store, ["OVN_Southbound", delete], new_uuid=str).results == [{"count": 1}]
    assert [row.uuid for row in database.rows(LogicalFlow)] == [flow.uuid]
