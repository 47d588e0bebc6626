"""The two servers that the OVSDB benchmark compares: the distribution's ovsdb-server, and ours in a process of its own.

Both keep a new database in a file and listen on a unix socket, and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.machine import processor_seconds, resident
from brume.northbound.schema import NORTHBOUND


class Server:
    """A running server, seen from outside."""

    def __init__(self, socket: Path, process: subprocess.Popen[bytes]) -> None:
        self.socket = socket
        self.process = process

    def seconds(self) -> float:
        """Processor time it has used so far."""
        return processor_seconds(self.process.pid)

    def megabytes(self) -> float:
        """Memory it has in use."""
        return resident(self.process.pid)


def theirs(directory: Path) -> list[str]:
    """The command of ovsdb-server."""
    schema, file = directory / "nb.ovsschema", directory / "nb.db"
    schema.write_text(json.dumps(NORTHBOUND.to_json()))
    subprocess.run(["ovsdb-tool", "create", str(file), str(schema)], check=True)
    return [
        "ovsdb-server",
        f"--remote=punix:{directory}/nb.sock",
        f"--unixctl={directory}/nb.ctl",
        "-vconsole:off",
        str(file),
    ]


def ours(directory: Path) -> list[str]:
    """The command of ours."""
    return [sys.executable, "-m", "benchmarks.ovsdb_ours", str(directory)]


SERVERS = {"ovsdb-server": theirs, "Brume": ours}


@contextlib.contextmanager
def serving(name: str) -> Iterator[Server]:
    """One of the two with an empty database; it ends with the block."""
    with TemporaryDirectory(prefix="ovsdb.") as temporary:
        directory = Path(temporary)
        place = {"OVS_RUNDIR": temporary, "OVS_LOGDIR": temporary, "OVS_DBDIR": temporary}
        command = SERVERS[name](directory)
        process = subprocess.Popen(command, env=os.environ | place, stdin=subprocess.DEVNULL)
        try:
            yield Server(directory / "nb.sock", process)
        finally:
            process.terminate()
            process.wait()
