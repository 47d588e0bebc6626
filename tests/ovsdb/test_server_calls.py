"""Remotes that are called: the server connects, and serves who is there. (That ovsdb-server does the same:
`tests/agreement/test_ovsdb_calls.py`.)"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple, Self

import pytest

from brume.northbound.schema import NORTHBOUND
from brume.ovsdb.authority import CLIENT, SERVER, make_authority
from brume.ovsdb.server.backoff import Backoff
from brume.ovsdb.server.entrance import Terms
from brume.ovsdb.server.server import Server, host_on
from brume.ovsdb.store import Store
from brume.ovsdb.tls import TlsContexts, contexts
from brume.ovsdb.wire.remotes import parse_remote
from brume.tables.database import Database

Json = Any
PATIENCE = 30.0


def within_reason(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE):
            await story()

    asyncio.run(run())


# pauses


def test_pauses_grow_up_to_the_longest() -> None:
    pauses = [one.pause for one in accumulate(range(6), lambda backoff, _: backoff.failed(), initial=Backoff())]
    assert pauses == [0, 1000, 2000, 4000, 8000, 8000, 8000]
    limited = Backoff().limited(3000)
    assert [one.pause for one in accumulate(range(4), lambda backoff, _: backoff.failed(), initial=limited)] == [
        0,
        1000,
        2000,
        3000,
        3000,
    ]


@pytest.mark.parametrize(("asked", "longest"), [(None, 8000), (0, 8000), (1, 1000), (20_000, 20_000)])
def test_the_longest_pause_is_a_second_at_least(asked: int | None, longest: int) -> None:
    assert Backoff().limited(asked) == Backoff(longest)


def test_a_shorter_longest_pause_holds_at_once() -> None:
    assert Backoff(pause=8000).limited(2000) == Backoff(2000, 2000)


def test_a_connection_that_was_of_use_begins_anew_and_one_that_was_not_does_not() -> None:
    assert Backoff(pause=4000).lived(4000).pause == 1000
    assert Backoff(pause=4000).lived(3999).pause == 8000
    assert Backoff().lived(0).pause == 1000


# calls


@asynccontextmanager
async def serving(tls: TlsContexts | None = None) -> AsyncIterator[Server]:
    """A server of an empty northbound database."""
    server = Server(host_on(asyncio.get_running_loop()), tls=tls)
    server.host.add(Store(Database("nb"), NORTHBOUND))
    yield server
    await server.close()


class Peer:
    """Somebody who waits to be called."""

    def __init__(self, tls: TlsContexts | None = None, port: int = 0) -> None:
        self.called: asyncio.Queue[Line] = asyncio.Queue()
        self.remote = ""
        self.port = port
        self._tls = tls
        self._lines: list[Line] = []

    async def __aenter__(self) -> Self:
        context = self._tls.listening if self._tls is not None else None
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", self.port, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        self.remote = f"{'tcp' if context is None else 'ssl'}:127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for line in self._lines:
            await line.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines.append(Line(reader, writer))
        self.called.put_nowait(self._lines[-1])


class Line(NamedTuple):
    """A connection, from the side of who was called."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, method: str, *params: Json) -> Json:
        """The answer to a request; it comes in one piece."""
        self.writer.write(json.dumps({"id": 1, "method": method, "params": params}).encode())
        return json.loads(await self.reader.read(65536))["result"]

    async def close(self) -> None:
        """Hang up."""
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


def test_who_is_called_is_served_and_called_again() -> None:
    async def story() -> None:
        async with Peer() as peer, serving() as server:
            entrance = await server.open(parse_remote(peer.remote))
            line = await peer.called.get()
            assert await line.ask("list_dbs") == ["_Server", "OVN_Northbound"]
            assert await line.ask("lock", "mine") == {"locked": True}
            status = dict(entrance.status())
            assert (set(status), status["locks_held"]) == ({"state", "sec_since_connect", "locks_held"}, "mine")
            await line.close()
            line = await peer.called.get()
            assert "sec_since_disconnect" in dict(entrance.status())
            assert await line.ask("lock", "mine") == {"locked": True}  # what it held was given up
            await server.shut(parse_remote(peer.remote))
            assert await line.reader.read() == b""
            assert entrance.connections == {}

    within_reason(story)


