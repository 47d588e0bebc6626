"""A database that a server elsewhere keeps (a real ovsdb-server, or another of ours), in the place of an embedded one.

remote = RemoteDatabase("tcp:10.0.0.1:6642", SOUTHBOUND, network.southbound, lock=COMPILER_LOCK)
await remote.open()         # network.southbound is what the server has; what is changed there goes to the server
await remote.close()
"""

from __future__ import annotations

import ssl

from brume.ovsdb.client.connection import Client
from brume.ovsdb.client.replica import Replica
from brume.ovsdb.client.working_copy import WorkingCopy
from brume.ovsdb.schema import Schema
from brume.tables.database import Database


class RemoteDatabase:
    """One database of a server elsewhere, and our working copy."""

    def __init__(
        self,
        remotes: str,
        schema: Schema,
        database: Database,
        *,
        lock: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """ValueError if `remotes` are not some of tcp:, ssl: and unix:, separated by commas."""
        self.client = Client(remotes, Replica(schema), locks=() if lock is None else (lock,), tls=tls)
        self.copy = WorkingCopy(self.client, database, lock=lock)
        self._lock = lock

    def __str__(self) -> str:
        waits = f", and for its lock {self._lock}" if self._lock is not None else ""
        return f"{self.client.replica.schema.name} at {', '.join(map(str, self.client.remotes))}{waits}"

    async def open(self) -> None:
        """Connect, and wait until everything is here, and the lock is ours. ConnectionError if the client fails."""
        self.client.start()
        await self.client.synchronized()
        await self.copy.loaded()
        if self._lock is not None:
            await self.client.locked(self._lock)

    async def close(self) -> None:
        """Hang up; the lock is free then."""
        self.copy.close()
        await self.client.close()

    def status(self) -> str:
        """For people: where we are connected, or why not."""
        waits = self._lock is not None and self.client.is_synchronized and not self.client.has_lock(self._lock)
        said = f"{self.client.replica.schema.name}: {self.client.status}"
        return f"{said}; another compiler has the lock {self._lock}" if waits else said
