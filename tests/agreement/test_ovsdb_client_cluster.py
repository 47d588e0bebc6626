"""Our client and a RAFT cluster of real ovsdb-servers: it follows the leader, and nothing is lost or done twice; also
where everybody, the servers among each other too, shows certificates of our authority."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from brume.ovsdb.authority import CLIENT, PEER, Authority, make_authority
from brume.ovsdb.client.connection import Client
from brume.ovsdb.client.events import Event, Synchronized
from brume.ovsdb.client.replica import Replica
from brume.ovsdb.client.transaction import Proposal
from brume.ovsdb.client.working_copy import WorkingCopy
from brume.ovsdb.schema_reader import read_schema
from brume.ovsdb.tls import TlsFiles, client_context
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.values import derive_uuid
from tests.agreement.client_lab import AT_ONCE, connected, replica_content, server_content
from tests.agreement.ovn_lab import short_directory
from tests.agreement.ovsdb_cluster import OvsdbCluster
from tests.agreement.ovsdb_server import missing

pytestmark = pytest.mark.skipif(bool(missing("ovs-appctl")), reason=f"no cluster here: {missing('ovs-appctl')}")
SCHEMA = {
    "name": "Ledger",
    "version": "1.0.0",
    "tables": {
        "Entry": {"columns": {"writer": {"type": "integer"}, "number": {"type": "integer"}}, "isRoot": True},
        "Total": {"columns": {"count": {"type": "integer"}}, "isRoot": True, "maxRows": 1},
    },
}
LEDGER = read_schema(SCHEMA)
ENTRY, TOTAL = LEDGER.tables["Entry"], LEDGER.tables["Total"]
ENTRIES = 450
NOW = datetime.now(UTC)
TOTAL_UUID = derive_uuid("total")


def started(directory: Path, tls: TlsFiles | None = None) -> Iterator[OvsdbCluster]:
    """A cluster of three."""
    schema = directory / "ledger.ovsschema"
    schema.write_text(json.dumps(SCHEMA))
    cluster = OvsdbCluster(directory, schema, tls=tls)
    yield cluster
    cluster.stop()


@pytest.fixture
def cluster() -> Iterator[OvsdbCluster]:
    with short_directory() as directory:
        yield from started(Path(directory))


class Secured(NamedTuple):
    """A cluster behind `ssl:`, and who is believed there."""

    cluster: OvsdbCluster
    authority: Authority

    def context(self) -> ssl.SSLContext:
        """What a client needs."""
        return client_context(self.authority.issue("client", CLIENT, now=NOW))


@pytest.fixture
def secured() -> Iterator[Secured]:
    with short_directory() as directory:
        authority = make_authority(Path(directory) / "pki", now=NOW)
        for cluster in started(Path(directory), authority.issue("peer", PEER, now=NOW)):
            yield Secured(cluster, authority)


def begin(proposal: Proposal) -> None:
    proposal.put(TOTAL(uuid=TOTAL_UUID, count=0))


async def write(client: Client, writer: int, numbers: range) -> None:
    """Entries, and in the same transactions their count."""
    for number in numbers:
        uuid = derive_uuid("entry", writer, number)

        def add(proposal: Proposal, uuid: str = uuid, number: int = number) -> None:
            if proposal.replica.row(ENTRY, uuid) is None:
                total: Any = proposal.replica.row(TOTAL, TOTAL_UUID)
                proposal.verify(TOTAL, TOTAL_UUID, "count")
                proposal.verify(ENTRY, uuid)
                proposal.insert(ENTRY(uuid=uuid, writer=writer, number=number))
                proposal.update(TOTAL(uuid=TOTAL_UUID, count=total.count + 1))

        assert (await client.transact(add)).committed


def number_of(cluster: OvsdbCluster, client: Client) -> int:
    """Which server a client is connected to."""
    assert client.remote is not None
    return cluster.remotes.split(",").index(str(client.remote))


async def elsewhere(cluster: OvsdbCluster, client: Client, old: int) -> None:
    """Wait until a client follows another server."""
    while not client.is_synchronized or number_of(cluster, client) == old:
        await asyncio.sleep(0.01)


async def kill_leaders(cluster: OvsdbCluster, client: Client, kills: int) -> None:
    """Kill the server that a client writes to, and start it again when another one leads."""
    for _ in range(kills):
        await client.synchronized()
        killed = number_of(cluster, client)
        cluster.kill(killed)
        await elsewhere(cluster, client, killed)
        cluster.start(killed)
        told = 0

        def count(_: ChangeSet) -> None:
            nonlocal told
            told += 1

        client.replica.database.subscribe(count)
        with suppress(TimeoutError):  # all is written already
            async with asyncio.timeout(1):
                while told < 10:
                    await asyncio.sleep(0.01)
        client.replica.database.unsubscribe(count)


async def three_write(cluster: OvsdbCluster, kills: int, entries: int, tls: ssl.SSLContext | None = None) -> None:
    """Three clients write while leaders are killed; in the end each has what the cluster has: each entry once."""
    clients = [Client(cluster.remotes, Replica(LEDGER), pauses=AT_ONCE, tls=tls) for _ in range(3)]
    for client in clients:
        client.start()
    assert (await clients[0].transact(begin)).committed
    writers = [asyncio.create_task(write(client, at, range(entries // 3))) for at, client in enumerate(clients)]
    await kill_leaders(cluster, clients[0], kills)
    await asyncio.gather(*writers)
    for client in clients:
        content = await server_content(client)
        assert content == replica_content(client.replica)
        assert len(content["Entry"]) == entries
        assert [row.count for row in client.replica.database.rows(TOTAL)] == [entries]
        await client.close()


@pytest.mark.timeout(180)
def test_leaders_are_killed_while_three_write(cluster: OvsdbCluster) -> None:
    asyncio.run(three_write(cluster, 3, ENTRIES))


@pytest.mark.timeout(180)
def test_leaders_behind_ssl_are_killed_while_three_write(secured: Secured) -> None:
    asyncio.run(three_write(secured.cluster, 2, ENTRIES // 3, secured.context()))


@pytest.mark.timeout(60)
def test_a_leader_behind_ssl_that_steps_down_is_left_for_the_new_one_without_a_dump(secured: Secured) -> None:
    events = asyncio.run(stepped_down(secured.cluster, secured.context()))
    assert all(event.resumed for event in events)
    assert events


@pytest.mark.timeout(60)
def test_a_cluster_behind_ssl_lets_in_nobody_whom_its_authority_has_not_signed(secured: Secured) -> None:
    stranger = make_authority(secured.cluster.directory / "other", now=NOW).issue("client", CLIENT, now=NOW)
    ca_cert = secured.authority.issue("client", CLIENT, now=NOW).ca_cert

    async def story() -> None:
        for files in (stranger, stranger._replace(ca_cert=ca_cert)):  # who believes neither side, and who only one
            client = Client(secured.cluster.remotes, Replica(LEDGER), pauses=AT_ONCE, tls=client_context(files))
            client.start()
            refused: set[str] = set()
            async with asyncio.timeout(30):
                while len(refused) < 3:
                    await asyncio.sleep(0.01)
                    if client.status.startswith(("cannot connect", "ssl:")):
                        refused.add(client.status)
            assert not client.is_synchronized
            await client.close()

    asyncio.run(story())


@pytest.mark.timeout(180)
def test_what_is_written_into_a_working_copy_arrives_once_although_leaders_are_killed(cluster: OvsdbCluster) -> None:
    kept = {derive_uuid("entry", 0, number) for number in range(ENTRIES) if number % 3}

    async def write_here(copy: WorkingCopy) -> None:
        for number in range(ENTRIES):
            transaction = Transaction()
            transaction.put(ENTRY(uuid=derive_uuid("entry", 0, number), writer=0, number=number))
            if number % 3 == 0 and number:  # and the entry before the last goes
                transaction.delete(ENTRY, derive_uuid("entry", 0, number - 3))
            copy.database.apply(transaction)
            await asyncio.sleep(0.005)  # while proposals are under way
        transaction = Transaction()
        transaction.delete(ENTRY, derive_uuid("entry", 0, ENTRIES - 3))
        copy.database.apply(transaction)

    async def story() -> None:
        async with connected(cluster.remotes, Replica(LEDGER)) as client:
            copy = WorkingCopy(client, Database("Ledger"))
            writing = asyncio.create_task(write_here(copy))
            await kill_leaders(cluster, client, 2)
            await writing
            while {row.uuid for row in client.replica.database.rows(ENTRY)} != kept:
                await copy.settled()
                await asyncio.sleep(0.01)
            assert set((await server_content(client))["Entry"]) == kept
            assert {row.uuid for row in copy.database.rows(ENTRY)} == kept
            assert not copy.refusals
            copy.close()

    asyncio.run(story())


async def stepped_down(cluster: OvsdbCluster, tls: ssl.SSLContext | None = None) -> list[Synchronized]:
    """A client writes, the leader steps down, the client writes; how it came to have what the new one has."""
    events: list[Event] = []
    async with connected(cluster.remotes, Replica(LEDGER), tls=tls) as client:
        assert (await client.transact(begin)).committed
        await write(client, 0, range(3))
        client.subscribe(events.append)
        old = number_of(cluster, client)
        while cluster.leader() == old:
            cluster.command(old, "cluster/failure-test", "transfer-leadership")
        await elsewhere(cluster, client, old)
        await write(client, 0, range(3, 6))
        assert len(client.replica.database.rows(ENTRY)) == 6
    return [event for event in events if isinstance(event, Synchronized)]


@pytest.mark.timeout(60)
def test_a_leader_that_steps_down_is_left_for_the_new_one_without_a_dump(cluster: OvsdbCluster) -> None:
    events = asyncio.run(stepped_down(cluster))
    assert all(event.resumed for event in events)
    assert events


@pytest.mark.timeout(60)
def test_a_reader_that_takes_any_server_stays_with_a_follower(cluster: OvsdbCluster) -> None:
    async def story() -> None:
        async with connected(cluster.remotes, Replica(LEDGER)) as client:
            leader = number_of(cluster, client)
            follower = f"unix:{cluster.socket((leader + 1) % 3)}"
            async with connected(follower, Replica(LEDGER), leader_only=False) as reader:
                assert (await client.transact(begin)).committed
                await write(client, 0, range(5))
                while len(reader.replica.database.rows(ENTRY)) < 5:
                    await asyncio.sleep(0.01)
                assert replica_content(reader.replica) == replica_content(client.replica)
            stubborn = Client(follower, Replica(LEDGER))
            stubborn.start()
            while "not the leader" not in stubborn.status:
                await asyncio.sleep(0.01)
            assert not stubborn.is_synchronized
            await stubborn.close()

    asyncio.run(story())
