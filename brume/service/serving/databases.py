"""NB and SB of one network, served together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from brume.ovsdb.store import Store
from brume.service.network import COMPILER_LOCK, LogicalNetwork
from brume.service.serving.endpoint import Endpoint, Tls
from brume.service.serving.files import open_database
from brume.service.serving.places import NORTHBOUND_PORT, SOUTHBOUND_PORT, Place, places
from brume.service.serving.tls import OwnTls


class Choice(NamedTuple):
    """How one database is served: its unix socket, its remotes (none: the usual port), its file if it has one."""

    socket: Path
    remotes: Sequence[str] = ()
    file: Path | None = None


class Databases:
    """The endpoints of a network's NB and SB. Made before the network starts, so that what files hold is there then."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        network: LogicalNetwork,
        northbound: Choice | None,
        southbound: Choice | None,
        authority: Path,
    ) -> None:
        """BadFile, or ValueError for a remote. A database that is at a server elsewhere has no choice here (None);
        `authority` is the directory of the keys for pssl: remotes."""
        self._tls = OwnTls(authority)
        where = [places(choice.remotes, port) if choice is not None else () for choice, port in (
            (northbound, NORTHBOUND_PORT),
            (southbound, SOUTHBOUND_PORT),
        )]  # fmt: skip
        lock = COMPILER_LOCK if network.compiles else None
        self._endpoints: list[Endpoint] = []
        if northbound is not None:
            self._endpoints.append(_endpoint(loop, network.northbound_store, northbound, where[0], self._tls.contexts))
        if southbound is not None:
            store = network.southbound_store
            self._endpoints.append(_endpoint(loop, store, southbound, where[1], self._tls.contexts, lock))

    async def open(self) -> None:
        """Listen; CannotListen if that is not possible where it was asked for."""
        for endpoint in self._endpoints:
            await endpoint.open()

    def status(self) -> Iterator[str]:
        """Where they are reached, and what is wrong."""
        for endpoint in self._endpoints:
            yield from endpoint.status()
        yield from self._tls.status()

    async def close(self) -> None:
        """Hang up, and close their files."""
        for endpoint in self._endpoints:
            await endpoint.close()


def _endpoint(
    loop: asyncio.AbstractEventLoop,
    store: Store,
    choice: Choice,
    where: Sequence[Place],
    tls: Tls,
    lock: str | None = None,
) -> Endpoint:
    file = open_database(choice.file, store) if choice.file is not None else None
    return Endpoint(loop, store, choice.socket, where, tls=tls, file=file, lock=lock)
