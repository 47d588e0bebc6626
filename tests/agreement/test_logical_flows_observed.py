"""What chassis say changes logical flows, and ours change as ovn-northd's do: virtual ports, multicast groups."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from brume.southbound.compiler import Compiler
from brume.southbound.from_northbound.bindings.multicast_groups import FLOOD_L2_GROUP
from brume.southbound.schema import DatapathBinding, IGMPGroup, chassis_by_name, port_binding_by_logical_port
from brume.tables.database import Database, Transaction
from tests.agreement.ovn_lab import OvnLab, Picture, commit, difference, short_directory, why_not
from tests.agreement.test_logical_flows import comparable
from tests.southbound.builder import chassis, uuid
from tests.southbound.topologies import snooping, virtual_ports

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


JOINED = (
    ("239.1.1.1", "plain", "compute1", ("plain-vm0",)),
    ("239.1.1.1", "plain", "compute2", ("plain-vm1",)),
    ("239.1.1.1", "relayed", "compute1", ("relayed-vm0", "lsp-relaying-relayed")),
    ("224.0.0.251", "plain", "compute1", ("plain-vm0",)),
    ("ff0e::77", "relayed", "compute1", ("relayed-vm1",)),
    ("ff02::77", "relayed", "compute1", ("relayed-vm1",)),
    ("ff02::1", "static", "compute1", ("static-vm0",)),
    ("239.2.2.2", "static", "compute2", ("static-vm0", "static-all")),
    ("239.2.2.3", "static", "compute2", ("static-all",)),
    ("mrouters", "static", "compute2", ("static-vm1",)),
    ("mrouters", "plain", "compute2", ()),
    ("nonsense", "plain", "compute2", ("plain-vm0",)),
)
"""What chassis learned: a group (or behind whom multicast routers are), the switch, the chassis, the ports."""


def test_who_joined_gets_it(lab: OvnLab) -> None:
    """One after the other they join; then they leave in the same order. Numbers of groups are each compiler's own."""
    northbound, ours = snooping(), chassis("compute1", "compute2")
    compiler = Compiler(northbound, ours)
    compiler.start()
    ours.subscribe(compiler.observe)
    lab.compile(northbound, chassis("compute1", "compute2"))
    for joined in JOINED:
        transaction = Transaction()
        for row, ports in igmp_rows(ours, joined):
            transaction.put(row)
            for port in ports:
                transaction.add(IGMPGroup.ports, row.uuid, port)
        ours.apply(transaction)
        commit(lab.southbound, [join(lab.read(), joined)])
        lab.sync()
        assert difference(unnumbered(ours), unnumbered(lab.read())) == "", joined
    for joined in JOINED:
        transaction = Transaction()
        for row, ports in igmp_rows(ours, joined):
            transaction.delete(IGMPGroup, row.uuid)
            for port in ports:
                transaction.remove(IGMPGroup.ports, row.uuid, port)
        ours.apply(transaction)
        ((theirs, _),) = igmp_rows(lab.read(), joined)
        where = [["address", "==", joined[0]], ["datapath", "==", ["uuid", theirs.datapath]],
                 ["chassis", "==", ["uuid", theirs.chassis]]]  # fmt: skip
        commit(lab.southbound, [{"op": "delete", "table": "IGMP_Group", "where": where}])
        lab.sync()
        assert difference(unnumbered(ours), unnumbered(lab.read())) == "", joined


Joining = tuple[str, str, str, tuple[str, ...]]


def igmp_rows(southbound: Database, joined: Joining) -> list[tuple[IGMPGroup, list[str]]]:
    """The row that a chassis writes, in one of the databases, and its ports."""
    address, switch, place, names = joined
    (datapath,) = [row.uuid for row in southbound.rows(DatapathBinding) if row.external_ids["name"] == switch]
    (here,) = southbound.find(chassis_by_name, place)
    ports = [row.uuid for name in names for row in southbound.find(port_binding_by_logical_port, name)]
    key = uuid("igmp", address, switch, place)
    return [(IGMPGroup(uuid=key, address=address, datapath=datapath, chassis=here.uuid), ports)]


def join(theirs: Database, joined: Joining) -> dict[str, object]:
    ((row, ports),) = igmp_rows(theirs, joined)
    told = {
        "address": row.address,
        "datapath": ["uuid", row.datapath],
        "chassis": ["uuid", row.chassis],
        "ports": ["set", [["uuid", port] for port in ports]],
    }
    return {"op": "insert", "table": "IGMP_Group", "row": told}


def unnumbered(southbound: Database) -> Picture:
    """The picture, without the numbers of groups that hosts joined."""
    seen = comparable(southbound)
    fixed = FLOOD_L2_GROUP.tunnel_key
    groups = {name: told | {"tunnel_key": min(told["tunnel_key"], fixed + 1)} for name, told in seen.groups.items()}
    return seen._replace(groups=groups)
