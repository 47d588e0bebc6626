"""Lean clients of an OVSDB server over its unix socket, so that the server is measured and not the client.

Requests are encoded before the clock starts, and only the answer of a timed request is decoded, after it stopped.
"""

from __future__ import annotations

import multiprocessing
import re
import selectors
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from benchmarks.ovsdb_load import DATABASE
from brume.ovsdb.columns import columns
from brume.ovsdb.schema import Schema

Json = Any
PATIENCE = 20.0
BLOCK = 1 << 20
_ECHO = re.compile(rb'\{[^{}]*"method":\s*"echo"[^{}]*\}')
_ANSWER = b'{"id":"echo","result":[],"error":null}'


class Request:
    """A request, encoded."""

    __slots__ = ("octets",)

    def __init__(self, method: str, parameters: Json) -> None:
        self.octets = msgspec.json.encode({"id": 1, "method": method, "params": parameters})


def transaction(operations: list[Json]) -> Request:
    """A `transact` of the northbound."""
    return Request("transact", [DATABASE, *operations])


def monitor_everything(schema: Schema, *, initial: bool = True) -> Request:
    """What a client's replica asks for first: all columns of all tables, named; perhaps only what changes from now."""
    row_types: Mapping[str, Any] = schema.tables
    asked = {
        name: [{"columns": list(columns(row_type)), "select": {"initial": initial}}]
        for name, row_type in row_types.items()
    }
    return Request("monitor_cond_since", [DATABASE, "m", asked, str(UUID(int=0))])


class Client:
    """One connection, one request at a time."""

    def __init__(self, path: Path) -> None:
        self.socket = connect(path)

    def call(self, request: Request) -> tuple[Json, float, int]:
        """The result, the seconds until all of it was here, and how many octets it has.

        An answer is all here when as many braces are closed as opened: what we store has none unpaired in its texts.
        """
        start = time.perf_counter()
        self.socket.sendall(request.octets)
        parts: list[bytes] = []
        depth = 0
        while depth or not parts:
            part = self.socket.recv(BLOCK)
            if not part:
                raise ConnectionError("the server hung up")
            parts.append(part)
            depth += part.count(b"{") - part.count(b"}")
            if not depth and b'"echo"' in part:
                parts = [rest for rest in [_ECHO.sub(self._answer_echo, b"".join(parts))] if rest]
        end = time.perf_counter()
        octets = b"".join(parts)
        answer = msgspec.json.decode(octets)
        if answer.get("error"):
            raise ValueError(answer["error"])
        return answer["result"], end - start, len(octets)

    def _answer_echo(self, _: re.Match[bytes]) -> bytes:
        self.socket.sendall(_ANSWER)
        return b""

    def read_on(self) -> None:
        """Forget what the server says, but for its probes."""
        if _ECHO.search(self.socket.recv(BLOCK)):
            self.socket.sendall(_ANSWER)

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


def connect(path: Path) -> socket.socket:
    """A connection, as soon as there is somebody to connect to."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = socket.socket(socket.AF_UNIX)
        try:
            found.connect(str(path))
        except OSError:
            found.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return found


class Watchers:
    """Clients that monitor everything and read what they are told; all in one process beside ours."""

    def __init__(self, path: Path, schema: Schema, count: int) -> None:
        ready = multiprocessing.Event()
        self._process = multiprocessing.Process(target=_watch, args=(path, schema, count, ready), daemon=True)
        self._process.start()
        if not ready.wait(PATIENCE):
            raise TimeoutError("the watchers have not got their first answer")

    def close(self) -> None:
        """All of them hang up."""
        self._process.kill()
        self._process.join()


def _watch(path: Path, schema: Schema, count: int, ready: Any) -> None:
    """Read, forget, and answer the server's probes; `ready` once everybody is told of what changes."""
    watching = [Client(path) for _ in range(count)]
    for client in watching:
        client.call(monitor_everything(schema, initial=False))
    chosen = selectors.DefaultSelector()
    for client in watching:
        chosen.register(client.socket, selectors.EVENT_READ, client)
    ready.set()
    while True:
        for key, _ in chosen.select():
            key.data.read_on()
