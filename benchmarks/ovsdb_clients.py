"""Lean clients of an OVSDB server over its unix socket, so that the server is measured and not the client.

Requests are encoded before the clock starts, and only the answer of a timed request is decoded, after it stopped.
"""

from __future__ import annotations

import multiprocessing
import re
import selectors
import socket
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from benchmarks.ovsdb_load import DATABASE

Json = Any
PATIENCE = 20.0
BLOCK = 1 << 20
_ECHO = re.compile(rb'\{[^{}]*"method":\s*"echo"[^{}]*\}')
_ANSWER = b'{"id":"echo","result":[],"error":null}'


class Request:
    """A request, encoded, and what its answer ends with or begins with."""

    __slots__ = ("octets",)

    def __init__(self, method: str, parameters: Json) -> None:
        self.octets = msgspec.json.encode({"id": 1, "method": method, "params": parameters})


def transaction(operations: list[Json]) -> Request:
    """A `transact` of the northbound."""
    return Request("transact", [DATABASE, *operations])


def monitor_everything(tables: list[str]) -> Request:
    """What a client's replica asks for first."""
    return Request("monitor_cond_since", [DATABASE, "m", {table: [{}] for table in tables}, str(UUID(int=0))])


class Client:
    """One connection, one request at a time."""

    def __init__(self, path: Path) -> None:
        self._socket = connect(path)

    def call(self, request: Request) -> tuple[Json, float, int]:
        """The result, the seconds until all of it was here, and how many octets it has."""
        start = time.perf_counter()
        self._socket.sendall(request.octets)
        parts: list[bytes] = []
        while True:
            parts.append(self._socket.recv(BLOCK))
            if not parts[-1]:
                raise ConnectionError("the server hung up")
            if not parts[-1].endswith(b"}"):
                continue
            end = time.perf_counter()
            octets = _ECHO.sub(self._answer_echo, b"".join(parts)) if b'"echo"' in parts[0] else b"".join(parts)
            try:
                answer = msgspec.json.decode(octets)
            except msgspec.DecodeError:
                parts = [octets]
                continue
            if answer.get("error"):
                raise ValueError(answer["error"])
            return answer["result"], end - start, len(octets)

    def _answer_echo(self, _: re.Match[bytes]) -> bytes:
        self._socket.sendall(_ANSWER)
        return b""

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


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

    def __init__(self, path: Path, request: Request, count: int) -> None:
        self._ready = multiprocessing.Event()
        arguments = (path, request.octets, count, self._ready)
        self._process = multiprocessing.Process(target=_watch, args=arguments, daemon=True)
        self._process.start()
        if not self._ready.wait(PATIENCE * 6):
            raise TimeoutError("the watchers have not got their first answer")

    def close(self) -> None:
        """All of them hang up."""
        self._process.kill()
        self._process.join()


def _watch(path: Path, request: bytes, count: int, ready: Any) -> None:
    """Read, forget, and answer the server's probes; `ready` once everybody was told what there is."""
    chosen = selectors.DefaultSelector()
    for _ in range(count):
        opened = connect(path)
        opened.sendall(request)
        chosen.register(opened, selectors.EVENT_READ, True)
        _read_first(opened)
    ready.set()
    while True:
        for key, _ in chosen.select():
            found: socket.socket = key.fileobj  # type: ignore[assignment]
            if _ECHO.search(found.recv(BLOCK)):
                found.sendall(_ANSWER)


def _read_first(opened: socket.socket) -> None:
    """Until the whole first answer is here; what comes next is only counted by the server."""
    parts = [opened.recv(BLOCK)]
    opened.settimeout(PATIENCE)
    while not parts[-1].endswith(b"}") or not _is_whole(b"".join(parts)):
        parts.append(opened.recv(BLOCK))


def _is_whole(octets: bytes) -> bool:
    try:
        msgspec.json.decode(octets)
    except msgspec.DecodeError:
        return False
    return True
