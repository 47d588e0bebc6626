"""The edge: a host and the remotes by which clients come, on an event loop.

server = Server(host_on(loop), tls=contexts(files))
await server.open(parse_remote("ptcp:6641:127.0.0.1"))
await server.open(parse_remote("punix:/run/brume/nb.sock"))     # mode 0600: tools run by the same user
await server.open(parse_remote("ssl:192.0.2.7:6640"), Terms(role="ovn-controller"))
await server.close()
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from brume.ovsdb.server.caller import Caller
from brume.ovsdb.server.entrance import ANY_TERMS, Entrance, Terms
from brume.ovsdb.server.host import Host
from brume.ovsdb.server.listener import Listener
from brume.ovsdb.tls import TlsContexts
from brume.ovsdb.wire.remotes import Remote
from brume.values.uuids import random_uuid


def host_on(loop: asyncio.AbstractEventLoop) -> Host:
    """A host whose clock and timers are an event loop's, and whose faults are told to the loop's handler."""

    def timer(milliseconds: int, function: Callable[[], None]) -> Callable[[], None]:
        return loop.call_later(milliseconds / 1000, function).cancel

    def report(error: Exception) -> None:
        loop.call_exception_handler({"message": "OVSDB server: a fault while a client was served", "exception": error})

    return Host(new_uuid=random_uuid, now=lambda: int(loop.time() * 1000), timer=timer, report=report)


class Server:
    """A host and its entrances."""

    def __init__(
        self, host: Host, *, tls: TlsContexts | None = None, make_tls: Callable[[], TlsContexts] | None = None
    ) -> None:
        """`make_tls` makes what `tls` is when the first remote needs it, if none is given."""
        self.host = host
        self.tls = tls
        self._make_tls = make_tls
        self.entrances: dict[Remote, Entrance] = {}

    async def open(self, remote: Remote, terms: Terms = ANY_TERMS, *, tls: TlsContexts | None = None) -> Entrance:
        """Listen on a remote too, or call it; with `tls` if it is given, else with the server's."""
        if remote in self.entrances:
            return self.entrances[remote]
        entrance = self._entrance(remote, terms, tls)
        await entrance.start()
        self.entrances[remote] = entrance
        return entrance

    def _entrance(self, remote: Remote, terms: Terms, tls: TlsContexts | None) -> Entrance:
        if remote.is_tls and tls is None:
            if self.tls is None and self._make_tls is not None:
                self.tls = self._make_tls()
            tls = self.tls
        if remote.passive:
            return Listener(self.host, remote, terms, tls=tls.listening if tls is not None else None)
        return Caller(self.host, remote, terms, tls=tls.calling if tls is not None else None)

    async def shut(self, remote: Remote) -> None:
        """Listen on a remote no more, or call it no more."""
        entrance = self.entrances.pop(remote, None)
        if entrance is not None:
            await entrance.stop()

    async def close(self) -> None:
        """Listen no more, and end all sessions."""
        for remote in list(self.entrances):
            await self.shut(remote)
        self.host.close()
