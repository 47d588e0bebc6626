"""Remotes that are listened on: ptcp, pssl, punix.

Rule: a unix socket that somebody listens on is not taken from them, nor is a file that is no socket.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import stat
from collections.abc import Iterator
from contextlib import suppress

from brume.ovsdb.server.entrance import ANY_TERMS, Entrance, Terms
from brume.ovsdb.server.host import Host
from brume.ovsdb.server.output import DEFAULT_LIMITS, Limits
from brume.ovsdb.server.sockets import Connection
from brume.ovsdb.wire.remotes import Remote


class Listener(Entrance):
    """A socket that is listened on."""

    def __init__(
        self,
        host: Host,
        remote: Remote,
        terms: Terms = ANY_TERMS,
        *,
        tls: ssl.SSLContext | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        super().__init__(host, remote, terms, limits=limits)
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._inode: tuple[int, int] | None = None
        self._count = 0

    async def start(self) -> None:
        """Listen; OSError if that is not possible."""
        loop = asyncio.get_running_loop()
        if self.remote.is_unix:
            found = _unix_socket(self.remote.path)
            status = os.stat(self.remote.path)
            self._inode = (status.st_dev, status.st_ino)
            self._server = await loop.create_unix_server(lambda: Connection(self), sock=found, backlog=100)
            return
        if self.remote.is_tls and self._tls is None:
            raise OSError(f"{self.remote}: no private key, certificate and CA certificate are given")
        self._server = await loop.create_server(
            lambda: Connection(self),
            self.remote.host or "0.0.0.0",
            self.remote.port,
            ssl=self._tls if self.remote.is_tls else None,
            backlog=100,
        )

    @property
    def port(self) -> int:
        """The port that is listened on; 0 for a unix socket."""
        if self._server is None or self.remote.is_unix:
            return 0
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def stop(self) -> None:
        """Listen no more, and hang up on those who came this way."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.end()
        if self._inode is not None:
            with suppress(OSError):
                status = os.stat(self.remote.path)
                if (status.st_dev, status.st_ino) == self._inode:
                    os.unlink(self.remote.path)

    def name_of(self, peer: object) -> str:
        """The address that a client came from, or its number."""
        self._count += 1
        host, port = peer[:2] if isinstance(peer, tuple) else ("", self._count)
        return f"{self.remote.kind[1:]}:{host}{':' if host else ''}{port}"

    def status(self) -> Iterator[tuple[str, str]]:
        """How many clients there are. The zeros stand for nothing, and ovsdb-server writes them too."""
        yield "sec_since_connect", "0"
        yield "sec_since_disconnect", "0"
        if len(self.connections) > 1:
            yield "n_connections", str(len(self.connections))
        if self.port:
            yield "bound_port", str(self.port)


def _unix_socket(path: str) -> socket.socket:
    """A bound socket that only its owner can connect to, in the place of one that nobody listens on any more."""
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(path)
        os.fchmod(found.fileno(), 0o600)  # on Linux what is bound has this mode from the beginning
        found.bind(path)
    except BaseException:
        found.close()
        raise
    return found


def _remove_stale(path: str) -> None:
    """Take away a socket that refuses whoever connects. All else stays, and binding says that the address is taken."""
    with suppress(FileNotFoundError):
        if stat.S_ISSOCK(os.lstat(path).st_mode):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller, suppress(OSError):
                caller.setblocking(False)
                if caller.connect_ex(path) == errno.ECONNREFUSED:
                    os.unlink(path)
