"""A real ovsdb-server in a directory of its own, spoken to over its unix socket. A helper, not a test."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

Json = Any
TOOLS = ("ovsdb-server", "ovsdb-tool")


def missing(*tools: str) -> str:
    """Why a test that needs these programs cannot run; empty if it can."""
    absent = [tool for tool in (*TOOLS, *tools) if shutil.which(tool) is None]
    return f"not installed: {', '.join(absent)}" if absent else ""


class OvsdbServer:
    """One ovsdb-server process with one database file, made if it is not there."""

    def __init__(self, directory: Path, name: str, schema: Path, *options: str) -> None:
        self.directory = directory
        self.socket = directory / f"{name}.sock"
        self.database = json.loads(schema.read_text())["name"]
        file = directory / f"{name}.db"
        if not file.exists():
            run("ovsdb-tool", "create", str(file), str(schema), directory=directory)
        self._process = start(
            "ovsdb-server",
            f"--remote=punix:{self.socket}",
            f"--unixctl={directory}/{name}.ctl",
            "-vconsole:off",
            f"--log-file={directory}/{name}.log",
            *options,
            str(file),
            directory=directory,
        )
        self._connection = self._connect()

    def transact(self, *operations: Json) -> list[Json]:
        """Run one transaction; the results and errors as the server gives them."""
        return self._call("transact", [self.database, *operations])

    def cut(self) -> None:
        """Have the server drop all connections; ours is made anew."""
        control = next(self.directory.glob(f"{self.socket.stem}.ctl"))
        run("ovs-appctl", "-t", str(control), "ovsdb-server/reconnect", directory=self.directory)
        self._connection.close()
        self._connection = self._connect()

    def stop(self) -> None:
        """End the server."""
        self._connection.close()
        end(self._process)

    def _connect(self) -> socket.socket:
        deadline = time.monotonic() + 10
        while True:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(self.socket))
            except OSError:
                connection.close()
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.01)
            else:
                return connection

    def _call(self, method: str, parameters: Json) -> Json:
        self._connection.sendall(json.dumps({"id": 0, "method": method, "params": parameters}).encode())
        received = bytearray()
        decoder = json.JSONDecoder()
        while True:
            data = self._connection.recv(1 << 20)
            if not data:
                raise ConnectionError(f"{self.database}: the server hung up")
            received += data
            text = received.decode("utf-8", "replace").lstrip()
            while text:
                try:
                    message, end_of_message = decoder.raw_decode(text)
                except ValueError:
                    break
                text = text[end_of_message:].lstrip()
                received = bytearray(text.encode())
                if message.get("method") == "echo":
                    self._connection.sendall(json.dumps({"id": message["id"], "result": [], "error": None}).encode())
                elif message.get("id") == 0:
                    if message["error"] is not None:
                        raise ValueError(message["error"])
                    return message["result"]


def start(*command: str, directory: Path) -> subprocess.Popen[bytes]:
    """Start a program of OVS or OVN that keeps all its files in `directory`."""
    return subprocess.Popen(
        command,
        env=environment(directory),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def run(*command: str, directory: Path, said: str | None = None) -> str:
    """Run a program of OVS or OVN to its end; its output. It reads what is `said` to it."""
    done = subprocess.run(
        command, env=environment(directory), check=False, capture_output=True, text=True, timeout=60, input=said
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program we started."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def environment(directory: Path) -> dict[str, str]:
    """An environment in which OVS and OVN look for everything in `directory`."""
    names = ("OVS_RUNDIR", "OVN_RUNDIR", "OVS_LOGDIR", "OVN_LOGDIR", "OVS_DBDIR", "OVN_DBDIR", "OVS_SYSCONFDIR")
    return {**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **dict.fromkeys(names, str(directory))}
