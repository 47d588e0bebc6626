"""The edge: sockets that clients connect to, and the octets between them and their sessions.

    server = Server(host_on(loop), tls=context)
    await server.open(parse_remote("ptcp:6641:127.0.0.1"))
    await server.open(parse_remote("punix:/run/brume/nb.sock"))     # mode 0600: tools run by the same user
    await server.close()

Rules: nothing is decided here; a client that does not read is not received from either, and its session decides how
long it may stay. A unix socket that somebody listens on is not taken from them, nor is a file that is no socket.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import stat
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from brume.ovsdb.server.host import Host
from brume.ovsdb.server.output import DEFAULT_LIMITS, Limits
from brume.ovsdb.server.session import PROBE, Session
from brume.ovsdb.wire.remotes import Remote
from brume.values.uuids import random_uuid

WRITE_BUFFER = 256 << 10
PIECES_OF_A_TURN = 16
"""What one client is sent before others have their turn: a piece of a dump takes a millisecond to make."""


def host_on(loop: asyncio.AbstractEventLoop) -> Host:
    """A host whose clock and timers are an event loop's, and whose faults are told to the loop's handler."""

    def timer(milliseconds: int, function: Callable[[], None]) -> Callable[[], None]:
        return loop.call_later(milliseconds / 1000, function).cancel

    def report(error: Exception) -> None:
        loop.call_exception_handler({"message": "OVSDB server: a fault while a client was served", "exception": error})

    return Host(new_uuid=random_uuid, now=lambda: int(loop.time() * 1000), timer=timer, report=report)


class Connection(asyncio.Protocol):
    """One client's socket."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._transport: asyncio.Transport | None = None
        self._session: Session | None = None
        self._paused = False
        self._receiving = False
        self._scheduled = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER)
        self._session = self._listener.connected(self, transport.get_extra_info("peername"))
        self._session.on_output = self._wake
        self._session.on_close = self.end
        self._session.backlog = self._transport.get_write_buffer_size

    def data_received(self, data: bytes) -> None:
        if self._session is None or self._session.closed:
            return
        self._receiving = True
        self._session.receive(data)
        self._receiving = False
        self.flush()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self.flush()

    def connection_lost(self, _: Exception | None) -> None:
        if self._session is not None:
            self._session.close()
            self._listener.lost(self)
        self._transport = self._session = None

    def end(self) -> None:
        """Hang up; what the client does not take at once is lost."""
        if self._transport is not None:
            self._write()
            if self._paused or self._transport.get_write_buffer_size():
                self._transport.abort()
            else:
                self._transport.close()

    def _wake(self) -> None:
        if not self._scheduled and not self._receiving:
            self._scheduled = True
            self._listener.wake(self)

    def _write(self) -> None:
        assert self._session is not None
        assert self._transport is not None
        take, left = self._session.output.take, PIECES_OF_A_TURN
        while not self._paused and (piece := take()) is not None:
            self._transport.write(piece)
            left -= 1
            if not left:
                self._wake()
                return

    def flush(self) -> None:
        """Write what the client is to read, and do what waited for that."""
        self._scheduled = False
        session, transport = self._session, self._transport
        if session is None or transport is None or session.closed:
            return
        self._write()
        while session.output.slow and session.output.empty and not self._paused:
            session.drained()
            self._write()
        if session.busy == transport.is_reading():
            (transport.pause_reading if session.busy else transport.resume_reading)()


class Listener:
    """A socket that is listened on."""

    def __init__(
        self,
        host: Host,
        remote: Remote,
        *,
        tls: ssl.SSLContext | None = None,
        read_only: bool = False,
        probe: int | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.remote = remote
        self.read_only = read_only
        self.connections: dict[Connection, Session] = {}
        self.on_change: Callable[[], None] = lambda: None
        """Called when a client has come or gone."""
        self._host = host
        self._tls = tls
        self._limits = limits
        self._server: asyncio.Server | None = None
        self._inode: tuple[int, int] | None = None
        self._count = 0
        self._awake: list[Connection] = []
        self.set_probe(probe)

    def set_probe(self, probe: int | None) -> None:
        """After how many milliseconds of silence clients are asked; 0 never, None as usual."""
        self.probe: int = (PROBE if self.remote.needs_probes else 0) if probe is None else probe
        for session in self.connections.values():
            session.set_probe(self.probe)

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
        """The port that is listened on; 0 of a unix socket."""
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

    def wake(self, connection: Connection) -> None:
        """There is something to write: soon, for all such connections at once, behind the answer to who caused it."""
        self._awake.append(connection)
        if len(self._awake) == 1:
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        awake, self._awake = self._awake, []
        for connection in awake:
            connection.flush()

    def connected(self, connection: Connection, peer: object) -> Session:
        """A client came."""
        self._count += 1
        host, port = peer[:2] if isinstance(peer, tuple) else ("", self._count)
        name = f"{self.remote.kind[1:]}:{host}{':' if host else ''}{port}"
        session = self._host.connect(name, read_only=self.read_only, probe=self.probe, limits=self._limits)
        self.connections[connection] = session
        self.on_change()
        return session

    def lost(self, connection: Connection) -> None:
        """A client went."""
        self.connections.pop(connection, None)
        self.on_change()


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


class Server:
    """A host and the remotes it listens on."""

    def __init__(
        self, host: Host, *, tls: ssl.SSLContext | None = None, make_tls: Callable[[], ssl.SSLContext] | None = None
    ) -> None:
        """`make_tls` makes what `tls` is when the first remote needs it, if none is given."""
        self.host = host
        self.tls = tls
        self._make_tls = make_tls
        self.listeners: dict[Remote, Listener] = {}

    async def open(
        self,
        remote: Remote,
        *,
        read_only: bool = False,
        probe: int | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> Listener:
        """Listen on a remote too; with `tls` if it is given, else with the server's."""
        if not remote.passive:
            raise OSError(f"{remote}: only ptcp, pssl and punix are listened on")
        if remote in self.listeners:
            return self.listeners[remote]
        if remote.is_tls and tls is None and self.tls is None and self._make_tls is not None:
            self.tls = self._make_tls()
        listener = Listener(self.host, remote, tls=tls or self.tls, read_only=read_only, probe=probe)
        await listener.start()
        self.listeners[remote] = listener
        return listener

    async def shut(self, remote: Remote) -> None:
        """Listen on a remote no more."""
        listener = self.listeners.pop(remote, None)
        if listener is not None:
            await listener.stop()

    async def close(self) -> None:
        """Listen no more, and end all sessions."""
        for remote in list(self.listeners):
            await self.shut(remote)
        self.host.close()
