"""Real sockets with clients that behave badly: nobody else notices, and what the server keeps for them is bounded."""

from __future__ import annotations

import json
import resource
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from brume.northbound.schema import NORTHBOUND, LogicalSwitch
from brume.ovsdb.server.output import DEFAULT_LIMITS
from brume.ovsdb.store import Store
from brume.ovsdb.wire.framing import Framer
from brume.ovsdb.wire.messages import Message, request
from brume.tables.database import Database, Transaction
from brume.values.uuids import derive_uuid
from tests.agreement.our_server import OurServer
from tests.agreement.ovn_lab import short_directory

Json = Any
NB = "OVN_Northbound"
LONG = "x" * 200
ROWS = 100_000
SWITCHES = {"Logical_Switch": [{"columns": ["name"]}]}


class Peer:
    """A client on a socket."""

    def __init__(self, server: OurServer) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(server.unix.removeprefix("unix:"))
        self.socket.settimeout(30)
        self._framer = Framer()

    def next(self) -> Message | None:
        """The next message; None if the server has hung up."""
        while True:
            message = self._framer.next()
            if message is not None:
                return message
            try:
                octets = self.socket.recv(1 << 16)
            except ConnectionResetError:
                return None
            if not octets:
                return None
            self._framer.feed(octets)

    def ask(self, method: str, *params: Json) -> Json:
        """Send a request; the result, which must be what comes next."""
        self.socket.sendall(request(method, list(params), 1))
        answer = self.next()
        assert answer is not None
        return answer.result

    def push(self, octets: bytes, most: int) -> int:
        """Send without reading for as long as the server takes it, at most so much; how much it took."""
        self.socket.settimeout(0.5)
        sent = 0
        try:
            while sent < most:
                sent += self.socket.send(octets)
        except TimeoutError:
            pass
        self.socket.settimeout(30)
        return sent


@pytest.fixture
def server() -> Iterator[OurServer]:
    with short_directory() as name, OurServer(Path(name), Store(Database("nb"), NORTHBOUND)) as found:
        yield found


@pytest.fixture
def connect(server: OurServer) -> Iterator[Callable[[], Peer]]:
    """Makes clients."""
    with ExitStack() as stack:

        def make() -> Peer:
            peer = Peer(server)
            stack.enter_context(peer.socket)
            return peer

        yield make


def add_switches(server: OurServer, first: int, count: int, together: int = 1) -> None:
    """Write switches as a compiler does, in the server's thread."""
    database = server.stores[NB].database

    def write() -> None:
        for start in range(first, first + count, together):
            transaction = Transaction()
            for number in range(start, start + together):
                transaction.put(LogicalSwitch(uuid=derive_uuid("test", number), name=f"switch {number} {LONG}"))
            database.apply(transaction)

    server.call(write)


def rename_switches(server: OurServer, first: int, count: int) -> None:
    """Change switches as a compiler does, five hundred at a time."""
    database = server.stores[NB].database

    def write() -> None:
        for start in range(first, first + count, 500):
            transaction = Transaction()
            for number in range(start, start + 500):
                transaction.put(LogicalSwitch(uuid=derive_uuid("test", number), name=f"renamed {number}"))
            database.apply(transaction)

    server.call(write)


def test_who_asks_and_does_not_read_is_not_received_from(server: OurServer, connect: Callable[[], Peer]) -> None:
    bad, good = connect(), connect()
    message = request("echo", ["x" * 10_000], 1)
    taken = bad.push(message, 100 << 20)
    assert taken < 20 << 20
    assert good.ask("echo", 1) == [1]
    held = server.call(lambda: max(session.output.size for session in server.host.sessions))
    assert held < DEFAULT_LIMITS.slow + len(message) + 100
    whole = taken // len(message)
    assert all(bad.next() is not None for _ in range(whole - 1))


def test_who_watches_and_does_not_read_costs_little_and_misses_nothing(
    server: OurServer, connect: Callable[[], Peer]
) -> None:
    lazy, eager = connect(), connect()
    for peer in (lazy, eager):
        peer.ask("monitor_cond", NB, "m", SWITCHES)
    count = 8000
    for first in range(0, count, 1000):
        add_switches(server, first, 1000)
        _read_rows(eager, 1000)
    held = server.call(lambda: max(session.output.size for session in server.host.sessions))
    assert held < DEFAULT_LIMITS.slow + 1000
    assert _read_rows(lazy, count) < count


def _read_rows(peer: Peer, count: int) -> int:
    """Read updates until so many rows were told of; how many updates that took."""
    rows = updates = 0
    while rows < count:
        told = peer.next()
        assert told is not None
        assert told.params is not None
        rows += len(told.params[1]["Logical_Switch"])
        updates += 1
    return updates


