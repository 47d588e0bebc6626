"""Our compiler and chassis on real ovsdb-servers: what they write is what the real ovn-northd would have written.

The lock, the takeover in both directions, changes as they come, refusals, connections that break.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from brume.northbound.schema import NORTHBOUND, LogicalSwitch
from brume.service.network import COMPILER_LOCK
from brume.service.remote import RemoteDatabase
from brume.southbound.compiler import Compiler
from brume.southbound.schema import SOUTHBOUND, LogicalFlow, MACBinding, PortBinding
from brume.tables.database import Database
from tests.agreement.machines import TOLD, Machines, small_network, story
from tests.agreement.ovn_lab import (
    OVN,
    OvnLab,
    commit,
    difference,
    inserts,
    read_database,
    short_directory,
    start_northd,
    why_not,
)
from tests.agreement.ovsdb_cluster import OvsdbCluster
from tests.agreement.ovsdb_server import OvsdbServer, end, run
from tests.agreement.test_logical_flows import comparable
from tests.southbound.builder import chassis
from tests.southbound.topologies import TOPOLOGIES

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")


class Servers:
    """Two real ovsdb-servers, and ovn-nbctl and ovn-northd when they are wanted."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.northbound = OvsdbServer(directory, "ovnnb_db", OVN / "ovn-nb.ovsschema")
        self.southbound = OvsdbServer(directory, "ovnsb_db", OVN / "ovn-sb.ovsschema")

    def stop(self) -> None:
        self.northbound.stop()
        self.southbound.stop()

    def nbctl(self, *arguments: str) -> str:
        return run("ovn-nbctl", "--timeout=30", f"--db=unix:{self.northbound.socket}", *arguments,
                   directory=self.directory)  # fmt: skip

    def content(self) -> Database:
        """What the southbound server has."""
        return read_database(self.southbound, SOUTHBOUND)

    def run_northd(self) -> None:
        """Let the real ovn-northd take in everything, and end it."""
        remotes = (f"unix:{self.northbound.socket}", f"unix:{self.southbound.socket}")
        northd = start_northd(self.directory, *remotes)
        try:
            self.nbctl("--wait=sb", "sync")
        finally:
            end(northd)


@pytest.fixture
def servers() -> Iterator[Servers]:
    with short_directory() as directory:
        servers = Servers(Path(directory))
        yield servers
        servers.stop()


@pytest.fixture(scope="module")
def lab() -> Iterator[OvnLab]:
    with short_directory() as directory:
        lab = OvnLab(Path(directory))
        yield lab
        lab.stop()


