"""One database's sockets: opened when there is something to be seen, closed before its file is."""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from brume.ovsdb.server.listener import Server, host_on
from brume.ovsdb.storage.file import DatabaseFile
from brume.ovsdb.store import Store
from brume.ovsdb.wire.remotes import Remote
from brume.service.serving.files import compact_now_and_then
from brume.service.serving.places import Place

log = logging.getLogger(__name__)

LONGEST_ADDRESS = 100
"""Octets of a path that a unix socket may have, with some to spare (sun_path has 108)."""


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
        file: DatabaseFile | None = None,
        tls: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        """From here on changes of the store go to the file; nobody is listened to before `open`."""
        self.name = store.schema.name
        self._socket = socket
        self._places = places
        self._file = file
        self._tls = tls
        self._host = host_on(loop)
        self._served = self._host.add(store, file)
        self._server = Server(self._host)
        self._directory: int | None = None
        self._compacting = None if file is None else loop.create_task(compact_now_and_then(file))
        self._refused: list[str] = []

    def hold(self, lock: str) -> None:
        """Have a lock in the place of a client: it is ours as long as we serve, unless somebody steals it."""
        self._host.locks.claim(self, lock, steal=False)

    def tell_lock(self, method: str, name: str) -> None:
        """The lock was stolen, or has come back."""
        log.warning("%s: the lock %s was %s", self.name, name, method if method == "stolen" else "given back to us")

    async def open(self) -> None:
        """Listen everywhere; CannotListen if that is not possible where it was asked for."""
        try:
            await self._server.open(self._unix())
            for place in self._places:
                await self._open(place)
        except OSError as error:
            raise CannotListen(f"{self.name}: cannot listen on {self._socket}: {error.strerror or error}") from error

    async def _open(self, place: Place) -> None:
        remote = place.remote
        if remote.is_tls and self._server.tls is None and self._tls is not None:
            self._server.tls = self._tls()
        try:
            await self._server.open(remote)
        except OSError as error:
            why = f"cannot listen on {remote}: {os.strerror(error.errno) if error.errno else error}"
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
        listeners = list(self._server.listeners.values())[1:]  # the first is the unix socket, by a name of its own
        return [f"unix:{self._socket}", *(_seen_from_here(one.remote, one.port) for one in listeners)]

    def status(self) -> Iterator[str]:
        """Where it is reached, and what is wrong."""
        yield f"{self.name}: {' '.join(self.remotes())}"
        for why in self._refused:
            yield f"{self.name}: {why}"
        if self._served.storage_problem:
            yield f"{self.name}: not written to its file: {self._served.storage_problem}"

    async def close(self) -> None:
        """Hang up, and close the file."""
        if self._compacting is not None:
            self._compacting.cancel()
            await asyncio.gather(self._compacting, return_exceptions=True)
        await self._server.close()
        if self._directory is not None:
            os.close(self._directory)
        if self._file is not None:
            self._file.close()


def _seen_from_here(remote: Remote, port: int) -> str:
    if remote.is_unix:
        return f"unix:{remote.path}"
    return str(Remote(remote.kind[1:], remote.host or "127.0.0.1", port))
