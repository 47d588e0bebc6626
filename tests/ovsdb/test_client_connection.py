"""A client's connections: several remotes, pauses, silent servers, TLS. The servers are ours, in the same loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import uvloop

from brume.northbound.schema import NORTHBOUND, LogicalSwitch
from brume.ovsdb.authority import CLIENT, SERVER, make_authority
from brume.ovsdb.client.connection import Client
from brume.ovsdb.client.events import Event, Synchronized
from brume.ovsdb.client.pauses import Pauses
from brume.ovsdb.client.replica import Replica
from brume.ovsdb.client.transaction import Proposal, Verdict
from brume.ovsdb.server.server import Server, host_on
from brume.ovsdb.store import Store
from brume.ovsdb.tls import TlsContexts, client_context, contexts
from brume.ovsdb.wire.remotes import parse_remote
from brume.tables.database import Database
from brume.values import derive_uuid

QUICK = Pauses(shortest=0.01, longest=0.02)
SWITCH = LogicalSwitch(uuid=derive_uuid("switch"), name="red")


Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Both event loops that clients live in."""
    found: Run = request.param
    return found


@pytest.fixture
def directory() -> Iterator[Path]:
    with TemporaryDirectory(prefix="ovs") as name:  # short: a unix socket's path has 107 octets at most
        yield Path(name)


async def serve(*remotes: str, tls: TlsContexts | None = None) -> tuple[Server, list[int]]:
    """A server of an empty northbound; the ports it listens on."""
    host = host_on(asyncio.get_running_loop())
    host.add(Store(Database("OVN_Northbound"), NORTHBOUND))
    server = Server(host, tls=tls)
    return server, [(await server.open(parse_remote(remote))).port for remote in remotes]


def make_client(remotes: str, **settings: Any) -> Client:
    return Client(remotes, Replica(NORTHBOUND, tables=[LogicalSwitch]), **{"pauses": QUICK, **settings})


def insert(proposal: Proposal) -> None:
    proposal.put(SWITCH)


class Pausing:
    """A clock that notes the pauses and takes none."""

    def __init__(self) -> None:
        self.taken: list[float] = []
        self.enough = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        if len(self.taken) == 7:
            self.enough.set()
        await asyncio.sleep(0)


def test_pauses_grow_to_eight_seconds_with_jitter_and_start_when_every_remote_was_tried() -> None:
    pauses = Pauses()
    assert [pauses.after(failures, 1, 1.0) for failures in range(7)] == [0, 1, 2, 4, 8, 8, 8]
    assert [pauses.after(failures, 3, 1.0) for failures in range(7)] == [0, 0, 0, 1, 2, 4, 8]
    assert pauses.after(1, 1, 0.0) == 0.5


@pytest.mark.timeout(30)
def test_nobody_is_there(directory: Path, run: Run) -> None:
    async def story() -> None:
        pausing = Pausing()
        remotes = f"unix:{directory}/one,unix:{directory}/other"
        client = make_client(remotes, pauses=Pauses(), jitter=lambda: 1.0, sleep=pausing)
        client.start()
        await pausing.enough.wait()
        assert pausing.taken[:7] == [1, 2, 4, 8, 8, 8, 8]
        assert client.status.startswith("cannot connect to unix:")
        assert not client.is_synchronized
        waiting = asyncio.create_task(client.transact(insert))
        await asyncio.sleep(0)
        await client.close()
        with pytest.raises(ConnectionError, match="closed"):
            await waiting

    run(story())


@pytest.mark.timeout(30)
def test_the_remote_that_answers_is_found_and_the_next_one_when_it_goes(directory: Path, run: Run) -> None:
    async def story() -> None:
        first, _ = await serve(f"punix:{directory}/first")
        second, (port,) = await serve("ptcp:0:127.0.0.1")
        client = make_client(f"unix:{directory}/nobody,unix:{directory}/first,tcp:127.0.0.1:{port}")
        client.start()
        await client.synchronized()
        assert str(client.remote) == f"unix:{directory}/first"
        assert (await client.transact(insert)).committed
        await first.close()
        while str(client.remote) != f"tcp:127.0.0.1:{port}" or not client.is_synchronized:
            await asyncio.sleep(0.001)
        assert client.replica.database.rows(LogicalSwitch) == []  # that one has no such switch
        assert (await client.transact(insert)).committed
        await client.close()
        await second.close()

    run(story())


