"""What transactions cost, counted in function calls: nothing here may grow with what a transaction does not touch."""

from __future__ import annotations

from typing import Any

import pytest

from brume.northbound.schema import LogicalSwitchPort
from brume.values import derive_uuid
from tests.ovsdb.test_northbound_store import Client, calls, insert

MOST_FOR_A_COLUMN = 220
MOST_FOR_A_PORT = 450


def set_options(port: str, number: int) -> Any:
    where = [["_uuid", "==", ["uuid", port]]]
    return {
        "op": "update",
        "table": "Logical_Switch_Port",
        "where": where,
        "row": {"options": ["map", [["mtu", str(number)]]]},
    }


def ports_of(client: Client) -> list[str]:
    return [port.uuid for port in client.database.rows(LogicalSwitchPort)]


def test_one_column_of_one_port_is_little_work() -> None:
    client = Client()
    client.add_switch("net", 100)
    port = ports_of(client)[0]
    client.send(set_options(port, 1))
    assert calls(lambda: client.send(set_options(port, 2))) < MOST_FOR_A_COLUMN


def test_one_more_port_is_little_work() -> None:
    client = Client()
    switch = client.add_switch("net", 100)
    client.add_port(switch, "first")
    assert calls(lambda: client.add_port(switch, "second")) < MOST_FOR_A_PORT


def costs(*, count: int) -> tuple[int, int]:
    """Inserting so many ports in one transaction, and changing each of them in another."""
    client = Client()
    inserted = calls(lambda: client.add_switch("net", count))
    changes = [set_options(port, 2) for port in ports_of(client)]
    return inserted, calls(lambda: client.send(*changes))


@pytest.mark.parametrize("which", [0, 1], ids=["insert", "update"])
def test_a_transaction_of_many_operations_costs_what_they_cost_alone(which: int) -> None:
    small, large = costs(count=50)[which], costs(count=500)[which]
    assert large < 11 * small


def test_what_an_insert_does_not_give_costs_nothing() -> None:
    client = Client()
    client.add_switch("net", 1)
    bare = calls(lambda: client.send(insert("Port_Group", name="one")))
    given = calls(lambda: client.send(insert("Port_Group", name="two", external_ids=["map", [["a", "b"]]])))
    assert given - bare < 20


def test_versions_that_nobody_asks_for_are_not_made() -> None:
    client = Client()
    client.add_switch("net", 10)
    uuid = ports_of(client)[0]
    client.send({"op": "select", "table": "Logical_Switch_Port", "where": [], "columns": ["name"]})
    assert client.store.version(uuid) == derive_uuid("_version", uuid, 1)
