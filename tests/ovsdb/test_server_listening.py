"""Where a server listens: what is in the way of a unix socket, and what the rows of a database may ask for."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from brume.northbound.schema import NORTHBOUND, Connection, NBGlobal
from brume.ovsdb.server.connections import ConnectionFollower
from brume.ovsdb.server.server import Server, host_on
from brume.ovsdb.store import Store
from brume.ovsdb.wire.remotes import parse_remote
from brume.tables.database import Database, Transaction
from brume.values import derive_uuid


@pytest.fixture
def path() -> Iterator[Path]:
    with TemporaryDirectory(prefix="ovs") as name:  # short: a unix socket's path has 107 octets at most
        yield Path(name) / "nb.sock"


def listen(path: Path) -> int:
    """Listen on a unix socket for a moment; its mode meanwhile."""

    async def run() -> int:
        server = Server(host_on(asyncio.get_running_loop()))
        await server.open(parse_remote(f"punix:{path}"))
        mode = stat.S_IMODE(path.stat().st_mode)
        await server.close()
        return mode

    return asyncio.run(run())


def test_a_socket_is_its_owners_alone_whatever_the_process_allows(path: Path) -> None:
    before = os.umask(0)
    try:
        assert listen(path) == 0o600
    finally:
        os.umask(before)
    assert not path.exists()


def test_a_socket_that_nobody_listens_on_any_more_is_replaced(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(path))
    listen(path)


def test_a_socket_that_another_listens_on_is_not_taken_away(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other, socket.socket(socket.AF_UNIX) as caller:
        other.bind(str(path))
        other.listen()
        with pytest.raises(OSError, match="in use"):
            listen(path)
        caller.connect(str(path))


def test_what_is_no_socket_stays_where_it_is(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(OSError, match="in use"):
        listen(path)
    assert path.read_text() == "precious"


def test_a_symbolic_link_to_a_socket_stays_where_it_is(path: Path) -> None:
    target = path.with_name("elsewhere")
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(target))
    path.symlink_to(target)
    with pytest.raises(OSError, match="in use"):
        listen(path)
    assert path.is_symlink()
    assert target.is_socket()


# remotes that rows ask for


def ask_for(database: Database, *connections: Connection) -> None:
    """Have the database ask for remotes."""
    transaction = Transaction()
    transaction.put(NBGlobal(uuid=derive_uuid("global")))
    for connection in connections:
        transaction.put(connection)
        transaction.add(NBGlobal.connections, derive_uuid("global"), connection.uuid)
    database.apply(transaction)


def connection(target: str, probe: int | None = None) -> Connection:
    """A row that asks for a remote."""
    return Connection(uuid=derive_uuid(target), target=target, inactivity_probe=probe)


def follow(*connections: Connection) -> tuple[list[tuple[str, int]], dict[str, str]]:
    """Listen where rows ask for it: the kinds and probes of the remotes that are open, and the problems."""

    async def run() -> tuple[list[tuple[str, int]], dict[str, str]]:
        database = Database("nb")
        ask_for(database, *connections)
        server = Server(host_on(asyncio.get_running_loop()))
        follower = ConnectionFollower(server, Store(database, NORTHBOUND), "NB_Global", "connections")
        await follower.start()
        found = [(remote.kind, listener.probe) for remote, listener in server.entrances.items()]
        await follower.stop()
        await server.close()
        return found, follower.problems

    return asyncio.run(run())


@pytest.mark.parametrize("target", ["ptcp:6641:a..b", f"ptcp:6641:{'a' * 70}", f"ptcp:{'9' * 5000}", "ptcp:٣", "x:"])
def test_a_target_that_is_none_hinders_no_other(target: str) -> None:
    found, problems = follow(connection(target), connection("ptcp:0:127.0.0.1"))
    assert [kind for kind, _ in found] == ["ptcp"]
    assert list(problems) == [target]


def test_a_probe_is_a_second_at_least_or_none() -> None:
    for asked, probe in ((None, 5000), (0, 0), (-5, 1000), (1, 1000), (60_000, 60_000)):
        found, _ = follow(connection("ptcp:0:127.0.0.1", asked))
        assert found == [("ptcp", probe)]


def test_who_follows_no_more_writes_nothing_more() -> None:
    async def run() -> None:
        database = Database("nb")
        ask_for(database, connection("ptcp:0:127.0.0.1"))
        server = Server(host_on(asyncio.get_running_loop()))
        remote = parse_remote("ptcp:0:127.0.0.1")
        listener = await server.open(remote)
        follower = ConnectionFollower(
            server, Store(database, NORTHBOUND), "NB_Global", "connections", seconds_to_status=0
        )
        await follower.start()
        while not database.rows(Connection)[0].status:
            await asyncio.sleep(0)
        await follower.stop()
        listener.on_change()
        transaction = Transaction()
        transaction.put(connection("ptcp:0:127.0.0.1"))
        database.apply(transaction)
        changes: list[object] = []
        database.subscribe(changes.append)
        for _ in range(3):
            await asyncio.sleep(0)
        await server.close()
        assert changes == []

    asyncio.run(run())