@pytest.mark.timeout(30)
def test_a_server_that_says_nothing_is_taken_for_dead(directory: Path, run: Run) -> None:
    async def story() -> None:
        ends: list[asyncio.StreamWriter] = []
        silent = await asyncio.start_server(lambda _, writer: ends.append(writer), "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        server, _ = await serve(f"punix:{directory}/good")
        client = make_client(f"tcp:127.0.0.1:{port},unix:{directory}/good", probe_interval=0.05)
        client.start()
        await client.synchronized()
        assert str(client.remote) == f"unix:{directory}/good"
        await client.close()
        await server.close()
        silent.close()
        for end in ends:
            end.close()
            await end.wait_closed()

    run(story())


@pytest.mark.timeout(30)
def test_a_server_that_takes_back_what_it_gave_is_not_asked_without_pause(directory: Path, run: Run) -> None:
    async def story() -> None:
        server, _ = await serve(f"punix:{directory}/fickle")
        pausing = Pausing()
        client = make_client(f"unix:{directory}/fickle", pauses=Pauses(), jitter=lambda: 1.0, sleep=pausing)

        def take_back(event: Event) -> None:
            if isinstance(event, Synchronized):
                store = server.host.served[NORTHBOUND.name].store
                server.host.remove(NORTHBOUND.name)
                server.host.add(store)

        client.subscribe(take_back)
        client.start()
        await pausing.enough.wait()
        assert pausing.taken[:5] == [1, 2, 4, 8, 8]
        assert client.status.endswith("the server has stopped our monitor")
        await client.close()
        await server.close()

    run(story())


@pytest.mark.timeout(30)
def test_an_answer_that_does_not_come_is_lost_and_the_transaction_is_built_again(directory: Path, run: Run) -> None:
    async def story() -> None:
        server, _ = await serve(f"punix:{directory}/good")
        client = make_client(f"unix:{directory}/good")
        client.start()
        await client.synchronized()
        proposal = Proposal(client.replica)
        insert(proposal)
        under_way = asyncio.create_task(client.propose(proposal))
        await asyncio.sleep(0)
        client.reconnect()
        assert (await under_way).verdict is Verdict.LOST
        assert (await client.propose(proposal)).verdict is Verdict.LOST  # while nobody is there
        assert (await client.transact(insert)).committed  # whether the first was heard or not
        assert client.replica.database.rows(LogicalSwitch) == [SWITCH]
        await client.close()
        await server.close()

    run(story())


@pytest.mark.timeout(30)
def test_over_tls_both_sides_must_be_of_the_authority(directory: Path, run: Run) -> None:
    now = datetime.now(UTC)
    authority = make_authority(directory / "ca", now=now)
    stranger = make_authority(directory / "other", now=now).issue("me", CLIENT, now=now)

    async def story() -> None:
        server, (port,) = await serve("pssl:0:127.0.0.1", tls=contexts(authority.issue("nb", SERVER, now=now)))
        remote = f"ssl:127.0.0.1:{port}"
        client = make_client(remote, tls=client_context(authority.issue("me", CLIENT, now=now)))
        client.start()
        await client.synchronized()
        assert (await client.transact(insert)).committed
        for tls, said in ((client_context(stranger), "certificate"), (None, "no certificates given")):
            refused = make_client(remote, tls=tls)
            refused.start()
            while said not in refused.status.lower():
                await asyncio.sleep(0.001)
            assert not refused.is_synchronized
            await refused.close()
        await client.close()
        await server.close()

    run(story())


def test_remotes_to_listen_on_are_no_remotes_to_connect_to(run: Run) -> None:
    async def story() -> None:
        for remotes in ("", "ptcp:6641"):
            with pytest.raises(ValueError, match="remotes to connect to"):
                make_client(remotes)

    run(story())
