"""A RAFT cluster of real ovsdb-servers, in one directory, over unix sockets or behind `ssl:`. A helper, not a test.

Behind `ssl:` each server has an address of its own (127.A.B.C), so that no port need be found that nobody takes first.
"""

from __future__ import annotations

import json
import random
import subprocess
import time
from pathlib import Path

from brume.ovsdb.tls import TlsFiles
from tests.agreement.ovsdb_server import end, run, start


class OvsdbCluster:
    """Servers numbered from 0; each can be killed and started again with what it has on disk."""

    def __init__(self, directory: Path, schema: Path, size: int = 3, *, tls: TlsFiles | None = None) -> None:
        self.directory = directory
        self._tls = tls
        network = f"127.{random.randrange(1, 250)}.{random.randrange(250)}"
        self._hosts = [f"{network}.{number + 1}" for number in range(size)]
        self.database: str = json.loads(schema.read_text())["name"]
        self._processes: list[subprocess.Popen[bytes] | None] = [None] * size
        addresses = [
            f"unix:{directory}/{number}.raft" if tls is None else f"ssl:{self._hosts[number]}:6643"
            for number in range(size)
        ]
        for number, address in enumerate(addresses):
            file = f"{directory}/{number}.db"
            if number:
                others = [addresses[0], *addresses[1:number]]
                run("ovsdb-tool", "join-cluster", file, self.database, address, *others, directory=directory)
            else:
                run("ovsdb-tool", "create-cluster", file, str(schema), address, directory=directory)
            self.start(number)
            self._await_joined(number)

    @property
    def remotes(self) -> str:
        """Where clients find the servers."""
        return ",".join(map(self.remote, range(len(self._processes))))

    def remote(self, number: int) -> str:
        """Where clients find one server."""
        return f"unix:{self.socket(number)}" if self._tls is None else f"ssl:{self._hosts[number]}:6641"

    def socket(self, number: int) -> Path:
        """The socket that one server listens on."""
        return self.directory / f"{number}.sock"

    def start(self, number: int) -> None:
        """Start one server."""
        self._processes[number] = start(
            "ovsdb-server",
            f"--remote=punix:{self.socket(number)}",
            *(() if self._tls is None else (f"--remote=pssl:6641:{self._hosts[number]}", *self._tls.options())),
            f"--unixctl={self.directory}/{number}.ctl",
            "-vconsole:off",
            f"--log-file={self.directory}/{number}.log",
            f"{self.directory}/{number}.db",
            directory=self.directory,
        )

    def kill(self, number: int) -> None:
        """End one server without a word."""
        process = self._processes[number]
        assert process is not None
        process.kill()
        process.wait()
        self._processes[number] = None

    def command(self, number: int, *words: str) -> str:
        """Give one server an order over its control socket."""
        return run("ovs-appctl", "-t", f"{self.directory}/{number}.ctl", *words, directory=self.directory)

    def leader(self) -> int | None:
        """Which server says it leads."""
        for number, process in enumerate(self._processes):
            if process is not None and "Role: leader" in self.command(number, "cluster/status", self.database):
                return number
        return None

    def stop(self) -> None:
        """End all servers."""
        for process in self._processes:
            if process is not None:
                end(process)

    def _await_joined(self, number: int) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                status = self.command(number, "cluster/status", self.database)
            except RuntimeError:
                status = ""
            if "Status: cluster member" in status and "Leader: unknown" not in status:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"server {number} did not join: {status}")
            time.sleep(0.05)
