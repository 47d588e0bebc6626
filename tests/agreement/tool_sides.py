"""Our server and a real ovsdb-server side by side, and one tool run against each. A helper, not a test.

    with both_sides() as sides:
        for side in sides:
            side.run("ovn-nbctl", "ls-add", "left")      # a Said: output, complaints, how it ended

Outputs are compared as trees of lines: uuids are <uuid>, lines of one parent have no order (both servers and the IDL
keep rows in an order of uuids), log lines lose their time. What the uuids stand for is compared in the databases:
`contents` names every row by what it holds.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from brume.northbound.schema import NORTHBOUND
from brume.ovsdb.schema import Schema
from brume.ovsdb.store import Store
from brume.southbound.schema import SOUTHBOUND
from brume.tables.database import Database
from tests.agreement.our_server import OurServer
from tests.agreement.ovn_lab import OVN, short_directory
from tests.agreement.ovsdb_server import end, environment, run, start
from tests.agreement.wire_peer import WirePeer, connect_when_there

Json = Any
NB, SB = "OVN_Northbound", "OVN_Southbound"
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHORT_UUID = re.compile(r"uuid=0x[0-9a-f]{1,8}")
_LOG_TIME = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z\|\d+\|", re.MULTILINE)

_TWO_ROWS = re.compile(r"First row, with UUID <uuid>,([^.]*)\.  Second row, with UUID <uuid>,([^.]*)\.")


def without_uuids(text: str) -> str:
    """A text in which all uuids are one, and two rows that are called alike have no order."""
    return _TWO_ROWS.sub(_in_any_order, _SHORT_UUID.sub("uuid=<uuid>", UUID.sub("<uuid>", text)))


def _in_any_order(found: re.Match[str]) -> str:
    """Of two rows that are alike, either may be called the first."""
    return " and ".join(sorted(found.groups()))


class Said(NamedTuple):
    """What a tool said, comparable, and how it ended."""

    out: Json
    complaints: Json
    status: int


class Side:
    """One server, and the tools that talk to it."""

    def __init__(self, name: str, directory: Path, socket: Path, schemas: Mapping[Path, Schema]) -> None:
        self.name = name
        self.directory = directory
        self.socket = socket
        self.remote = f"unix:{socket}"
        self._tables = {schema.name: list(schema.tables) for schema in schemas.values()}

    def raw(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a tool to its end."""
        return subprocess.run(
            command,
            env=environment(self.directory) | {"OVN_NB_DB": self.remote, "OVN_SB_DB": self.remote},
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def run(self, *command: str) -> Said:
        """Run a tool to its end; what it said, comparable."""
        done = self.raw(*command)
        return Said(self.comparable(done.stdout), self.comparable(done.stderr), done.returncode)

    def comparable(self, text: str) -> Json:
        """A text as a tree of lines without what differs from server to server."""
        text = text.replace(str(self.socket), "<socket>").replace(str(self.directory), "<directory>")
        return tree(_LOG_TIME.sub("", without_uuids(text)))

    def contents(self, database: str) -> list[str]:
        """All rows, named by what they hold and refer to."""
        peer = WirePeer(self.socket)
        tables = self._tables[database]
        selects = [{"op": "select", "table": table, "where": []} for table in tables]
        found = peer.result("transact", database, *selects)
        peer.close()
        rows = {row["_uuid"][1]: (table, row) for table, one in zip(tables, found, strict=True) for row in one["rows"]}
        return sorted(names_of(rows).values())


def names_of(rows: dict[str, tuple[str, Json]]) -> dict[str, str]:
    """Names for rows by uuid, such that rows with the same name hold the same, as far as three references go."""
    for _, row in rows.values():
        del row["_uuid"], row["_version"]
    names = dict.fromkeys(rows, "row")
    texts = {}
    for _ in range(3):
        texts = {uuid: f"{table} {_with_names(row, names)}" for uuid, (table, row) in rows.items()}
        names = {uuid: f"<{hashlib.sha256(text.encode()).hexdigest()[:8]}>" for uuid, text in texts.items()}
    return texts


def _with_names(row: Json, names: dict[str, str]) -> str:
    text = UUID.sub(lambda match: names.get(match[0], "<other>"), json.dumps(row, sort_keys=True))
    kept = json.loads(text)
    for value in kept.values():
        if isinstance(value, list) and len(value) == 2 and value[0] in ("set", "map"):
            value[1].sort(key=json.dumps)
    return json.dumps(kept, sort_keys=True)


def tree(text: str) -> Json:
    """Lines and what is indented below them, sorted; paragraphs are kept together."""
    lines = text.splitlines()
    if any(not line for line in lines):
        if any(line.startswith(" ") for line in lines):
            return sorted(filter(None, map(str.strip, lines)))
        return sorted(sorted(paragraph.splitlines()) for paragraph in text.strip("\n").split("\n\n"))
    root: list[Json] = []
    open_: list[tuple[int, list[Json]]] = [(-1, root)]
    for line in lines:
        depth = len(line) - len(line.lstrip())
        while open_[-1][0] >= depth:
            open_.pop()
        below: list[Json] = []
        open_[-1][1].append([line.strip(), below])
        open_.append((depth, below))
    return _sorted(root)


def _sorted(lines: list[Json]) -> Json:
    return sorted(([line, _sorted(below)] for line, below in lines), key=json.dumps)


OVN_FILES = {OVN / "ovn-nb.ovsschema": NORTHBOUND, OVN / "ovn-sb.ovsschema": SOUTHBOUND}


@contextmanager
def both_sides(schemas: Mapping[Path, Schema] = OVN_FILES) -> Iterator[tuple[Side, Side]]:
    """Both servers with empty databases, northbound and southbound if nothing else is said."""
    with short_directory() as name:
        directory = Path(name)
        socket, files = directory / "real.sock", []
        for file in schemas:
            files.append(directory / f"{file.stem}.db")
            run("ovsdb-tool", "create", str(files[-1]), str(file), directory=directory)
        real = start(
            "ovsdb-server",
            f"--remote=punix:{socket}",
            f"--unixctl={directory}/real.ctl",
            "-vconsole:off",
            f"--log-file={directory}/real.log",
            *map(str, files),
            directory=directory,
        )
        try:
            connect_when_there(socket).close()
            stores = [Store(Database(schema.name), schema) for schema in schemas.values()]
            with OurServer(directory, *stores) as ours:
                path = Path(ours.unix.removeprefix("unix:"))
                yield Side("ours", directory, path, schemas), Side("theirs", directory, socket, schemas)
        finally:
            end(real)
