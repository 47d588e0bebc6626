"""The tools of Open vSwitch and OVN on our OVSDB server: they cannot tell it from ovsdb-server."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from brume.northbound.schema import NORTHBOUND, Connection, LogicalSwitch
from brume.ovsdb.authority import CLIENT, SERVER, make_authority
from brume.ovsdb.schema_reader import read_schema
from brume.ovsdb.server.connections import ConnectionFollower
from brume.ovsdb.store import Store
from brume.southbound.schema import SOUTHBOUND, LogicalFlow
from brume.tables.database import Database, Transaction
from tests.agreement.our_server import OurServer
from tests.agreement.ovn_lab import short_directory
from tests.agreement.ovsdb_server import environment, missing, run

pytestmark = pytest.mark.skipif(
    bool(missing("ovn-nbctl", "ovsdb-client")), reason=f"no real tools here: {missing('ovn-nbctl', 'ovsdb-client')}"
)
NB = "OVN_Northbound"


class Tools:
    """Our server of both databases, and the real tools in its directory."""

    def __init__(self, server: OurServer, directory: Path) -> None:
        self.server = server
        self.directory = directory

    def run(self, *command: str) -> str:
        """The output of a tool."""
        return run(*command, directory=self.directory)

    def nbctl(self, *command: str) -> str:
        """The output of ovn-nbctl on a unix socket."""
        return self.run("ovn-nbctl", f"--db={self.server.unix}", *command)

    def start(self, *command: str) -> subprocess.Popen[str]:
        """A tool that goes on."""
        return subprocess.Popen(
            command, env=environment(self.directory), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )


@pytest.fixture
def tools() -> Iterator[Tools]:
    """A server for one test."""
    stores = (Store(Database("nb"), NORTHBOUND), Store(Database("sb"), SOUTHBOUND))
    with short_directory() as name, OurServer(Path(name), *stores) as server:
        yield Tools(server, Path(name))


def eventually(found: Callable[[], bool]) -> None:
    """Wait for what another program does."""
    deadline = time.monotonic() + 20
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_ovn_nbctl_builds_a_network_and_shows_it(tools: Tools) -> None:
    tools.nbctl("ls-add", "left", "--", "lsp-add", "left", "vma")
    tools.nbctl("lsp-set-addresses", "vma", "00:00:00:00:00:01 10.0.0.1")
    tools.nbctl("lr-add", "router", "--", "lrp-add", "router", "to-left", "00:00:00:00:00:02", "10.0.0.254/24")
    tools.nbctl("acl-add", "left", "to-lport", "1000", "ip4 && tcp", "drop")
    tools.nbctl("--wait=none", "set", "Logical_Switch", "left", "external_ids:owner=hand")
    shown = tools.nbctl("show")
    assert "(left)" in shown
    assert 'addresses: ["00:00:00:00:00:01 10.0.0.1"]' in shown
    assert tools.nbctl("get", "Logical_Switch", "left", "external_ids:owner") == "hand\n"
    assert "1000 (ip4 && tcp) drop" in tools.nbctl("acl-list", "left")
    with pytest.raises(RuntimeError, match="a port with this name already exists"):
        tools.nbctl("lsp-add", "left", "vma")
    tools.nbctl("ls-del", "left")
    assert tools.server.call(lambda: tools.server.stores[NB].database.rows(LogicalSwitch)) == []


def test_ovn_nbctl_may_run_as_a_daemon_that_watches(tools: Tools) -> None:
    control = tools.nbctl("--pidfile", "--detach", "--log-file").strip()
    try:
        tools.nbctl("ls-add", "left")
        eventually(lambda: "left" in tools.run("ovn-nbctl", f"--unixctl={control}", "ls-list"))
        tools.run("ovn-nbctl", f"--unixctl={control}", "ls-add", "right")
        assert "right" in tools.nbctl("ls-list")
    finally:
        tools.run("ovn-appctl", "-t", control, "exit")


def test_ovn_sbctl_reads_and_writes_over_tcp(tools: Tools) -> None:
    sbctl = ("ovn-sbctl", f"--db={tools.server.tcp}")
    tools.run(*sbctl, "chassis-add", "compute1", "geneve", "192.0.2.1")
    assert 'ip: "192.0.2.1"' in tools.run(*sbctl, "show")


def test_flows_that_rules_made_are_read_like_any_other_rows(tools: Tools) -> None:
    flow = LogicalFlow(pipeline="ingress", table_id=0, priority=50, match="ip4", actions="next;")

    def write() -> None:
        transaction = Transaction()
        transaction.put(flow)
        tools.server.stores["OVN_Southbound"].database.apply(transaction)

    tools.server.call(write)
    listed = tools.run("ovn-sbctl", f"--db={tools.server.unix}", "--columns=_uuid,match", "list", "Logical_Flow")
    assert flow.uuid in listed
    assert "ip4" in listed


def test_ovsdb_client_asks_what_is_served(tools: Tools) -> None:
    assert tools.run("ovsdb-client", "list-dbs", tools.server.tcp).split() == [NB, "OVN_Southbound", "_Server"]
    schema = tools.run("ovsdb-client", "get-schema", tools.server.tcp, NB)
    assert read_schema(json.loads(schema)).to_json() == NORTHBOUND.to_json()
    assert tools.run("ovsdb-client", "get-schema-version", tools.server.unix, NB) == "7.0.0\n"
    tools.run("ovsdb-client", "-t", "5", "wait", tools.server.tcp, NB, "connected")
    assert "ACL" in tools.run("ovsdb-client", "list-tables", tools.server.tcp, NB)


def test_ovsdb_client_transacts_and_dumps(tools: Tools) -> None:
    operation = {"op": "insert", "table": "Logical_Switch", "row": {"name": "left"}}
    tools.run("ovsdb-client", "query", tools.server.tcp, json.dumps([NB, operation]))
    assert "left" not in tools.run("ovsdb-client", "dump", tools.server.tcp, NB, "Logical_Switch", "name")
    found = tools.run("ovsdb-client", "transact", tools.server.tcp, json.dumps([NB, operation]))
    ((_, uuid),) = [one["uuid"] for one in json.loads(found)]
    dumped = tools.run("ovsdb-client", "-f", "csv", "dump", tools.server.tcp, NB, "Logical_Switch", "_uuid", "name")
    assert f"{uuid},left" in dumped


def test_a_backup_is_a_database_file_and_can_be_restored(tools: Tools) -> None:
    tools.nbctl("ls-add", "left")
    backup = tools.directory / "backup.db"
    backup.write_text(tools.run("ovsdb-client", "backup", tools.server.tcp, NB))
    select = {"op": "select", "table": "Logical_Switch", "where": [], "columns": ["name"]}
    found = tools.run("ovsdb-tool", "query", str(backup), json.dumps([NB, select]))
    assert json.loads(found) == [{"rows": [{"name": "left"}]}]
    tools.nbctl("ls-del", "left", "--", "ls-add", "right")
    with backup.open() as file:
        subprocess.run(
            ["ovsdb-client", "restore", tools.server.tcp, NB],
            stdin=file,
            env=environment(tools.directory),
            check=True,
            timeout=30,
        )
    assert tools.nbctl("--bare", "--columns=name", "list", "Logical_Switch") == "left\n"


@pytest.mark.parametrize(
    "command",
    [
        ("monitor", NB, "Logical_Switch", "name"),
        ("monitor-cond", NB, '[["name","!=","hidden"]]', "Logical_Switch", "name"),
        ("monitor-cond-since", NB, "[]", "Logical_Switch", "name"),
    ],
    ids=lambda command: str(command[0]),
)
def test_ovsdb_client_watches(tools: Tools, command: tuple[str, ...]) -> None:
    tools.nbctl("ls-add", "left")
    name, *rest = command
    watcher = tools.start("ovsdb-client", "--format=csv", "--no-headings", name, tools.server.tcp, *rest)
    try:
        assert _next(watcher, "left") == "initial left"
        tools.nbctl("ls-add", "hidden" if name == "monitor-cond" else "right")
        if name == "monitor-cond":
            tools.nbctl("ls-add", "right")
        assert _next(watcher, "right") in ("insert right", "new right")
    finally:
        watcher.kill()
        watcher.communicate()


def _next(watcher: subprocess.Popen[str], name: str) -> str:
    """What the next line says that is about a switch: all others are ids of transactions, or empty."""
    assert watcher.stdout is not None
    for line in watcher.stdout:
        parts = line.strip().split(",")
        if len(parts) == 3:
            return f"{parts[1]} {parts[2]}"
    raise AssertionError(f"nothing about {name}")


def test_a_lock_passes_from_one_client_to_the_next(tools: Tools) -> None:
    first = tools.start("ovsdb-client", "lock", tools.server.tcp, "northd")
    assert first.stdout is not None
    assert json.loads(first.stdout.readline()) == {"locked": True}
    second = tools.start("ovsdb-client", "lock", tools.server.unix, "northd")
    assert second.stdout is not None
    assert json.loads(second.stdout.readline()) == {"locked": False}
    first.kill()
    assert "locked" in second.stdout.readline()
    second.kill()
    for process in (first, second):
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_the_socket_is_for_its_owner_alone_and_goes_with_the_server(tools: Tools) -> None:
    path = tools.server.unix.removeprefix("unix:")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    tools.server.wait(tools.server.server.close())
    assert not os.path.exists(path)


def test_remotes_are_rows_of_the_database(tools: Tools) -> None:
    server = tools.server
    store = server.stores[NB]

    async def follow() -> ConnectionFollower:
        follower = ConnectionFollower(server.server, store, "NB_Global", "connections", seconds_to_status=0.01)
        await follower.start()
        return follower

    def status() -> dict[str, dict[str, str]]:
        return {row.target: dict(row.status) for row in store.database.rows(Connection)}

    follower = server.wait(follow())
    port = _free_port()
    target = f"ptcp:{port}:127.0.0.1"
    nobody = f"tcp:127.0.0.1:{_free_port()}"
    tools.nbctl("set-connection", target, nobody, "pssl:0:127.0.0.1")
    eventually(lambda: all(server.call(status).values()))
    eventually(lambda: "last_error" in server.call(status)[nobody])
    found = server.call(status)
    assert found.pop(nobody)["last_error"].endswith("refused")
    assert found == {
        target: {"bound_port": str(port), "sec_since_connect": "0", "sec_since_disconnect": "0"},
        "pssl:0:127.0.0.1": {
            "last_error": "pssl:0:127.0.0.1: no private key, certificate and CA certificate are given"
        },
    }
    watcher = tools.start("ovsdb-client", "monitor", f"tcp:127.0.0.1:{port}", NB, "ACL")
    eventually(lambda: tools.nbctl("get", "connection", target, "is_connected") == "true\n")
    assert "ptcp" in tools.run("ovn-nbctl", f"--db=tcp:127.0.0.1:{port}", "get-connection")
    tools.nbctl("del-connection")
    watcher.wait(20)
    assert watcher.stdout is not None
    watcher.stdout.close()
    with pytest.raises(RuntimeError):
        tools.run("ovn-nbctl", "-t", "1", f"--db=tcp:127.0.0.1:{port}", "get-connection")
    server.wait(follower.stop())


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def test_keys_and_certificates_are_rows_too(tools: Tools) -> None:
    server, now = tools.server, datetime.now(UTC)
    authority = make_authority(tools.directory / "pki", now=now)
    ours, theirs = authority.issue("nb", SERVER, now=now), authority.issue("ctl", CLIENT, now=now)

    async def follow() -> ConnectionFollower:
        follower = ConnectionFollower(server.server, server.stores[NB], "NB_Global", "connections")
        await follower.start()
        return follower

    follower = server.wait(follow())
    port = _free_port()
    tools.nbctl("set-connection", f"pssl:{port}:127.0.0.1")
    tools.nbctl("set-ssl", ours.private_key, ours.certificate, ours.ca_cert)
    eventually(lambda: server.call(lambda: any(remote.port == port for remote in server.server.entrances)))
    remote = f"--db=ssl:127.0.0.1:{port}"
    assert "pssl" in tools.run("ovn-nbctl", *theirs.options(), remote, "get-connection")
    tools.nbctl("set-ssl", ours.private_key, ours.certificate, ours.ca_cert, "TLSv1")
    eventually(lambda: server.call(lambda: all(remote.port != port for remote in server.server.entrances)))
    tools.nbctl("set-ssl", ours.private_key, ours.certificate, ours.ca_cert, "TLSv1.2", "HIGH:!aNULL:!MD5")
    eventually(lambda: server.call(lambda: any(remote.port == port for remote in server.server.entrances)))
    assert "pssl" in tools.run("ovn-nbctl", *theirs.options(), remote, "get-connection")
    tools.nbctl("del-ssl")
    eventually(lambda: server.call(lambda: all(remote.port != port for remote in server.server.entrances)))
    server.wait(follower.stop())
