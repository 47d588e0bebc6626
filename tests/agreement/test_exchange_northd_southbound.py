"""Our chassis on a southbound that the real ovn-northd wrote; and our compiler taking that southbound over.

Machines get their addresses, reach each other and the outside, and are refused where they are to be refused: word for
word as on a southbound of our own, by the same OpenFlow flows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from brume.derive.rules import Problem
from brume.openflow.chassis.registration import identity, registration
from brume.southbound.compiler import Compiler
from brume.southbound.schema import LogicalDPGroup, LogicalFlow, MACBinding, PortBinding
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from brume.values import Ipv4Address
from tests.agreement.machines import ADDRESSES, TOLD, Machines, small_network, story
from tests.agreement.ovn_lab import OvnLab, difference, short_directory, why_not
from tests.agreement.test_logical_flows import comparable
from tests.openflow.test_recorded import written_out
from tests.southbound.builder import chassis
from tests.southbound.topologies import TOPOLOGIES

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")
ZONE = re.compile(r"set_field:0x[0-9a-f]+->reg1[123],")


def chassis_rows() -> Database:
    """The chassis, registered as they register themselves: ovn-northd refers to them in its groups of gateways."""
    database = Database("chassis")
    for name, address in ADDRESSES.items():
        mappings = Map({"physnet1": "br-ex"})
        database.apply(registration(identity(name), Ipv4Address.parse(address), mappings))
    return database


@pytest.fixture(scope="module")
def lab() -> Iterator[OvnLab]:
    with short_directory() as directory:
        lab = OvnLab(Path(directory))
        yield lab
        lab.stop()


@pytest.fixture(scope="module")
def dump(lab: OvnLab) -> Database:
    """What the real ovn-northd makes of the small network."""
    return lab.compile(small_network(), chassis_rows())


def copy(database: Database) -> Database:
    southbound = Database(database.name)
    southbound.apply(transaction_of(database))
    return southbound


def transaction_of(database: Database) -> Transaction:
    transaction = Transaction()
    for change in database.snapshot().rows:
        assert change.new is not None
        transaction.put(change.new)
    for member, _ in database.snapshot().members:
        transaction.add(*member)
    return transaction


def flows(machines: Machines, name: str) -> set[str]:
    """The flows of br-int with conjunctions written out, without cookies and zones' numbers: they come of uuids."""
    lines = written_out([replace(flow, cookie=0) for flow in machines.chassis[name].flows()])
    return {ZONE.sub("", line) for line in lines}


def test_machines_on_a_southbound_of_ovn_northd(dump: Database) -> None:
    southbound = copy(dump)
    assert southbound.rows(LogicalDPGroup), "this ovn-northd shares no flows between datapaths"
    machines = Machines(southbound)
    machines.start()
    assert story(machines) == TOLD
    assert machines.shared.flows.rows(Problem) == []


def test_machines_on_a_southbound_of_ours() -> None:
    northbound, southbound = small_network(), Database("southbound")
    compiler = Compiler(northbound, southbound)
    compiler.start()
    southbound.subscribe(compiler.observe)
    machines = Machines(southbound)
    machines.start()
    assert story(machines) == TOLD


def test_the_same_flows_and_the_same_claims_after_our_compiler_has_taken_over(dump: Database) -> None:
    southbound = copy(dump)
    machines = Machines(southbound)
    machines.start()
    before = {name: flows(machines, name) for name in machines.chassis}
    claims, keys = machines.claims(), tunnel_keys(southbound)
    learned = {row.ip for row in southbound.rows(MACBinding)}
    assert all(row.given_uuid for row in southbound.rows(LogicalFlow))

    compiler = Compiler(small_network(), southbound)
    compiler.start()
    machines.settle(1)

    assert not any(row.given_uuid for row in southbound.rows(LogicalFlow))
    assert machines.claims() == claims
    assert tunnel_keys(southbound) == keys
    assert {row.ip for row in southbound.rows(MACBinding)} == learned
    assert difference(comparable(southbound), comparable(dump)) == ""
    for name in machines.chassis:
        now = flows(machines, name)
        assert (sorted(now - before[name]), sorted(before[name] - now)) == ([], []), name
    assert story(machines) == TOLD


@pytest.mark.parametrize("topology", TOPOLOGIES, ids=lambda topology: topology.__name__)
def test_any_southbound_is_taken_over(lab: OvnLab, topology: Callable[[], Database]) -> None:
    northbound = topology()
    southbound = lab.compile(northbound, chassis("compute1", "compute2"))
    before, keys = comparable(southbound), tunnel_keys(southbound)
    Compiler(northbound, southbound).start()
    assert difference(comparable(southbound), before) == ""
    assert tunnel_keys(southbound) == keys


def tunnel_keys(southbound: Database) -> dict[str, int]:
    return {row.logical_port: row.tunnel_key for row in southbound.rows(PortBinding)}
