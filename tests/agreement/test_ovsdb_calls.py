"""Remotes that are called: somebody who waits to be called cannot tell our server from ovsdb-server, and nor can who
reads the rows that asked for it."""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from brume.northbound.schema import NORTHBOUND
from brume.ovsdb.authority import PEER, SERVER, Authority, make_authority
from brume.ovsdb.store import Store
from brume.ovsdb.tls import contexts, server_context
from brume.tables.database import Database
from tests.agreement.our_server import OurServer
from tests.agreement.ovn_lab import OVN, short_directory
from tests.agreement.ovsdb_server import OvsdbServer, missing, run
from tests.agreement.wire_peer import WirePeer

pytestmark = pytest.mark.skipif(bool(missing("ovn-nbctl")), reason=f"no real programs here: {missing('ovn-nbctl')}")
Json = Any
NB = "OVN_Northbound"
PATIENCE = 30.0
NOW = datetime.now(UTC)
OURS, REAL = "ours", "ovsdb-server"


class Side:
    """A server whose northbound asks for remotes, and the tools to ask for them."""

    def __init__(self, directory: Path, remote: str) -> None:
        self._directory = directory
        self._remote = remote

    def nbctl(self, *words: str) -> str:
        return run("ovn-nbctl", f"--db={self._remote}", *words, directory=self._directory)

    def status(self, target: str) -> dict[str, str]:
        """What the row says of a remote, and whether it is connected; how many seconds is as it may be."""
        connected, pairs = self.nbctl(
            "--bare", "--columns=is_connected,status", "find", "connection", f'target="{target}"'
        ).splitlines()
        found = dict(pair.split("=", 1) for pair in re.findall(r"\w+=\S+", pairs))
        for name in ("sec_since_connect", "sec_since_disconnect"):
            if name in found:
                assert found[name].isdigit()
                found[name] = "seconds"
        return {"is_connected": connected, **found}

    def eventually(self, target: str, **expected: str) -> None:
        """Wait until the row says so. `last_error` is ours alone: ovsdb-server never fills it in."""
        deadline = time.monotonic() + PATIENCE
        while (found := self.status(target)) != expected:
            if found.pop("last_error", None) and found == expected:
                return
            assert time.monotonic() < deadline, (found, expected)
            time.sleep(0.05)


@pytest.fixture
def directory() -> Iterator[Path]:
    with short_directory() as name:
        yield Path(name)


@pytest.fixture
def authority(directory: Path) -> Authority:
    return make_authority(directory / "pki", now=NOW)


@pytest.fixture(params=[OURS, REAL])
def side(request: pytest.FixtureRequest, directory: Path, authority: Authority) -> Iterator[Side]:
    keys = authority.issue("server", PEER, now=NOW)
    if request.param == OURS:
        with OurServer(directory, Store(Database("nb"), NORTHBOUND), tls=contexts(keys)) as ours:
            ours.follow(NB, "NB_Global", seconds_to_status=0.2)
            found = Side(directory, ours.unix)
            found.nbctl("init")
            yield found
        return
    remotes = f"--remote=db:{NB},NB_Global,connections"
    real = OvsdbServer(directory, "nb", OVN / "ovn-nb.ovsschema", remotes, *keys.options())
    try:
        found = Side(directory, f"unix:{real.socket}")
        found.nbctl("init")
        yield found
    finally:
        real.stop()


