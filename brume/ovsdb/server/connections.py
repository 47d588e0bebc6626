"""Remotes that a database's own rows ask for: what `--remote=db:OVN_Northbound,NB_Global,connections` is to
ovsdb-server, and what `ovn-nbctl set-connection ptcp:6641:127.0.0.1` therefore does.

    follower = ConnectionFollower(server, store, "NB_Global", "connections")
    await follower.start()

The rows that the column refers to say where to listen; what has become of it is written into their `is_connected` and
`status` some seconds later, as ovsdb-server does. A remote that cannot be listened on is tried again. A remote that
is listened on for another reason (an option of the command line) is left as it is. Keys and certificates for `pssl:`
are the server's, or those that the row's `ssl` column names (`ovn-nbctl set-ssl`).

Left out, and said so in `status`: remotes to connect to (`tcp:`, `ssl:`), and roles (no RBAC here: a remote that asks
for a role is not opened, rather than opened to everybody). Protocols and ciphers of an `ssl` row are not looked at.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, NamedTuple

from msgspec.structs import replace

from brume.ovsdb.columns import Column
from brume.ovsdb.server.listener import Listener, Server
from brume.ovsdb.store import Store, StoredTable
from brume.ovsdb.tls import TlsFiles, server_context
from brume.ovsdb.wire.remotes import Remote, RemoteError, parse_remote
from brume.tables.changes import ChangeSet
from brume.tables.database import Transaction
from brume.tables.map import Map

SECONDS_TO_STATUS = 2.5
SECONDS_TO_RETRY = 1.0
SHORTEST_PROBE = 1000
"""Milliseconds; who asks for less (or for less than nothing) means this, to Open vSwitch too."""


class Wanted(NamedTuple):
    """What a row asks for."""

    target: str
    probe: int | None = None
    read_only: bool = False
    role: str = ""


class ConnectionFollower:
    """The remotes of one column of one table."""

    def __init__(
        self, server: Server, store: Store, table: str, column: str, *, seconds_to_status: float = SECONDS_TO_STATUS
    ) -> None:
        self._server = server
        self._store = store
        self._owner = store.tables[table]
        self._column = self._owner.columns[column]
        target = self._column.type.key.table
        if target is None:
            raise ValueError(f"column {column} of table {table} refers to no table")
        self._rows: StoredTable = store.tables[target]
        ssl = self._owner.columns.get("ssl")
        self._ssl = store.tables[ssl.type.key.table] if ssl is not None and ssl.type.key.table else None
        self._files: TlsFiles | None = None
        self._followed = {found.row_type for found in (self._rows, self._owner, self._ssl) if found is not None}
        self._seconds_to_status = seconds_to_status
        self._is_following = False
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._status: asyncio.TimerHandle | None = None
        self._opened: dict[str, tuple[Wanted, Remote]] = {}
        self.problems: dict[str, str] = {}
        """Targets that are not listened on, and why."""

    async def start(self) -> None:
        """Listen where the rows say, now and from now on."""
        self._is_following = True
        self._store.database.subscribe(self._take)
        await self._follow()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Follow no more, and listen no more where only the rows asked for it."""
        self._is_following = False
        self._store.database.unsubscribe(self._take)
        if self._status is not None:
            self._status.cancel()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        for _, remote in self._opened.values():
            await self._server.shut(remote)
        self._opened = {}

    def wanted(self) -> dict[str, tuple[str, Wanted]]:
        """What the rows ask for, by target, each with the uuid of its row."""
        found = {}
        for owner in self._owner.rows():
            for uuid in _references(self._store, self._column, owner):
                row = self._rows.row(uuid)
                if row is not None:
                    found[row.target] = (uuid, _wanted(row))
        return found

    def _take(self, changes: ChangeSet) -> None:
        if any(change.row_type in self._followed for change in changes.rows) or any(
            member.relation is self._column.relation for member, _ in changes.members
        ):
            self._changed.set()

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), SECONDS_TO_RETRY if self.problems else None)
            await self._follow()

    async def _follow(self) -> None:
        """Close what is not asked for any more, open what is."""
        self._changed.clear()
        wanted = {target: one for target, (_, one) in self.wanted().items()}
        files, self._files = self._files, self._tls_files()
        for target, (before, remote) in list(self._opened.items()):
            now = wanted.get(target)
            other_files = remote.is_tls and files != self._files
            if now is None or other_files or (now.read_only, now.role) != (before.read_only, before.role):
                del self._opened[target]
                await self._server.shut(remote)
            elif now.probe != before.probe:
                self._opened[target] = (now, remote)
                self._server.listeners[remote].set_probe(now.probe)
        self.problems = {target: reason for target, reason in self.problems.items() if target in wanted}
        for target, one in wanted.items():
            if target not in self._opened:
                await self._open(one)
        self._schedule_status()

    def _tls_files(self) -> TlsFiles | None:
        for owner in self._owner.rows() if self._ssl is not None else ():
            row = self._ssl.row(owner.ssl) if self._ssl is not None and owner.ssl is not None else None
            if row is not None:
                return TlsFiles(row.private_key, row.certificate, row.ca_cert)
        return None

    async def _open(self, wanted: Wanted) -> None:
        target = wanted.target
        try:
            remote = parse_remote(target)
            if wanted.role:
                raise OSError(f"{target}: roles are not supported")
            known = self._server.listeners.get(remote)
            tls = server_context(self._files) if remote.is_tls and self._files is not None else None
            listener = known or await self._server.open(remote, read_only=wanted.read_only, probe=wanted.probe, tls=tls)
        except (RemoteError, OSError) as error:
            self.problems[target] = str(error)
            return
        self.problems.pop(target, None)
        listener.on_change = self._schedule_status
        if known is None:
            self._opened[target] = (wanted, remote)

    # what has become of it

    def _schedule_status(self) -> None:
        if self._status is None and self._is_following:
            self._status = asyncio.get_running_loop().call_later(self._seconds_to_status, self._write_status)

    def _write_status(self) -> None:
        self._status = None
        transaction = Transaction(self)
        for target, (uuid, _) in self.wanted().items():
            row = self._rows.row(uuid)
            listener = self._listener(target)
            status = self._status_of(target, listener)
            connected = listener is not None and bool(listener.connections)
            if row.is_connected != connected or row.status != status:
                transaction.put(replace(row, is_connected=connected, status=status))
        self._store.database.apply(transaction)

    def _listener(self, target: str) -> Listener | None:
        try:
            return self._server.listeners.get(parse_remote(target))
        except RemoteError:
            return None

    def _status_of(self, target: str, listener: Listener | None) -> Map[str, str]:
        if listener is None:
            problem = self.problems.get(target)
            return Map({"last_error": problem} if problem else {})
        found = {}
        if len(listener.connections) > 1:
            found["n_connections"] = str(len(listener.connections))
        if listener.port:
            found["bound_port"] = str(listener.port)
        return Map(found)


def _references(store: Store, column: Column, row: Any) -> tuple[str, ...]:
    if column.relation is not None:
        return store.database.members(column.relation, row.key())
    value = getattr(row, column.attribute)
    if isinstance(value, frozenset):
        return tuple(value)
    return () if value is None else (value,)


def _wanted(row: Any) -> Wanted:
    """Columns that only some schemas have are as good as not set."""
    probe = row.inactivity_probe and max(row.inactivity_probe, SHORTEST_PROBE)
    return Wanted(row.target, probe, getattr(row, "read_only", False), getattr(row, "role", "") or "")
