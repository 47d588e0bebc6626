"""One connection of a client's session: octets between a socket and the session, timers, and why it ended.

    link = await open_link(session, remote, tls=context, begun=..., happened=...)
    leave = await link.ended                a `Leave`, or None if the server hung up; raises what a listener raised
    link.hang_up()

Not here: which server to connect to, and when again (`connection.py`).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

from brume.ovsdb.client.events import Event, Leave
from brume.ovsdb.client.session import Session
from brume.ovsdb.wire.remotes import Remote


class Link(asyncio.Protocol):
    """A socket that a session talks over."""

    def __init__(
        self,
        session: Session,
        remote: Remote,
        *,
        begun: Callable[[Link], None],
        happened: Callable[[list[Event]], None],
    ) -> None:
        self.remote = remote
        self._session = session
        self._begun, self._happened = begun, happened
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self.ended: asyncio.Future[Leave | None] = self._loop.create_future()

    @property
    def is_open(self) -> bool:
        """Whether the connection is there, and of use."""
        return self._transport is not None and not self.ended.done()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class
        self._begun(self)
        self._session.connected(self._loop.time())
        self.send()
        self._tick()

    def data_received(self, data: bytes) -> None:
        self._guarded(lambda: self._happened(self._session.receive(data, self._loop.time())))

    def connection_lost(self, exc: Exception | None) -> None:
        self.leave(None)

    def send(self) -> None:
        """Send what the session has to say."""
        octets = self._session.output()
        if octets and self._transport is not None:
            self._transport.write(octets)

    def leave(self, leave: Leave | None) -> None:
        """This connection is no longer wanted, or no longer there."""
        if not self.ended.done():
            self.ended.set_result(leave)

    def hang_up(self) -> None:
        """Be done with this connection."""
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.abort()

    def _tick(self) -> None:
        self._guarded(lambda: self._session.tick(self._loop.time()))
        at = self._session.next_tick
        if at is not None and not self.ended.done():
            self._timer = self._loop.call_at(at, self._tick)

    def _guarded(self, step: Callable[[], None]) -> None:
        if self.ended.done():
            return
        try:
            step()
            self.send()
        except Leave as leave:
            self.leave(leave)
        except Exception as error:  # a listener's: who waits for the end is told
            self.ended.set_exception(error)


async def open_link(
    session: Session,
    remote: Remote,
    *,
    tls: ssl.SSLContext | None,
    begun: Callable[[Link], None],
    happened: Callable[[list[Event]], None],
) -> Link:
    """Connect to a remote; OSError if that is not possible."""
    loop = asyncio.get_running_loop()

    def make() -> Link:
        return Link(session, remote, begun=begun, happened=happened)

    if remote.is_unix:
        _, link = await loop.create_unix_connection(make, remote.path)
        return link
    if remote.is_tls and tls is None:
        raise ssl.SSLError("no certificates given for ssl:")
    _, link = await loop.create_connection(make, remote.host, remote.port, ssl=tls if remote.is_tls else None)
    return link