class Waiting:
    """Somebody who waits to be called."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(PATIENCE)
        self.target = f"tcp:127.0.0.1:{self._socket.getsockname()[1]}"

    def answer(self, tls: ssl.SSLContext | None = None) -> WirePeer:
        """Take the next call."""
        found = self._socket.accept()[0]
        found.settimeout(PATIENCE)
        return WirePeer(found if tls is None else tls.wrap_socket(found, server_side=True))

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def waiting() -> Iterator[Waiting]:
    found = Waiting()
    yield found
    found.close()


def test_who_is_called_is_a_client_like_any_other(side: Side, waiting: Waiting) -> None:
    side.nbctl("set-connection", waiting.target)
    peer = waiting.answer()
    assert sorted(peer.result("list_dbs")) == [NB, "_Server"]
    assert peer.result("monitor", NB, "m", {"Logical_Switch": {"columns": ["name"]}}) == {}
    side.nbctl("ls-add", "left")
    (update,) = peer.receive()["params"][1]["Logical_Switch"].values()
    assert update == {"new": {"name": "left"}}
    operation = {"op": "insert", "table": "Logical_Switch", "row": {"name": "right"}}
    assert "uuid" in peer.result("transact", NB, operation)[0]
    assert side.nbctl("--bare", "--columns=name", "find", "Logical_Switch", "name=right") == "right\n"
    peer.close()


def test_the_row_says_how_the_call_is_going(side: Side, waiting: Waiting) -> None:
    side.nbctl("set-connection", waiting.target)
    peer = waiting.answer()
    assert peer.result("lock", "mine") == {"locked": True}
    side.eventually(waiting.target, is_connected="true", state="ACTIVE", sec_since_connect="seconds", locks_held="mine")
    waiting.close()
    peer.close()
    gone = {"sec_since_connect": "seconds", "sec_since_disconnect": "seconds"}
    side.eventually(waiting.target, is_connected="false", state="BACKOFF", **gone)


def test_nobody_there(side: Side, waiting: Waiting) -> None:
    waiting.close()
    side.nbctl("set-connection", waiting.target)
    side.eventually(waiting.target, is_connected="false", state="BACKOFF")


def test_who_hung_up_is_called_again_and_has_lost_its_lock(side: Side, waiting: Waiting) -> None:
    side.nbctl("set-connection", waiting.target)
    peer = waiting.answer()
    assert peer.result("steal", "mine") == {"locked": True}
    peer.close()
    peer = waiting.answer()
    assert peer.result("lock", "mine") == {"locked": True}
    peer.close()


def test_the_call_ends_with_the_row(side: Side, waiting: Waiting) -> None:
    side.nbctl("set-connection", waiting.target)
    peer = waiting.answer()
    assert peer.result("echo", 1) == [1]
    side.nbctl("del-connection")
    assert peer.hung_up()
    peer.close()


def test_who_says_nothing_is_asked_and_called_again(side: Side, waiting: Waiting) -> None:
    side.nbctl("--inactivity-probe=1000", "set-connection", waiting.target)
    peer = waiting.answer()
    assert peer.hung_up()  # it answers no probe
    peer.close()
    waiting.answer().close()


def test_over_tls_the_server_shows_who_it_is(side: Side, waiting: Waiting, authority: Authority) -> None:
    side.nbctl("set-connection", waiting.target.replace("tcp:", "ssl:"))
    peer = waiting.answer(server_context(authority.issue("peer", SERVER, now=NOW)))
    assert peer.result("list_dbs")
    peer.close()


def test_over_tls_a_stranger_is_not_served(side: Side, waiting: Waiting, authority: Authority, directory: Path) -> None:
    stranger = make_authority(directory / "other", now=NOW).issue("peer", SERVER, now=NOW)
    half = stranger._replace(ca_cert=str(directory / "pki/cacert.pem"))
    target = waiting.target.replace("tcp:", "ssl:")
    side.nbctl("set-connection", target)
    with pytest.raises(ssl.SSLError, match=r"(?i)unknown ca|EOF"):
        waiting.answer(server_context(half)).result("list_dbs")
    waiting.close()
    side.eventually(target, is_connected="false", state="BACKOFF")


def test_a_listener_counts_its_clients(side: Side, waiting: Waiting) -> None:
    waiting.close()
    port = waiting.target.rsplit(":", 1)[1]
    target = f"ptcp:{port}:127.0.0.1"
    side.nbctl("set-connection", target)
    zeros = {"bound_port": port, "sec_since_connect": "seconds", "sec_since_disconnect": "seconds"}
    side.eventually(target, is_connected="false", **zeros)
    peers = []
    for _ in range(2):
        peers.append(WirePeer(socket.create_connection(("127.0.0.1", int(port)))))
        assert peers[-1].result("echo") == []
    side.eventually(target, is_connected="true", n_connections="2", **zeros)
    for peer in peers:
        peer.close()
