"""A running cloud, as a benchmark needs one: the real `brume up` in a process of its own, and a plain HTTP client."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PATIENCE = 30.0
STEP = 0.002


class Client:
    """A persistent connection to one cloud, with a token."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.token: str | None = None
        self._connection: http.client.HTTPConnection | None = None

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """The decoded answer; an error is raised."""
        return self.timed(method, path, body)[0]

    def timed(self, method: str, path: str, body: Any = None) -> tuple[Any, float]:
        """The decoded answer, and the seconds until all of it was here."""
        start = time.perf_counter()
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        headers = {"Content-Type": "application/json"}
        if self.token is not None:
            headers["X-Auth-Token"] = self.token
        self._connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
        answer = self._connection.getresponse()
        content = answer.read()
        seconds = time.perf_counter() - start
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:400]!r}")
        if answer.headers.get("X-Subject-Token"):
            self.token = answer.headers["X-Subject-Token"]
        return json.loads(content) if content else None, seconds

    def authenticate(self, password: str) -> None:
        """A token for the administrator's project."""
        domain = {"name": "Default"}
        user = {"name": "admin", "password": password, "domain": domain}
        identity = {"methods": ["password"], "password": {"user": user}}
        scope = {"project": {"name": "admin", "domain": domain}}
        self.request("POST", "/identity/v3/auth/tokens", {"auth": {"identity": identity, "scope": scope}})


class Cloud:
    """One `brume up`."""

    def __init__(self, directory: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        self.directory = directory
        self.port = port
        self.process = process

    def password(self) -> str:
        """The administrator's."""
        return str(json.loads((self.directory / "secrets.json").read_text())["admin_password"])

    def client(self) -> Client:
        """A client that has a token."""
        client = Client(self.port)
        client.authenticate(self.password())
        return client

    def wait(self) -> None:
        """Until it accepts connections."""
        patience = time.monotonic() + PATIENCE
        while time.monotonic() < patience:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            if self.process.poll() is not None:
                raise RuntimeError((self.directory / "output").read_text())
            time.sleep(STEP)
        raise TimeoutError(f"no cloud within {PATIENCE} s")


def free_port() -> int:
    """A TCP port nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(
    directory: Path | None = None, *, nodes: int = 2, environment: dict[str, str] | None = None
) -> Iterator[Cloud]:
    """A cloud that is starting; it ends with the block. Without a directory it is a new one."""
    with TemporaryDirectory(prefix="brume-bench.") as temporary:
        place = directory or Path(temporary)
        port = free_port()
        command = [sys.executable, "-m", "brume.service.main", "up", "--data-dir", str(place), "--port", str(port)]
        with (place / "output").open("wb") as output:
            process = subprocess.Popen(
                [*command, "--nodes", str(nodes)],
                stdout=output,
                stderr=output,
                env=os.environ | (environment or {}),
            )
        try:
            yield Cloud(place, port, process)
        finally:
            process.terminate()
            process.wait()
