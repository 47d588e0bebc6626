"""The northbound schema is OVN's, column by column; rows are what rules need them to be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from brume.northbound.schema import NORTHBOUND, LogicalSwitch, LogicalSwitchPort, switch_port_by_name
from brume.ovsdb.schema import declaration
from brume.tables.database import Database, Transaction
from brume.tables.map import Map

DISTRIBUTION = Path("/usr/share/ovn/ovn-nb.ovsschema")


@pytest.mark.skipif(not DISTRIBUTION.exists(), reason="ovn-common is not installed: no ovn-nb.ovsschema to compare")
def test_the_schema_is_the_distributions() -> None:
    from brume.ovsdb.schema_reader import read_schema

    theirs = read_schema(json.loads(DISTRIBUTION.read_text()))
    assert NORTHBOUND.to_json() == theirs.to_json()


def test_every_table_is_explained() -> None:
    for row_type in NORTHBOUND.tables.values():
        assert (row_type.__doc__ or "").strip().endswith("."), declaration(row_type).name


def test_a_port_is_found_by_name_and_by_its_switch() -> None:
    database = Database("northbound")
    transaction = Transaction()
    transaction.put(LogicalSwitch(uuid="s", name="net"))
    transaction.put(LogicalSwitchPort(uuid="p", name="vm1", options=Map({"mcast_flood": "true"})))
    transaction.add(LogicalSwitch.ports, "s", "p")
    database.apply(transaction)
    (port,) = database.find(switch_port_by_name, "vm1")
    assert port.options.get("mcast_flood") == "true"
    assert database.owners(LogicalSwitch.ports, port.uuid) == ("s",)
    assert hash(port) == hash(LogicalSwitchPort(uuid="p", name="vm1", options=Map({"mcast_flood": "true"})))
