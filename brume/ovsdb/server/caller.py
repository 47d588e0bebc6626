"""A remote that is called: we connect to it, and serve who is there as if it had come to us.

    caller = Caller(host, parse_remote("tcp:192.0.2.7:6640"))
    await caller.start()

That is how a database behind a firewall is reached from outside. A connection that cannot be made, or ends, is made
again after a pause (`backoff.py`), for ever. The session is a new one each time: who was called and hung up has given
up its monitors and locks.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Iterator
from contextlib import suppress

from brume.ovsdb.server.backoff import SHORTEST, Backoff
from brume.ovsdb.server.entrance import ANY_TERMS, Entrance, Peer, Terms
from brume.ovsdb.server.host import Host
from brume.ovsdb.server.session import Session
from brume.ovsdb.server.sockets import Connection
from brume.ovsdb.wire.remotes import Remote

SECONDS_TO_SHUT_DOWN = 1.0
"""What a peer has to say goodbye in TLS."""


class Caller(Entrance):
    """A remote that is called until it answers, and again when it has hung up."""

    def __init__(
        self, host: Host, remote: Remote, terms: Terms = ANY_TERMS, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self._backoff = Backoff()
        self._hurry = asyncio.Event()
        super().__init__(host, remote, terms)
        self.problem = ""
        """Why the last call failed, if it did."""
        self._tls = tls
        self._task: asyncio.Task[None] | None = None
        self._is_calling = False
        self._gone: asyncio.Future[None] | None = None
        self._since: int | None = None
        self._until: int | None = None

    def change_terms(self, terms: Terms) -> None:
        """Other terms; a shorter longest pause also shortens the one that is under way."""
        super().change_terms(terms)
        self._backoff = self._backoff.limited(terms.longest_pause)
        self._hurry.set()

    async def start(self) -> None:
        """Begin to call; OSError if that can never succeed."""
        if self.remote.is_tls and self._tls is None:
            raise OSError(f"{self.remote}: no private key, certificate and CA certificate are given")
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"calls {self.remote}")

    async def stop(self) -> None:
        """Call no more, and hang up."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        for connection in list(self.connections):
            connection.end()

    async def _run(self) -> None:
        while True:
            await self._wait()
            await self._call()
            self.on_change()

    async def _wait(self) -> None:
        began = self._host.now()
        while (left := began + self._backoff.pause - self._host.now()) > 0:
            self._hurry.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), left / 1000)

    async def _call(self) -> None:
        """One connection, from the call to its end."""
        self._gone = asyncio.get_running_loop().create_future()
        self._is_calling = True
        try:
            async with asyncio.timeout(max(self._backoff.pause, SHORTEST) / 1000):
                await self._connect()
        except (OSError, TimeoutError) as error:
            self.problem = _why(error)
            self._backoff = self._backoff.failed()
            for connection in list(self.connections):  # answered in the moment in which we gave up
                connection.end()
            return
        finally:
            self._is_calling = False
        await self._gone

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        if self.remote.is_unix:
            await loop.create_unix_connection(lambda: Connection(self), self.remote.path)
            return
        context = self._tls if self.remote.is_tls else None
        shutdown = SECONDS_TO_SHUT_DOWN if context is not None else None
        await loop.create_connection(
            lambda: Connection(self), self.remote.host, self.remote.port, ssl=context, ssl_shutdown_timeout=shutdown
        )

    def name_of(self, peer: object) -> str:
        """Who is called has the name that it is called by."""
        return str(self.remote)

    def connected(self, connection: Peer, transport: asyncio.BaseTransport) -> Session:
        """The call was answered."""
        self.problem = ""
        self._since = self._host.now()
        return super().connected(connection, transport)

    def lost(self, connection: Peer) -> None:
        """It is over."""
        session = self.connections.get(connection)
        self._until = self._host.now()
        if session is not None and self._since is not None:
            self._backoff = self._backoff.lived(session.heard - self._since)
        super().lost(connection)
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)

    def status(self) -> Iterator[tuple[str, str]]:
        """How the call is going, and which locks who is there has."""
        now = self._host.now()
        session = next(iter(self.connections.values()), None)
        yield "state", self._state(session)
        if self._since is not None:
            yield "sec_since_connect", str((now - self._since) // 1000)
        if self._until is not None:
            yield "sec_since_disconnect", str((now - self._until) // 1000)
        if self.problem:
            yield "last_error", self.problem
        if session is not None:
            for kind, names in self._host.locks.standing(session.claims.values()).items():
                if names:
                    yield f"locks_{kind}", " ".join(names)

    def _state(self, session: Session | None) -> str:
        if session is None:
            return "CONNECTING" if self._is_calling else "BACKOFF"
        return "IDLE" if session.is_asked else "ACTIVE"


def _why(error: OSError) -> str:
    if isinstance(error, TimeoutError) and not error.errno:
        return "Connection timed out"
    if isinstance(error, ssl.SSLError) or not error.errno:
        return str(error)
    return os.strerror(error.errno)
