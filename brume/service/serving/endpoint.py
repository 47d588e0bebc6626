"""One database's sockets: opened when there is something to be seen, closed before its file is.

From the beginning changes go to the file; the server is imported and made when the endpoint opens, which is after a
cloud answers its API.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from brume.ovsdb.storage.file import DatabaseFile
from brume.ovsdb.store import Store
from brume.ovsdb.tls import TlsContexts, TlsError
from brume.ovsdb.wire.remotes import Remote
from brume.service.serving.files import EarlyWriter, compact_now_and_then
from brume.service.serving.places import Place

if TYPE_CHECKING:
    from brume.ovsdb.server.connections import ConnectionFollower
    from brume.ovsdb.server.entrance import Entrance
    from brume.ovsdb.server.served import Served
    from brume.ovsdb.server.server import Server

log = logging.getLogger(__name__)

LONGEST_ADDRESS = 100
"""Octets of a path that a unix socket may have, with some to spare (sun_path has 108)."""
Tls = Callable[[], TlsContexts]
"""Makes the contexts of pssl: and ssl: remotes."""


class CannotListen(Exception):
    """A place that was asked for cannot be listened on."""


class Endpoint:
    """A database, where clients reach it, and the file it is kept in."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        store: Store,
        socket: Path,
        places: Sequence[Place],
        *,
        tls: Tls,
        file: DatabaseFile | None = None,
        lock: str | None = None,
    ) -> None:
        """From here on changes of the store go to the file; nobody is listened to before `open`. `lock` is one that we
        have in the place of a client, as long as we serve, unless somebody steals it."""
        self.name = store.schema.name
        self._loop = loop
        self._store = store
        self._socket = socket
        self._places = places
        self._tls = tls
        self._lock = lock
        self._file = file
        self._early = None if file is None else EarlyWriter(file)
        self._compacting = None if file is None else loop.create_task(compact_now_and_then(file))
        self._directory: int | None = None
        self._refused: list[str] = []
        self._served: Served | None = None
        self._server: Server | None = None
        self._follower: ConnectionFollower | None = None

    def tell_lock(self, method: str, name: str) -> None:
        """The lock was stolen, or has come back."""
        log.warning("%s: the lock %s was %s", self.name, name, method if method == "stolen" else "given back to us")

    async def open(self) -> None:
        """Listen everywhere, and call; CannotListen if that is not possible where it was asked for."""
        from brume.ovsdb.server.connections import ConnectionFollower
        from brume.ovsdb.server.server import Server, host_on

        host = host_on(self._loop)
        if self._early is not None:
            self._early.stop()
        self._served = host.add(self._store, self._file)
        if self._lock is not None:
            host.locks.claim(self, self._lock, steal=False)
        server = self._server = Server(host, make_tls=self._tls)
        try:
            await server.open(self._unix())
        except OSError as error:
            raise CannotListen(f"{self.name}: cannot listen on {self._socket}: {_reason(error)}") from error
        for place in self._places:
            await self._open(server, place)
        self._follower = ConnectionFollower(server, self._store, _SETTINGS[self.name], "connections")
        await self._follower.start()

    async def _open(self, server: Server, place: Place) -> None:
        try:
            await server.open(place.remote)
        except OSError as error:
            why = f"cannot listen on {place.remote}: {_reason(error)}"
            if place.asked:
                raise CannotListen(f"{self.name}: {why}") from error
            log.warning("%s: %s; it is on its unix socket only", self.name, why)
            self._refused.append(why)

    def _unix(self) -> Remote:
        path = str(self._socket)
        if len(os.fsencode(path)) > LONGEST_ADDRESS:
            self._directory = os.open(self._socket.parent, os.O_RDONLY | os.O_DIRECTORY)
            path = f"/proc/self/fd/{self._directory}/{self._socket.name}"
        return Remote("punix", path=path)

    def remotes(self) -> list[str]:
        """Where clients may connect: `tcp:127.0.0.1:6641`."""
        found = [one for one in self._entrances() if one.remote.passive]
        first = [f"unix:{self._socket}"] if found else []  # the first one, by a name that its clients can use
        return [*first, *(_seen_from_here(one.remote, one.port) for one in found[1:])]

    def _entrances(self) -> list[Entrance]:
        return [] if self._server is None else list(self._server.entrances.values())

    def status(self) -> Iterator[str]:
        """Where it is reached, and what is wrong."""
        yield f"{self.name}: {' '.join(self.remotes())}"
        for one in self._entrances():
            if not one.remote.passive:
                yield f"{self.name}: calls {one.remote}: {_state(one)}"
        for why in self._refused:
            yield f"{self.name}: {why}"
        for target, why in self._follower.problems.items() if self._follower is not None else ():
            yield f"{self.name}: cannot open {target}: {why}"
        if self._served is not None and self._served.storage_problem:
            yield f"{self.name}: not written to its file: {self._served.storage_problem}"

    async def close(self) -> None:
        """Hang up, and close the file."""
        if self._compacting is not None:
            self._compacting.cancel()
            await asyncio.gather(self._compacting, return_exceptions=True)
        if self._follower is not None:
            await self._follower.stop()
        if self._server is not None:
            await self._server.close()
        if self._directory is not None:
            os.close(self._directory)
        if self._early is not None:
            self._early.stop()
        if self._file is not None:
            self._file.close()


_SETTINGS = {"OVN_Northbound": "NB_Global", "OVN_Southbound": "SB_Global"}
"""The table whose row says where else to listen (`ovn-nbctl set-connection`)."""


def _reason(error: OSError) -> str:
    return str(error) if isinstance(error, TlsError) or not error.errno else os.strerror(error.errno)


def _state(entrance: Entrance) -> str:
    status = dict(entrance.status())
    return status.get("last_error") or ("connected" if entrance.connections else "not connected yet")


def _seen_from_here(remote: Remote, port: int) -> str:
    if remote.is_unix:
        return f"unix:{remote.path}"
    return str(Remote(remote.kind[1:], remote.host or "127.0.0.1", port))
