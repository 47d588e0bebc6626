"""Real ovsdb-servers behind ours: one that relays our database, and a backup that keeps a copy of it.

ovn-nbctl -> ovsdb-server relay:... -> our server <- ovsdb-server --sync-from=...
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from brume.northbound.schema import NORTHBOUND
from brume.ovsdb.store import Store
from brume.tables.database import Database
from tests.agreement.our_server import OurServer
from tests.agreement.ovn_lab import OVN, short_directory, why_not
from tests.agreement.ovsdb_server import end, missing, run, start
from tests.agreement.wire_peer import PATIENCE, HungUp, WirePeer, connect_when_there

NOT_HERE = why_not() or missing("ovn-nbctl")
pytestmark = pytest.mark.skipif(bool(NOT_HERE), reason=f"no real tools here: {NOT_HERE}")
Json = Any
NB = NORTHBOUND.name
NAMES = [
    {"op": "select", "table": table, "where": [], "columns": ["_uuid", "name", "external_ids"]}
    for table in ("Logical_Switch", "Logical_Switch_Port")
]


class Behind:
    """A real ovsdb-server that has what ours has."""

    def __init__(self, directory: Path, name: str, *options: str) -> None:
        self.directory = directory
        self.socket = directory / f"{name}.sock"
        self._process = start(
            "ovsdb-server",
            f"--remote=punix:{self.socket}",
            f"--unixctl={directory}/{name}.ctl",
            "-vconsole:off",
            f"--log-file={directory}/{name}.log",
            *options,
            directory=directory,
        )

    def type(self, *words: str) -> str:
        """Run ovn-nbctl there; a relay is no leader."""
        tool = ("ovn-nbctl", f"--db=unix:{self.socket}", "--no-leader-only", "-t", "30")
        return run(*tool, *words, directory=self.directory)

    def stop(self) -> None:
        end(self._process)


@pytest.fixture
def ours() -> Iterator[OurServer]:
    with short_directory() as name, OurServer(Path(name), Store(Database("nb"), NORTHBOUND)) as server:
        yield server


def held(socket: str | Path) -> Json:
    """The switches and ports that a server has; None if it does not say."""
    try:
        peer = connect_when_there(Path(str(socket).removeprefix("unix:")))
    except OSError:
        return None
    try:
        reply = peer.ask("transact", NB, *NAMES)
        if reply["error"] is not None:
            return None
        return [sorted(json.dumps(row, sort_keys=True) for row in one["rows"]) for one in reply["result"]]
    except (HungUp, ConnectionError):
        return None
    finally:
        peer.close()


def wait_until_equal(ours: OurServer, behind: Behind) -> None:
    """Wait until the server behind ours holds the same."""
    deadline = time.monotonic() + 2 * PATIENCE
    while (found := held(behind.socket)) != (wanted := held(ours.unix)):
        assert time.monotonic() < deadline, (found, wanted)
        time.sleep(0.02)


def write(ours: OurServer, *operations: Json) -> None:
    peer = WirePeer(ours.unix.removeprefix("unix:"))
    assert not any("error" in (result or {}) for result in peer.result("transact", NB, *operations))
    peer.close()


def test_a_relay_reads_and_writes_our_database(ours: OurServer) -> None:
    directory = Path(ours.unix.removeprefix("unix:")).parent
    write(ours, {"op": "insert", "table": "Logical_Switch", "row": {"name": "there before"}})
    relay = Behind(directory, "relay", f"relay:{NB}:{ours.unix}")
    try:
        wait_until_equal(ours, relay)
        relay.type(
            "ls-add", "left", "--", "lsp-add", "left", "vma", "--", "set", "Logical_Switch", "left", "external_ids:a=b"
        )
        wait_until_equal(ours, relay)
        assert relay.type("--bare", "--columns=name", "list", "Logical_Switch_Port").split() == ["vma"]
        with pytest.raises(RuntimeError, match="a switch with this name already exists"):
            relay.type("ls-add", "left")
        write(ours, {"op": "update", "table": "Logical_Switch", "where": [], "row": {"ports": ["set", []]}})
        wait_until_equal(ours, relay)
        assert relay.type("--bare", "--columns=name", "list", "Logical_Switch_Port").split() == []
        for _ in range(2):  # it is cut off, and resumes
            ours.call(lambda: [session.fail("cut") for session in list(ours.host.sessions)])
            write(ours, {"op": "update", "table": "Logical_Switch", "where": [], "row": {"external_ids": ["map", []]}})
            relay.type("--may-exist", "ls-add", "again")
            wait_until_equal(ours, relay)
    finally:
        relay.stop()


def test_a_backup_keeps_a_copy_of_our_database(ours: OurServer) -> None:
    directory = Path(ours.unix.removeprefix("unix:")).parent
    file = directory / "backup.db"
    run("ovsdb-tool", "create", str(file), str(OVN / "ovn-nb.ovsschema"), directory=directory)
    write(ours, {"op": "insert", "table": "Logical_Switch", "row": {"name": "there before"}})
    backup = Behind(directory, "backup", f"--sync-from={ours.unix}", str(file))
    try:
        wait_until_equal(ours, backup)
        port = {"op": "insert", "table": "Logical_Switch_Port", "uuid-name": "p", "row": {"name": "vma"}}
        switch = {"op": "insert", "table": "Logical_Switch", "row": {"name": "left", "ports": ["named-uuid", "p"]}}
        write(ours, port, switch)
        wait_until_equal(ours, backup)
        write(ours, {"op": "delete", "table": "Logical_Switch", "where": [["name", "==", "left"]]})
        wait_until_equal(ours, backup)
        with pytest.raises(RuntimeError, match="read only"):
            backup.type("ls-add", "not here")
        last = held(ours.unix)
    finally:
        backup.stop()
    again = Behind(directory, "alone", str(file))
    try:
        assert held(again.socket) == last
    finally:
        again.stop()
