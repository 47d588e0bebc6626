"""What chassis say changes logical flows, and ours change as ovn-northd's do: a virtual port that comes to a parent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from brume.southbound.compiler import Compiler
from brume.southbound.schema import port_binding_by_logical_port
from brume.tables.database import Database, Transaction
from tests.agreement.ovn_lab import OvnLab, commit, difference, short_directory, why_not
from tests.agreement.test_logical_flows import comparable
from tests.southbound.builder import chassis, uuid
from tests.southbound.topologies import virtual_ports

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")
PLACES = (
    ("vip4", "private-vm11"),
    ("vip6", "private-vm12"),
    ("vip4", "private-vm12"),
    ("vip4", "other-vm11"),
    ("vip6", "vip4"),
    ("vip4", "nobody"),
    ("vip6", None),
)
"""A virtual port and where it is seen, one after the other; also at ports that may not have it."""


@pytest.fixture
def lab() -> Iterator[OvnLab]:
    with short_directory() as directory:
        lab = OvnLab(Path(directory))
        yield lab
        lab.stop()


def test_virtual_ports_move(lab: OvnLab) -> None:
    northbound, ours = virtual_ports(), chassis("compute1", "compute2")
    compiler = Compiler(northbound, ours)
    compiler.start()
    ours.subscribe(compiler.observe)
    lab.compile(northbound, chassis("compute1", "compute2"))
    for port, parent in PLACES:
        see(ours, port, parent)
        told = {"chassis": ["uuid", uuid_of_chassis(lab)], "virtual_parent": parent} if parent else {"chassis": EMPTY}
        where = [["logical_port", "==", port]]
        commit(lab.southbound, [{"op": "update", "table": "Port_Binding", "where": where, "row": told}])
        lab.sync()
        assert difference(comparable(ours), comparable(lab.read())) == "", (port, parent)


EMPTY = ["set", []]


def uuid_of_chassis(lab: OvnLab) -> str:
    (found,) = lab.southbound.transact({"op": "select", "table": "Chassis", "where": [["name", "==", "compute1"]]})
    return str(found["rows"][0]["_uuid"][1])


def see(southbound: Database, port: str, parent: str | None) -> None:
    """What the chassis that has the parent writes; without a parent, it only gives the port up."""
    (row,) = southbound.find(port_binding_by_logical_port, port)
    here = uuid("chassis", "compute1") if parent else None
    transaction = Transaction()
    transaction.put(replace(row, chassis=here, virtual_parent=parent or row.virtual_parent))
    southbound.apply(transaction)


def test_a_restart_finds_them_where_they_were() -> None:
    northbound, southbound = virtual_ports(), chassis("compute1")
    compiler = Compiler(northbound, southbound)
    compiler.start()
    southbound.subscribe(compiler.observe)
    see(southbound, "vip4", "private-vm11")
    before = southbound.snapshot()
    again = Compiler(northbound, southbound)
    again.start()
    assert southbound.snapshot() == before