def test_a_large_dump_reaches_a_slow_reader_whole(server: OurServer, connect: Callable[[], Peer]) -> None:
    add_switches(server, 0, 60_000, together=60_000)
    slow, other = connect(), connect()
    slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.socket.sendall(request("monitor_cond", [NB, "m", SWITCHES], 1))
    assert other.ask("echo", 1) == [1]
    answer = slow.next()
    assert answer is not None
    assert len(answer.result["Logical_Switch"]) == 60_000


def test_a_fault_in_what_is_printed_while_it_is_read_ends_only_that_connection(
    server: OurServer, connect: Callable[[], Peer]
) -> None:
    add_switches(server, 0, 20_000, together=20_000)
    transaction = Transaction()
    unprintable: Any = object()  # what only a fault of ours brings into a row
    transaction.put(LogicalSwitch(uuid=derive_uuid("test", "bad"), name="bad", other_config=unprintable))
    server.call(lambda: server.stores[NB].database.apply(transaction))
    bad, good = connect(), connect()
    bad.socket.sendall(
        request("monitor_cond", [NB, "m", {"Logical_Switch": [{"columns": ["name", "other_config"]}]}], 1)
    )
    assert bad.next() is None
    assert good.ask("echo", 1) == [1]


@pytest.mark.parametrize("octets", [b"garbage", b'{"id":1,"method":"echo","params":' + b"[" * 5000, b"\xff\x00" * 1000])
def test_garbage_ends_the_connection(server: OurServer, connect: Callable[[], Peer], octets: bytes) -> None:
    bad, good = connect(), connect()
    bad.socket.sendall(octets)
    assert bad.next() is None
    assert good.ask("echo", 1) == [1]


def test_half_a_message_and_then_nothing_leaves_nothing_behind(server: OurServer, connect: Callable[[], Peer]) -> None:
    bad = connect()
    bad.ask("lock", "l")
    bad.ask("monitor", NB, 1, {"ACL": {}})
    bad.socket.sendall(b'{"id":1,"method":"ec')
    bad.socket.close()
    while server.call(lambda: len(server.host.sessions)):
        continue  # the server's thread sees the end of the connection in its next turn
    assert connect().ask("lock", "l") == {"locked": True}


def test_who_came_by_a_remote_that_is_shut_has_nothing_any_more(server: OurServer) -> None:
    port = server.listen("ptcp:0:127.0.0.2")
    with socket.create_connection(("127.0.0.2", port), timeout=30) as client:
        client.sendall(request("lock", ["l"], 1))
        assert b'"locked":true' in client.recv(1000)

        async def shut() -> int:
            (remote,) = (one for one in server.server.entrances if one.host == "127.0.0.2")
            await server.server.shut(remote)
            return len(server.host.sessions)

        assert server.wait(shut()) == 0
        assert client.recv(1000) == b""


def test_deep_json_in_a_wrong_place_is_refused_politely(server: OurServer, connect: Callable[[], Peer]) -> None:
    deep: Json = []
    for _ in range(180):
        deep = [deep]
    (refused,) = connect().ask("transact", NB, {"op": "insert", "table": "ACL", "row": {"match": deep}})
    assert refused["error"] == "syntax error"


def test_a_thousand_idle_clients_do_not_slow_one_down(server: OurServer, connect: Callable[[], Peer]) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2200:
        pytest.skip(f"only {hard} open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2200), hard))
    try:
        peers = [connect() for _ in range(1000)]
        operation = {"op": "insert", "table": "Logical_Switch", "row": {"name": "left"}}
        assert json.dumps(connect().ask("transact", NB, operation)).count("uuid") == 2
        for peer in peers:
            peer.socket.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_everything_is_watched_while_a_hundred_thousand_rows_change(
    server: OurServer, connect: Callable[[], Peer]
) -> None:
    add_switches(server, 0, ROWS, together=ROWS)
    lazy, eager, other = connect(), connect(), connect()
    for peer in (lazy, eager):
        peer.ask("monitor_cond", NB, "m", {table: {} for table in NORTHBOUND.tables})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for first in range(0, ROWS, 10_000):
        rename_switches(server, first, 10_000)
        _read_rows(eager, 10_000)
        assert other.ask("echo", first) == [first]
    names: dict[str, str] = {}
    while len(names) < ROWS:
        told = lazy.next()  # what was sent to it before it stalled, then all it missed
        assert told is not None
        names |= {uuid: row["modify"]["name"] for uuid, row in told.params[1]["Logical_Switch"].items()}
    assert all(name.startswith("renamed") for name in names.values())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400 << 10