@asynccontextmanager
async def kept_port() -> AsyncIterator[int]:
    """A port where nobody listens, and which nobody else is given meanwhile."""
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", 0))
        yield keeper.getsockname()[1]


def test_nobody_there_is_called_until_somebody_is() -> None:
    async def story() -> None:
        async with kept_port() as port, serving() as server:
            entrance = await server.open(parse_remote(f"tcp:127.0.0.1:{port}"), Terms(longest_pause=1000))
            while "last_error" not in dict(entrance.status()):
                await asyncio.sleep(0.001)
            assert dict(entrance.status())["last_error"].endswith("refused")
            assert dict(entrance.status())["state"] in ("BACKOFF", "CONNECTING")
            async with Peer(port=port) as peer:
                line = await peer.called.get()
                assert await line.ask("echo", 1) == [1]
                assert "last_error" not in dict(entrance.status())

    within_reason(story)


def test_a_silent_peer_is_asked_and_hung_up_on() -> None:
    async def story() -> None:
        async with Peer() as peer, serving() as server:
            await server.open(parse_remote(peer.remote), Terms(probe=1000))
            line = await peer.called.get()
            assert json.loads(await line.reader.read(100)) == {"id": "echo", "method": "echo", "params": []}
            assert await line.reader.read() == b""
            await peer.called.get()  # again

    within_reason(story)


def test_who_talks_nonsense_is_hung_up_on_and_called_again() -> None:
    async def talk(server: Server, octets: bytes) -> None:
        async with Peer() as peer:
            await server.open(parse_remote(peer.remote))
            line = await peer.called.get()
            line.writer.write(octets)
            with suppress(ConnectionResetError):
                await line.reader.read()
            line = await peer.called.get()
            assert await line.ask("echo", 1) == [1]

    async def story() -> None:
        async with serving() as server:
            answer = b'{"id":7,"result":[],"error":null}'  # that nobody asked for
            await asyncio.gather(*(talk(server, octets) for octets in (b"nonsense", b"{" * 300, b"[]", answer)))

    within_reason(story)


def test_who_hangs_up_half_way_is_called_again(tmp_path: Path) -> None:
    """Before the first word, in the middle of one, and instead of the handshake of TLS."""
    ours = contexts(make_authority(tmp_path, now=datetime.now(UTC)).issue("us", CLIENT, now=datetime.now(UTC)))

    async def hang_up(server: Server, octets: bytes, kind: str = "tcp") -> None:
        async with Peer() as peer:
            await server.open(parse_remote(f"{kind}:127.0.0.1:{peer.port}"))
            for _ in range(2):
                line = await peer.called.get()
                line.writer.write(octets)
                await line.close()

    async def story() -> None:
        async with serving(ours) as server:
            await asyncio.gather(
                hang_up(server, b""),
                hang_up(server, b'{"id":1,"meth'),
                hang_up(server, b""),
                hang_up(server, b"", "ssl"),
            )

    within_reason(story)


def test_over_tls_both_sides_show_who_they_are(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    authority = make_authority(tmp_path / "ca", now=now)
    theirs = make_authority(tmp_path / "other", now=now).issue("peer", SERVER, now=now)
    ours = contexts(authority.issue("us", CLIENT, now=now))
    peers = contexts(authority.issue("chassis1", SERVER, now=now))

    async def story() -> None:
        async with Peer(peers) as peer, Peer(contexts(theirs)) as stranger, serving(ours) as server:
            entrance = await server.open(parse_remote(peer.remote), Terms(role="ovn-controller"))
            line = await peer.called.get()
            assert await line.ask("echo", 1) == [1]
            (session,) = entrance.connections.values()
            assert session.identity == ("ovn-controller", "chassis1")
            refused = await server.open(parse_remote(stranger.remote))
            while "last_error" not in dict(refused.status()):
                await asyncio.sleep(0.001)
            assert "certificate" in dict(refused.status())["last_error"].lower()

    within_reason(story)


def test_without_keys_nobody_is_called_over_tls() -> None:
    async def story() -> None:
        async with serving() as server:
            with pytest.raises(OSError, match="no private key"):
                await server.open(parse_remote("ssl:127.0.0.1:1"))

    within_reason(story)
