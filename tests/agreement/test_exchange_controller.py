"""The real ovn-controller with Open vSwitch on our southbound, in the place of our chassis.

The dialogues are those of `test_openflow_packets`: every frame that leaves by any card is the same, octet for octet.
And what the chassis writes arrives: that it is there, which ports it has, how far it has come.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from brume.northbound.schema import LogicalSwitchPort, NBGlobal
from brume.service.network import LogicalNetwork
from brume.simulator.clock import Scheduler
from brume.southbound.schema import Chassis, ChassisPrivate, Encap, PortBinding
from brume.tables.database import Database
from tests.agreement.controller_lab import RealChassis, why_not
from tests.agreement.our_server import OurServer
from tests.agreement.ovn_lab import short_directory
from tests.agreement.ovsdb_server import run
from tests.agreement.test_exchange_northd import everything
from tests.agreement.test_openflow_packets import (  # noqa: F401 - the same dialogues, with another southbound
    CHASSIS,
    MACS,
    Both,
    Theirs,
    network,
    test_a_connection_and_its_answer,
    test_arp,
    test_arp_with_a_false_sender,
    test_broadcast_and_multicast_reach_the_network,
    test_dhcp,
    test_dhcp_by_broadcast,
    test_dhcpv6,
    test_false_source_addresses_go_nowhere,
    test_neighbor_solicitation,
    test_ping,
    test_ping6,
    test_router_solicitation,
    test_tcp,
    test_udp,
)

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")


class OurDatabases:
    """NB, SB and our compiler between them, served; a real chassis on SB."""

    def __init__(self, directory: Path, northbound: Database) -> None:
        self.directory = directory
        self.network = LogicalNetwork(Scheduler(1000.0), "physnet1")
        self.server = OurServer(directory, self.network.northbound_store, self.network.southbound_store)
        self._northbound = northbound
        self.chassis: RealChassis

    def start(self) -> None:
        self.network.northbound.apply(everything(self._northbound))
        self.server.call(lambda: self.network.start([]))
        socket = Path(self.server.unix.removeprefix("unix:"))
        self.chassis = RealChassis(self.directory / CHASSIS, CHASSIS, 1, socket, "physnet1:br-ex")

    def nbctl(self, *arguments: str) -> str:
        return run("ovn-nbctl", "--timeout=30", f"--db={self.server.unix}", *arguments, directory=self.directory)

    def sync(self) -> None:
        """Wait until the chassis has installed what our NB says."""
        self.nbctl("--wait=hv", "sync")


@contextmanager
def our_databases(northbound: Database) -> Iterator[OurDatabases]:
    with short_directory() as directory:
        databases = OurDatabases(Path(directory), northbound)
        with databases.server:
            databases.start()
            try:
                yield databases
            finally:
                databases.chassis.stop()


@pytest.fixture(scope="module")
def databases() -> Iterator[OurDatabases]:
    with our_databases(network()) as databases:
        yield databases


@pytest.fixture(scope="module")
def both(databases: OurDatabases) -> Both:
    return Both(Theirs(databases.directory, databases.chassis, databases.sync))


def test_what_the_chassis_writes_arrives(databases: OurDatabases, both: Both) -> None:
    databases.sync()
    southbound = databases.network.southbound
    (chassis,) = southbound.rows(Chassis)
    assert chassis.name == CHASSIS
    assert [(row.type, row.ip) for row in southbound.rows(Encap)] == [("geneve", "192.0.2.1")]
    bound = {row.logical_port for row in southbound.rows(PortBinding) if row.chassis == chassis.uuid and row.up}
    assert bound == set(MACS)
    (private,) = southbound.rows(ChassisPrivate)
    (settings,) = databases.network.northbound.rows(NBGlobal)
    assert private.nb_cfg == settings.nb_cfg == settings.sb_cfg == settings.hv_cfg > 0
    up = {row.name for row in databases.network.northbound.rows(LogicalSwitchPort) if row.up}
    assert set(MACS) <= up


def test_a_change_by_hand_reaches_the_real_switch(databases: OurDatabases, both: Both) -> None:
    """ovn-nbctl waits for the chassis; then its flows are there, and gone after the change is undone."""
    before = {flow.identity for flow in databases.chassis.flows()}
    databases.nbctl("--wait=hv", "acl-add", "net", "from-lport", "3000", "tcp.dst == 4242", "drop")
    there = {flow.identity for flow in databases.chassis.flows()}
    assert there > before
    databases.nbctl("--wait=hv", "acl-del", "net", "from-lport", "3000", "tcp.dst == 4242")
    assert {flow.identity for flow in databases.chassis.flows()} == before
