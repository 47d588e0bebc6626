"""The control protocol, and its client.

One connection, one command: the client sends one line of JSON, `{"command": NAME, "arguments": {...}}`; the cloud
answers with lines of JSON, each with one of the keys

    out     a line for standard output
    data    a value for programs (what `--json` prints)
    piece   base64: a piece of a file
    error   what was wrong, for standard error
    exit    the exit code; always the last line

Closing the connection ends a command that is still running.
"""

from __future__ import annotations

import base64
import os
import socket
from collections.abc import Iterator
from typing import Any

import msgspec

from brume.cli.paths import Paths, socket_address


class NotRunning(Exception):
    """No cloud listens on the control socket of this data directory."""

    def __init__(self, paths: Paths) -> None:
        text = f"no {paths.WHAT} is running with the data directory {paths.directory}; start one with: {paths.START}"
        super().__init__(text)


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of an answer."""

    out: str | None = None
    data: Any = None
    piece: str | None = None
    error: str | None = None
    exit: int | None = None

    def content(self) -> bytes:
        """The bytes of a piece of a file."""
        return base64.b64decode(self.piece or "")


class Request(msgspec.Struct, frozen=True):
    """What the client sends."""

    command: str
    arguments: dict[str, Any] = {}


def connect(paths: Paths) -> socket.socket:
    """A connection to the running cloud; raises NotRunning if there is none."""
    if not paths.control_socket.exists():
        raise NotRunning(paths)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    address, descriptor = socket_address(paths.control_socket)
    try:
        connection.connect(address)
    except (ConnectionRefusedError, FileNotFoundError) as error:
        connection.close()
        raise NotRunning(paths) from error
    finally:
        os.close(descriptor)
    return connection


def call(paths: Paths, order: str, **arguments: Any) -> Iterator[Message]:
    """Run a command in the cloud; yields its messages up to and including the one with the exit code."""
    decoder = msgspec.json.Decoder(Message)
    with connect(paths) as connection:
        connection.sendall(msgspec.json.encode(Request(order, arguments)) + b"\n")
        with connection.makefile("rb") as lines:
            for line in lines:
                message = decoder.decode(line)
                yield message
                if message.exit is not None:
                    return
    yield Message(error=f"the {paths.WHAT} went away before the command ended", exit=1)
