"""One client of an OVSDB server that says exactly what a test tells it to say. A helper, not a test.

    peer = WirePeer(socket_path)
    peer.send({"id": 1, "method": "echo", "params": []})
    peer.settle()             # everything that the server had to say until now, in its order

It knows JSON-RPC (RFC 7047, section 4) and nothing of databases, so that it can also be wrong. The server is asked
over a unix socket; reading waits for the server, never for a clock.
"""

from __future__ import annotations

import codecs
import json
import socket
import time
from itertools import count
from pathlib import Path
from typing import Any

Json = Any
PATIENCE = 20.0
"""Seconds after which a server that says nothing is a failure, not a slow one."""


class HungUp(ConnectionError):
    """The server ended the connection."""


class WirePeer:
    """One connection; messages come out as they came in."""

    def __init__(self, path: Path | str | socket.socket) -> None:
        """`path` is that of the server's socket, or a connection to it."""
        self._socket = path if isinstance(path, socket.socket) else socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE)
        if not isinstance(path, socket.socket):
            try:
                self._socket.connect(str(path))
            except OSError:
                self._socket.close()
                raise
        self._received = ""
        self._text = codecs.getincrementaldecoder("utf-8")()
        self._decoder = json.JSONDecoder()
        self._barriers = count()
        self._numbers = count()

    def send(self, message: Json) -> None:
        """Send one message, whatever it is."""
        self.send_octets(json.dumps(message, ensure_ascii=False).encode())

    def send_octets(self, octets: bytes) -> None:
        """Send octets that need not be a message."""
        self._socket.sendall(octets)

    def receive(self) -> Json:
        """The next message; an inactivity probe of the server is answered and not told."""
        while True:
            message = self._next()
            if message.get("method") != "echo":
                return message
            self.send({"id": message["id"], "result": message["params"], "error": None})

    def settle(self) -> list[Json]:
        """Everything the server says before it answers an `echo` sent now."""
        barrier = f"settled {next(self._barriers)}"
        self.send({"id": barrier, "method": "echo", "params": []})
        found = []
        while True:
            message = self.receive()
            if message.get("id") == barrier:
                return found
            found.append(message)

    def until_reply(self, number: Json) -> list[Json]:
        """Everything the server says up to the reply to this request, the reply being the last."""
        found = [self.receive()]
        while "method" in found[-1] or found[-1]["id"] != number:
            found.append(self.receive())
        return found

    def ask(self, method: str, *params: Json) -> Json:
        """The reply to one request; what comes before it is not kept."""
        number = f"asked {next(self._numbers)}"
        self.send({"id": number, "method": method, "params": list(params)})
        return self.until_reply(number)[-1]

    def result(self, method: str, *params: Json) -> Json:
        """The result of a request that must succeed."""
        reply = self.ask(method, *params)
        if reply["error"] is not None:
            raise ValueError(reply["error"])
        return reply["result"]

    def hung_up(self) -> bool:
        """True when the server ends the connection, whatever it says before; waits for it."""
        try:
            while True:
                self._next()
        except (HungUp, ConnectionError):
            return True
        except TimeoutError:
            return False

    def finish_sending(self) -> None:
        """Say that nothing more will be sent."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def _next(self) -> Json:
        while True:
            self._received = self._received.lstrip()
            if self._received:
                try:
                    message, end = self._decoder.raw_decode(self._received)
                except json.JSONDecodeError:
                    pass
                else:
                    self._received = self._received[end:]
                    return message
            data = self._socket.recv(1 << 20)
            if not data:
                raise HungUp("the server hung up")
            self._received += self._text.decode(data)


def connect_when_there(path: Path) -> WirePeer:
    """Connect to a server that is being started."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return WirePeer(path)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
