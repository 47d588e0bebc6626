"""NB and SB of one network, served together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from brume.ovsdb.store import Store
from brume.service.network import LogicalNetwork
from brume.service.serving.endpoint import Endpoint
from brume.service.serving.files import open_database
from brume.service.serving.places import NORTHBOUND_PORT, SOUTHBOUND_PORT, Place, places


class Choice(NamedTuple):
    """How one database is served: its unix socket, its remotes (none: the usual port), its file if it has one."""

    socket: Path
    remotes: Sequence[str] = ()
    file: Path | None = None


class Databases:
    """The endpoints of a network's NB and SB. Made before the network starts, so that what files hold is there then."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, network: LogicalNetwork, northbound: Choice, southbound: Choice
    ) -> None:
        """BadFile, or ValueError for a remote."""
        chosen = (
            (northbound, NORTHBOUND_PORT, network.northbound_store),
            (southbound, SOUTHBOUND_PORT, network.southbound_store),
        )
        listened = [places(choice.remotes, port) for choice, port, _ in chosen]
        self._endpoints = [
            _endpoint(loop, store, choice, where) for (choice, _, store), where in zip(chosen, listened, strict=True)
        ]

    async def open(self) -> None:
        """Listen; CannotListen if that is not possible where it was asked for."""
        for endpoint in self._endpoints:
            await endpoint.open()

    def status(self) -> Iterator[str]:
        """Where they are reached, and what is wrong."""
        for endpoint in self._endpoints:
            yield from endpoint.status()

    async def close(self) -> None:
        """Hang up, and close their files."""
        for endpoint in self._endpoints:
            await endpoint.close()


def _endpoint(loop: asyncio.AbstractEventLoop, store: Store, choice: Choice, where: Sequence[Place]) -> Endpoint:
    file = open_database(choice.file, store) if choice.file is not None else None
    return Endpoint(loop, store, choice.socket, where, file=file)
