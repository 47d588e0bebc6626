"""Remotes that a database's own rows ask for: what `--remote=db:OVN_Northbound,NB_Global,connections` is to
ovsdb-server, and what `ovn-nbctl set-connection ptcp:6641:127.0.0.1` therefore does.

    follower = ConnectionFollower(server, store, "NB_Global", "connections")
    await follower.start()

The rows that the column refers to say where to listen and whom to call, and on which terms; what has become of it is
written into their `is_connected` and `status` some seconds later, as ovsdb-server does. A remote that cannot be
listened on is tried again. A remote that is open for another reason (an option of the command line) is left as it is;
the row is told so if it asks for stricter terms. Keys and certificates for `pssl:` and `ssl:` are the server's, or
those that the row's `ssl` column names (`ovn-nbctl set-ssl`), with its protocols and ciphers.

Not here: that row's `bootstrap_ca_cert`. Whom a server believes is not for its first client to say: without a CA
certificate nothing is opened, and the row is told so.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from msgspec.structs import replace

from brume.ovsdb.columns import Column
from brume.ovsdb.server.caller import Caller
from brume.ovsdb.server.entrance import Entrance, Terms
from brume.ovsdb.server.server import Server
from brume.ovsdb.store import Store, StoredTable
from brume.ovsdb.tls import Strength, TlsFiles, contexts
from brume.ovsdb.wire.remotes import Remote, RemoteError, parse_remote
from brume.tables.changes import ChangeSet
from brume.tables.database import Transaction
from brume.tables.map import Map

SECONDS_TO_STATUS = 2.5
SECONDS_TO_RETRY = 1.0
SHORTEST_PROBE = 1000
"""Milliseconds; who asks for less (or for less than nothing) means this, to Open vSwitch too."""


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
        self._tls: tuple[TlsFiles, Strength] | None = None
        self._followed = {found.row_type for found in (self._rows, self._owner, self._ssl) if found is not None}
        self._seconds_to_status = seconds_to_status
        self._is_following = False
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._status: asyncio.TimerHandle | None = None
        self._opened: dict[str, tuple[Terms, Remote]] = {}
        self.problems: dict[str, str] = {}
        """Targets that are not open, and why."""

    async def start(self) -> None:
        """Open what the rows ask for, now and from now on."""
        self._is_following = True
        self._store.database.subscribe(self._take)
        await self._follow()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Follow no more, and close what only the rows asked for."""
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

    def wanted(self) -> dict[str, tuple[str, Terms]]:
        """What the rows ask for, by target, each with the uuid of its row."""
        found = {}
        for owner in self._owner.rows():
            for uuid in _references(self._store, self._column, owner):
                row = self._rows.row(uuid)
                if row is not None:
                    found[row.target] = (uuid, _terms(row))
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
        tls, self._tls = self._tls, self._tls_asked_for()
        for target, (before, remote) in list(self._opened.items()):
            now = wanted.get(target)
            other_tls = remote.is_tls and tls != self._tls
            if now is None or other_tls or (now.read_only, now.role) != (before.read_only, before.role):
                del self._opened[target]
                await self._server.shut(remote)
            elif now != before:
                self._opened[target] = (now, remote)
                self._server.entrances[remote].change_terms(now)
        self.problems = {target: reason for target, reason in self.problems.items() if target in wanted}
        for target, terms in wanted.items():
            if target not in self._opened:
                await self._open(target, terms)
        self._schedule_status()

    def _tls_asked_for(self) -> tuple[TlsFiles, Strength] | None:
        for owner in self._owner.rows() if self._ssl is not None else ():
            row = self._ssl.row(owner.ssl) if self._ssl is not None and owner.ssl is not None else None
            if row is not None:
                files = TlsFiles(row.private_key, row.certificate, row.ca_cert)
                return files, Strength(row.ssl_protocols, row.ssl_ciphers)
        return None

    async def _open(self, target: str, terms: Terms) -> None:
        try:
            remote = parse_remote(target)
            known = self._server.entrances.get(remote)
            if known is not None and not known.terms.are_as_strict_as(terms):
                raise OSError(f"{target}: open already, on other terms")
            tls = contexts(*self._tls) if remote.is_tls and self._tls is not None else None
            entrance = known or await self._server.open(remote, terms, tls=tls)
        except (RemoteError, OSError) as error:
            self.problems[target] = str(error)
            return
        self.problems.pop(target, None)
        entrance.on_change = self._schedule_status
        if known is None:
            self._opened[target] = (terms, remote)

    # what has become of it

    def _schedule_status(self) -> None:
        if self._status is None and self._is_following:
            self._status = asyncio.get_running_loop().call_later(self._seconds_to_status, self._write_status)

    def _write_status(self) -> None:
        self._status = None
        transaction = Transaction(self)
        for target, (uuid, _) in self.wanted().items():
            row = self._rows.row(uuid)
            entrance = self._entrance(target)
            status = self._status_of(target, entrance)
            connected = entrance is not None and bool(entrance.connections)
            if row.is_connected != connected or row.status != status:
                transaction.put(replace(row, is_connected=connected, status=status))
            if isinstance(entrance, Caller):  # which says for how many seconds
                self._schedule_status()
        self._store.database.apply(transaction)

    def _entrance(self, target: str) -> Entrance | None:
        try:
            return None if target in self.problems else self._server.entrances.get(parse_remote(target))
        except RemoteError:  # of a row that has just come
            return None

    def _status_of(self, target: str, entrance: Entrance | None) -> Map[str, str]:
        if entrance is not None:
            return Map(entrance.status())
        problem = self.problems.get(target)
        return Map({"last_error": problem} if problem else {})


def _references(store: Store, column: Column, row: Any) -> tuple[str, ...]:
    if column.relation is not None:
        return store.database.members(column.relation, row.key())
    value = getattr(row, column.attribute)
    if isinstance(value, frozenset):
        return tuple(value)
    return () if value is None else (value,)


def _terms(row: Any) -> Terms:
    """Columns that only some schemas have are as good as not set."""
    probe = row.inactivity_probe and max(row.inactivity_probe, SHORTEST_PROBE)
    return Terms(getattr(row, "read_only", False), getattr(row, "role", "") or "", probe, row.max_backoff)