class Ours:
    """Our compiler between two servers."""

    def __init__(self, servers: Servers, southbound: str = "") -> None:
        """`southbound` are the remotes of SB, if not those of `servers`."""
        remotes = southbound or f"unix:{servers.southbound.socket}"
        self.northbound, self.southbound = Database(NORTHBOUND.name), Database(SOUTHBOUND.name)
        self.compiler = Compiler(self.northbound, self.southbound)
        self.remotes = (
            RemoteDatabase(f"unix:{servers.northbound.socket}", NORTHBOUND, self.northbound),
            RemoteDatabase(remotes, SOUTHBOUND, self.southbound, lock=COMPILER_LOCK),
        )

    async def start(self) -> None:
        for remote in self.remotes:
            await remote.open()
        self.compiler.start()
        self.northbound.subscribe(self.compiler.update)
        self.southbound.subscribe(self.compiler.observe)
        await self.settled()

    async def settled(self) -> None:
        """Everything that was changed here is at the server."""
        for remote in self.remotes:
            await remote.copy.settled()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what comes from the servers."""
        changed = asyncio.Event()
        databases = (self.northbound, self.southbound)
        for database in databases:
            database.subscribe(lambda changes: changed.set())
        async with asyncio.timeout(10):
            while not holds():
                changed.clear()
                await changed.wait()
        await self.settled()

    async def close(self) -> None:
        for remote in self.remotes:
            await remote.close()


@asynccontextmanager
async def ours_on(servers: Servers) -> AsyncIterator[Ours]:
    ours = Ours(servers)
    await ours.start()
    try:
        yield ours
    finally:
        await ours.close()


def fill(servers: Servers, northbound: Database) -> None:
    """Put a northbound, and the chassis that its gateways name, into the servers."""
    commit(servers.northbound, inserts(northbound, NORTHBOUND, NORTHBOUND.tables))
    commit(servers.southbound, inserts(chassis("compute1", "compute2"), SOUTHBOUND, ("Encap", "Chassis")))


@pytest.mark.parametrize("topology", TOPOLOGIES, ids=lambda topology: topology.__name__)
def test_the_server_has_what_ovn_northd_would_have_written(
    servers: Servers, lab: OvnLab, topology: Callable[[], Database]
) -> None:
    async def compiled() -> Database:
        async with ours_on(servers) as ours:
            assert ours.remotes[1].copy.refusals == []
            return servers.content()

    fill(servers, topology())
    ours = asyncio.run(compiled())
    theirs = lab.compile(topology(), chassis("compute1", "compute2"))
    assert difference(comparable(ours), comparable(theirs)) == ""


def test_changes_arrive_as_they_are_made(servers: Servers, lab: OvnLab) -> None:
    """By the real ovn-nbctl: each step changes the southbound as ovn-northd would have changed it."""
    steps = (
        ("ls-add", "late", "--", "lsp-add", "late", "late1"),
        ("lsp-set-addresses", "late1", "0a:00:00:00:00:01 192.168.0.5"),
        ("acl-add", "late", "to-lport", "1000", "ip4.src == 192.168.0.9", "drop"),
        ("lrp-add", "router", "lrp-late", "0a:00:00:00:01:01", "192.168.0.1/24"),
        ("lsp-add", "late", "late-r", "--", "lsp-set-type", "late-r", "router", "--",
         "lsp-set-options", "late-r", "router-port=lrp-late", "--", "lsp-set-addresses", "late-r", "router"),
        ("lr-nat-add", "router", "snat", "203.0.113.10", "192.168.0.0/24"),
        ("acl-del", "late"),
        ("ls-del", "a"),
    )  # fmt: skip

    async def story_of_changes() -> None:
        async with ours_on(servers) as ours:
            for step in steps:
                servers.nbctl(*step)
                await ours.until(lambda: same_as(ours.northbound, servers))
                theirs = lab.compile(read_database(servers.northbound, NORTHBOUND), chassis("compute1", "compute2"))
                assert difference(comparable(servers.content()), comparable(theirs)) == "", step
            assert not [row for row in ours.northbound.rows(LogicalSwitch) if row.name == "a"]

    fill(servers, small_network())
    asyncio.run(story_of_changes())


def same_as(northbound: Database, servers: Servers) -> bool:
    """Whether everything that the northbound server has is here."""
    there = read_database(servers.northbound, NORTHBOUND)
    return all(
        {row.key(): row for row in there.rows(kind)} == {row.key(): row for row in northbound.rows(kind)}
        for kind in NORTHBOUND.tables.values()
    )


def test_chassis_claim_ports_and_learn_neighbours_through_the_server(servers: Servers) -> None:
    async def machines_run() -> Database:
        async with ours_on(servers) as ours:
            machines = Machines(ours.southbound)
            machines.start()
            assert story(machines) == TOLD
            await ours.settled()
            assert ours.remotes[1].copy.refusals == []
            return servers.content()

    commit(servers.northbound, inserts(small_network(), NORTHBOUND, NORTHBOUND.tables))
    southbound = asyncio.run(machines_run())
    claimed = {row.logical_port for row in southbound.rows(PortBinding) if row.chassis and row.up}
    assert claimed >= {"a1", "a2", "b1", "b2"}
    assert {row.ip for row in southbound.rows(MACBinding)} >= {"203.0.113.1", "10.0.0.11"}


def test_ovn_northd_takes_over_and_gives_back(servers: Servers) -> None:
    """What it finds is what it wants; bindings, tunnel keys and neighbours stay with either; so do the machines."""

    async def first() -> Database:
        async with ours_on(servers) as ours:
            machines = Machines(ours.southbound)
            machines.start()
            story(machines)
            await ours.settled()
            return servers.content()

    async def again() -> tuple[Database, bool]:
        async with ours_on(servers) as ours:
            machines = Machines(ours.southbound)
            machines.start()
            told = story(machines) == TOLD
            await ours.settled()
            assert ours.remotes[1].copy.refusals == []
            return servers.content(), told

    commit(servers.northbound, inserts(small_network(), NORTHBOUND, NORTHBOUND.tables))
    ours = asyncio.run(first())
    servers.run_northd()
    theirs = servers.content()
    assert difference(comparable(theirs), comparable(ours)) == ""
    assert observed(theirs) == observed(ours)
    assert {row.key(): row for row in theirs.rows(PortBinding)} == {row.key(): row for row in ours.rows(PortBinding)}
    fresh = [row for row in theirs.rows(LogicalFlow) if row.logical_datapath is None]
    assert fresh, "ovn-northd has joined no flows into groups: was it at work?"
    back, told = asyncio.run(again())
    assert told
    assert difference(comparable(back), comparable(ours)) == ""
    assert observed(back) == observed(ours)


def observed(southbound: Database) -> set[object]:
    """What chassis wrote, and the numbers by which they know ports."""
    ports = {(row.logical_port, row.chassis, row.up, row.tunnel_key) for row in southbound.rows(PortBinding)}
    return ports | {(row.logical_port, row.ip, row.mac) for row in southbound.rows(MACBinding)}


def test_the_second_compiler_waits_for_the_first(servers: Servers) -> None:
    async def two() -> None:
        first, second = Ours(servers), Ours(servers)
        await first.start()
        waiting = asyncio.create_task(second.start())
        await second.remotes[1].client.synchronized()
        assert "another compiler has the lock ovn_northd" in second.remotes[1].status()
        assert not waiting.done()
        await first.close()
        async with asyncio.timeout(10):
            await waiting
        assert second.remotes[1].client.has_lock(COMPILER_LOCK)
        await second.close()

    fill(servers, small_network())
    asyncio.run(two())


def test_a_fault_before_everything_is_here_is_raised(servers: Servers) -> None:
    def fail(event: object) -> None:
        raise ZeroDivisionError("a mistake")

    async def open_it() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: None)
        remote = RemoteDatabase(f"unix:{servers.northbound.socket}", NORTHBOUND, Database(NORTHBOUND.name))
        remote.client.subscribe(fail)
        async with asyncio.timeout(10):
            with pytest.raises(ConnectionError, match="OVN_Northbound is closed"):
                await remote.open()
        await remote.close()

    asyncio.run(open_it())


def test_a_cluster_that_loses_its_leader_goes_on(servers: Servers) -> None:
    """SB is a RAFT cluster. Its leader is killed, NB changes meanwhile; the compiler finds the new one and the lock."""

    async def compiled(cluster: OvsdbCluster) -> None:
        ours = Ours(servers, cluster.remotes)
        await ours.start()
        leader = cluster.leader()
        assert leader is not None
        cluster.kill(leader)
        servers.nbctl("ls-add", "late", "--", "lsp-add", "late", "late1")
        names = [row.name for row in ours.northbound.rows(LogicalSwitch)]
        assert "late" not in names, "nothing has been read yet"
        await ours.until(lambda: "late" in [row.name for row in ours.northbound.rows(LogicalSwitch)])
        async with asyncio.timeout(30):
            await ours.remotes[1].client.locked(COMPILER_LOCK)
        await ours.settled()
        assert ours.remotes[1].copy.refusals == []
        await ours.close()

    with short_directory() as directory:
        cluster = OvsdbCluster(Path(directory), OVN / "ovn-sb.ovsschema")
        try:
            northbound = small_network()
            commit(servers.northbound, inserts(northbound, NORTHBOUND, NORTHBOUND.tables))
            asyncio.run(compiled(cluster))
            number = cluster.leader()
            assert number is not None
            select = {"op": "select", "table": "Datapath_Binding", "where": [], "columns": ["external_ids"]}
            told = run(
                "ovsdb-client",
                "transact",
                f"unix:{cluster.socket(number)}",
                json.dumps([SOUTHBOUND.name, select]),
                directory=Path(directory),
            )
        finally:
            cluster.stop()
    names = {dict(row["external_ids"][1])["name"] for row in json.loads(told)[0]["rows"]}
    assert names == {"a", "b", "public", "router", "late"}
