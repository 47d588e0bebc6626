"""The real ovn-northd between our NB and our SB, in the place of our compiler; real ovn-nbctl and ovn-sbctl on both.

Machines on our chassis get, reach and are refused the same as with our compiler; waiting for NB and for the chassis
means what it means with real databases.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from subprocess import Popen

import pytest
from msgspec.structs import replace

from brume.northbound.schema import NORTHBOUND, LogicalSwitchPort, NBGlobal
from brume.ovsdb.store import Store
from brume.packets.arp import Arp
from brume.packets.build import stack
from brume.packets.describe import describe
from brume.packets.ethernet import Ethernet
from brume.service.remote import RemoteDatabase
from brume.service.ticker import Ticker
from brume.simulator.host import Host
from brume.southbound.compiler import Compiler
from brume.southbound.schema import SOUTHBOUND, LogicalDPGroup, LogicalFlow, port_binding_by_logical_port
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from brume.values import InterfaceAddress, Ipv4Address, MacAddress, parse_address
from tests.agreement.machines import PLACES, TOLD, Machines, small_network, story
from tests.agreement.our_server import OurServer
from tests.agreement.ovn_lab import difference, short_directory, start_northd, why_not
from tests.agreement.ovsdb_server import end, run
from tests.agreement.random_northbound import CHASSIS, Draw
from tests.agreement.test_exchange_northd_southbound import chassis_rows
from tests.agreement.test_logical_flows import comparable
from tests.southbound.builder import Builder, chassis

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")


class Between:
    """Our two databases in one server, and ovn-northd between them."""

    def __init__(self, directory: Path, server: OurServer, northbound: Database, southbound: Database) -> None:
        self.directory = directory
        self.server = server
        self.northbound, self.southbound = northbound, southbound
        self._northd = self._start()

    def _start(self) -> Popen[bytes]:
        return start_northd(self.directory, self.server.unix, self.server.tcp)

    def nbctl(self, *arguments: str) -> str:
        return run("ovn-nbctl", "--timeout=30", f"--db={self.server.unix}", *arguments, directory=self.directory)

    def sbctl(self, *arguments: str) -> str:
        return run("ovn-sbctl", "--timeout=30", f"--db={self.server.tcp}", *arguments, directory=self.directory)

    def restart(self) -> None:
        """End ovn-northd and start another one."""
        self.stop()
        self._northd = self._start()

    def stop(self) -> None:
        end(self._northd)

    def fill(self, northbound: Database) -> None:
        """Write a northbound into ours; the row of settings is there already."""
        transaction = Transaction()
        (settings,) = self.northbound.rows(NBGlobal)
        for change in northbound.snapshot().rows:
            assert change.new is not None
            if isinstance(change.new, NBGlobal):
                transaction.put(replace(settings, options=change.new.options))
            else:
                transaction.put(change.new)
        for member, _ in northbound.snapshot().members:
            transaction.add(*member)
        self.server.call(lambda: self.northbound.apply(transaction))

    def machines(self) -> Machines:
        """Machines on our chassis, in the thread of the databases; ovn-northd knows the chassis when this returns."""
        machines = self.server.call(lambda: Machines(self.southbound))
        self.server.call(machines.register)
        self.nbctl("--wait=sb", "sync")
        self.server.call(machines.start)
        return machines


@pytest.fixture
def between() -> Iterator[Between]:
    northbound, southbound = Database(NORTHBOUND.name), Database(SOUTHBOUND.name)
    with (
        short_directory() as directory,
        OurServer(Path(directory), Store(northbound, NORTHBOUND), Store(southbound, SOUTHBOUND)) as server,
    ):
        between = Between(Path(directory), server, northbound, southbound)
        yield between
        between.stop()


def test_the_same_machines_reach_the_same(between: Between) -> None:
    between.fill(small_network())
    machines = between.machines()
    assert between.server.call(lambda: story(machines)) == TOLD
    assert all(row.given_uuid for row in between.southbound.rows(LogicalFlow))
    assert between.southbound.rows(LogicalDPGroup)
    shown = between.sbctl("show")
    assert "Port_Binding a1" in shown
    assert "Port_Binding cr-lrp-router-public" in shown


def test_the_southbound_is_the_one_that_our_compiler_makes(between: Between) -> None:
    between.fill(small_network())
    between.server.call(lambda: between.southbound.apply(everything(chassis_rows())))
    between.nbctl("--wait=sb", "sync")
    ours = chassis_rows()
    Compiler(small_network(), ours).start()
    assert difference(comparable(between.southbound), comparable(ours)) == ""


def everything(database: Database) -> Transaction:
    transaction = Transaction()
    for change in database.snapshot().rows:
        assert change.new is not None
        transaction.put(change.new)
    for member, _ in database.snapshot().members:
        transaction.add(*member)
    return transaction


def test_what_is_changed_by_hand_is_seen_by_the_machines(between: Between) -> None:
    between.fill(small_network())
    machines = between.machines()
    reaches = machines.reaches
    assert between.server.call(lambda: reaches("a1", "10.0.1.11"))
    between.nbctl("--wait=sb", "acl-add", "b", "to-lport", "2000", "icmp4 && ip4.src == 10.0.0.11", "drop")
    assert not between.server.call(lambda: reaches("a1", "10.0.1.11"))
    assert between.server.call(lambda: reaches("a2", "10.0.1.11"))
    between.nbctl("--wait=sb", "acl-del", "b")
    assert between.server.call(lambda: reaches("a1", "10.0.1.11"))
    between.nbctl("--wait=sb", "lsp-set-enabled", "b1", "disabled")
    assert not between.server.call(lambda: reaches("a1", "10.0.1.11"))


def test_waiting_for_the_chassis_waits_for_ours(between: Between) -> None:
    """`--wait=hv` returns when our chassis have said that they installed everything; ports are up in our NB."""
    between.fill(small_network())
    machines = between.machines()
    ticker = between.server.call(lambda: Ticker(machines.scheduler))
    between.nbctl("--wait=hv", "sync")
    between.server.call(ticker.stop)
    (settings,) = between.northbound.rows(NBGlobal)
    assert settings.hv_cfg == settings.sb_cfg == settings.nb_cfg > 0
    up = {row.name for row in between.northbound.rows(LogicalSwitchPort) if row.up}
    assert up >= set(PLACES)
    assert between.nbctl("--bare", "--columns=name", "find", "logical_switch_port", "up=true", 'type=""').split()


def test_another_ovn_northd_finds_nothing_to_do(between: Between) -> None:
    between.fill(small_network())
    between.machines()
    between.nbctl("--wait=sb", "sync")
    told: list[ChangeSet] = []
    before = between.server.call(between.southbound.snapshot)
    between.server.call(lambda: between.southbound.subscribe(told.append))
    between.restart()
    between.nbctl("--wait=sb", "sync")
    after = between.server.call(between.southbound.snapshot)
    assert {change.row_type.__name__ for changes in told for change in changes.rows} <= {"SBGlobal", "ChassisPrivate"}
    assert {(one.row_type, one.key) for one in after.rows} == {(one.row_type, one.key) for one in before.rows}


def test_random_northbounds_one_after_the_other(between: Between) -> None:
    """Each is written over the last one by a client of ours on the wire; ovn-northd makes of it what our rules make."""
    between.server.call(lambda: between.southbound.apply(everything(chassis(*CHASSIS))))
    between.nbctl("--wait=sb", "sync")  # ovn-northd makes the row of settings if there is none
    for seed in range(12):
        wanted = Draw(seed).northbound()
        asyncio.run(overwrite(between, wanted))
        between.nbctl("--wait=sb", "sync")
        ours = chassis(*CHASSIS)
        Compiler(wanted, ours).start()
        theirs = between.server.call(lambda: comparable(between.southbound))
        assert difference(comparable(ours), theirs) == "", f"seed {seed}"


async def overwrite(between: Between, wanted: Database) -> None:
    """Make our NB what is wanted, through a working copy on its socket; the counters of ovn-nbctl stay."""
    remote = RemoteDatabase(between.server.unix, NORTHBOUND, Database(NORTHBOUND.name))
    await remote.open()
    here, transaction = remote.copy.database, Transaction()
    for kind in NORTHBOUND.tables.values():
        for row in here.rows(kind):
            if kind is not NBGlobal and wanted.get(kind, row.key()) is None:
                transaction.delete(kind, row.key())
        for row in wanted.rows(kind):
            old = next(iter(here.rows(NBGlobal)), None) if kind is NBGlobal else None
            transaction.put(row if old is None else replace(old, options=row.options))
    for relation in {member.relation for database in (here, wanted) for member, _ in database.snapshot().members}:
        for member in here.all_members(relation):
            transaction.remove(*member)
        for member in wanted.all_members(relation):
            transaction.add(*member)
    here.apply(transaction)
    await remote.copy.settled()
    assert remote.copy.refusals == []
    await remote.close()


def test_a_virtual_port_is_where_its_address_was_last_seen(between: Between) -> None:
    """As with keepalived: v1 says by ARP that it has the address, then v2; packets follow; who goes loses it."""
    build = Builder()
    build.switch("v")
    for number in (1, 2):
        build.port("v", f"v{number}", f"fa:16:3e:00:0a:0{number} 10.5.0.1{number}", secured=False)
    parents = Map({"virtual-ip": "10.5.0.50", "virtual-parents": "v1,v2"})
    build.port("v", "vip", "fa:16:3e:00:0a:50 10.5.0.50", type="virtual", options=parents, secured=False)
    small_network(build)
    build.interface("router", "v", "fa:16:3e:aa:00:05", "10.5.0.1/24")
    between.fill(build.apply())
    machines = between.machines()
    hosts = {}
    for name, place in (("v1", "compute1"), ("v2", "compute2")):
        mac = f"fa:16:3e:00:0a:0{name[1]}"
        hosts[name] = between.server.call(partial(has_both, machines, name, place, mac, f"10.5.0.1{name[1]}/24"))
    for name in ("v1", "v2"):
        between.server.call(partial(announce, machines, hosts[name]))
        between.nbctl("--wait=sb", "sync")
        (port,) = between.southbound.find(port_binding_by_logical_port, "vip")
        place = machines.chassis["compute1" if name == "v1" else "compute2"].here.uuid
        assert (port.virtual_parent, port.chassis, port.up) == (name, place, True)
        seen: list[str] = []
        between.server.call(partial(hear, hosts[name], seen))
        assert between.server.call(lambda: machines.reaches("b1", "10.5.0.50"))
        assert any("10.5.0.50" in line and "ICMP echo" in line for line in seen), f"{name} was not asked: {seen}"
    between.server.call(lambda: (machines.chassis["compute2"].unplug("v2"), machines.settle(1)))
    (port,) = between.southbound.find(port_binding_by_logical_port, "vip")
    assert (port.virtual_parent, port.chassis) == (None, None)


def has_both(machines: Machines, name: str, place: str, mac: str, own: str) -> Host:
    """A machine with an address of its own and the shared one; it has said nothing yet."""
    host = Host(name, MacAddress.parse(mac), machines.scheduler, lambda frame: None)
    host.send = machines.chassis[place].plug(name, host.receive)
    host.add_address(InterfaceAddress.parse(own), parse_address("10.5.0.1"))
    host.add_address(InterfaceAddress.parse("10.5.0.50/32"))
    machines.hosts[name] = host
    machines.settle(1)
    return host


def announce(machines: Machines, host: Host) -> None:
    """Gratuitous ARP: I have it."""
    shared = Ipv4Address.parse("10.5.0.50")
    said = Arp(sender_mac=host.mac, sender_ip=shared, target_ip=shared)
    host.send(stack(Ethernet(MacAddress.BROADCAST, host.mac), said))
    machines.settle(1)


def hear(host: Host, seen: list[str]) -> None:
    """Note what the machine sends from now on."""
    send = host.send

    def noted(frame: bytes) -> object:
        seen.append(describe(frame))
        return send(frame)

    host.send = noted
