"""A working copy: a database of ours that is a server's, with our own changes in it. Both sides write.

    server --Client--> replica --merged--> database <--put, delete-- compiler, chassis
                          ^                    |
                          +---- proposals -----+

    copy = WorkingCopy(client, database)
    await copy.loaded()                       # everything the server has is in `database`
    database.apply(transaction)               # seen here at once, sent to the server soon
    await copy.settled()                      # the server has it, or has refused it

Rules:
  - `database` is always the replica plus what we have changed and the server has not answered yet. So what to send is
    found by comparing the two, under the keys that were touched: nothing else is remembered.
  - A column that the server changes is changed here; our own unsent change of another column of that row stays. What
    we have deleted does not come back, and what we have inserted does not go, before the server has answered for it:
    what it tells meanwhile may be of our own earlier changes.
  - One proposal is under way at a time; what changes meanwhile goes with the next. One that was lost with the
    connection is compared again with what the server then has.
  - A refused change is taken back here, so whoever made it sees it gone; before the next proposal there is a pause.
  - With a lock, nothing is sent while the lock is somebody else's.
  - A row whose class gives it no uuid until somebody else writes one (`given_uuid`) is known by the uuid it derives.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from typing import Any

from msgspec.structs import replace

from brume.ovsdb.client.connection import Client
from brume.ovsdb.client.events import Event, LockChanged, Synchronized
from brume.ovsdb.client.transaction import Outcome, Proposal, Verdict
from brume.ovsdb.collector import without_collector
from brume.ovsdb.columns import uuid_field
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.row import Member, Relation, Row

log = logging.getLogger(__name__)

PAUSE = 1.0
"""Seconds after a refused proposal: long enough not to load the server with something that it will not take."""
_Key = tuple[type[Row], str]
"""A row's class and uuid."""


class WorkingCopy:
    """`database` kept as the server's, and the server's as `database`."""

    def __init__(
        self,
        client: Client,
        database: Database,
        *,
        lock: str | None = None,
        pause: float = PAUSE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.client = client
        self.database = database
        self.lock = lock
        self.refusals: list[Outcome] = []
        """What the server would not have, the latest last."""
        self._replica = client.replica.database
        self._kinds = frozenset(client.replica.row_types)
        self._owners = {row_type.__name__: row_type for row_type in self._kinds}
        self._derived = {row_type for row_type in self._kinds if uuid_field(row_type) != "uuid"}
        self._own: dict[_Key, Row] = {}
        """Rows here that carry no uuid, by the one they derive."""
        self._columns: dict[type[Row], frozenset[str]] = {}
        self._rows: dict[_Key, bool] = {}
        """Rows that were changed here since they were last sent; true: inserted."""
        self._members: dict[Member, None] = {}
        self._under_way: tuple[dict[_Key, bool], dict[Member, None]] = {}, {}
        """The same, sent and not yet answered."""
        self._pause, self._sleep = pause, sleep
        self._task: asyncio.Task[None] | None = None
        self._loaded = asyncio.Event()
        database.subscribe(self._changed_here)
        self._replica.subscribe(self._changed_there)
        client.subscribe(self._event)

    async def loaded(self) -> None:
        """Wait until the server's rows are here for the first time."""
        await self._loaded.wait()

    async def settled(self) -> None:
        """Wait until nothing is left to be sent or answered."""
        while self._task is not None:
            await asyncio.wait([self._task])

    def close(self) -> None:
        """Follow and send no more."""
        self.database.unsubscribe(self._changed_here)
        self._replica.unsubscribe(self._changed_there)
        if self._task is not None:
            self._task.cancel()

    # from the server

    def _event(self, event: Event) -> None:
        if isinstance(event, Synchronized):
            self._columns.clear()
            self._loaded.set()
        if isinstance(event, Synchronized | LockChanged):
            self._send_soon()

    def _changed_there(self, changes: ChangeSet) -> None:
        """Merge what has changed at the server."""
        transaction = Transaction(author=self)
        for row_type, key, old, new in changes.rows:
            if (row_type, key) in self._own:
                if old is not None:  # else it is ours that has arrived
                    self._rows.setdefault((row_type, str(key)), False)
                continue
            here = self.database.get(row_type, key)
            if new is None:
                if here is not None and not self._rows.get((row_type, str(key)), False):
                    transaction.delete(row_type, key)
            elif here is None:
                if not any((row_type, key) in rows for rows in (self._rows, self._under_way[0])):
                    transaction.put(new)
            elif old is not None:
                transaction.put(merged(here, old, new))
        for member, added in changes.members:
            if not any(member in members for members in (self._members, self._under_way[1])):
                transaction.members[member] = added
        self.database.apply(transaction)
        self._send_soon()

    # to the server

    def _changed_here(self, changes: ChangeSet) -> None:
        """Remember what to compare; nothing of what the server itself has told."""
        if self.database.author is self:
            return
        for row_type, _, old, new in changes.rows:
            if row_type in self._derived:
                self._note_own(old, new)
            elif row_type in self._kinds:
                self._note((row_type, str((new or old).key())), old, new)  # type: ignore[union-attr]
        for member, _ in changes.members:
            if member.relation.owner in self._owners:
                self._members[member] = None
        self._send_soon()

    def _note(self, key: _Key, old: Row | None, new: Row | None) -> None:
        self._rows[key] = old is None or (new is not None and self._rows.get(key, False))

    def _note_own(self, old: Any, new: Any) -> None:
        """A row of a class without uuids: our own has the uuid it derives, another's the one it was given."""
        if old is not None:
            key = (type(old), old.uuid)
            if self._own.get(key) is old:
                del self._own[key]
            self._note(key, old, new)
        if new is not None:
            key = (type(new), new.uuid)
            if new.given_uuid is None:
                self._own[key] = new
            self._note(key, old, new)

    def _send_soon(self) -> None:
        if self._task is None and (self._rows or self._members) and self._may_send():
            self._task = asyncio.get_running_loop().create_task(self._send(), name=f"changes of {self.database.name}")
            self._task.add_done_callback(self._sent)

    def _may_send(self) -> bool:
        return self.client.is_synchronized and (self.lock is None or self.client.has_lock(self.lock))

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled():
            task.result()
            self._send_soon()

    async def _send(self) -> None:
        """Send what differs, until nothing does."""
        while (self._rows or self._members) and self._may_send():
            rows, members = self._rows, self._members
            self._rows, self._members = {}, {}
            with without_collector():
                proposal = self._proposal(rows, members)
            if not proposal:
                continue
            if self.lock is not None:
                proposal.assert_lock(self.lock)
            self._under_way = rows, members
            outcome = await self.client.propose(proposal)
            self._under_way = {}, {}
            if outcome.verdict is Verdict.REFUSED:
                log.error("%s: the server refuses a transaction: %s", self.database.name, outcome.error)
                self.refusals.append(outcome)
            if outcome.verdict in (Verdict.REFUSED, Verdict.COMMITTED):
                self._settle(rows, members)
            else:
                for key, inserted in rows.items():
                    self._rows[key] = self._rows.get(key, False) or inserted
                self._members.update(members)
            if outcome.verdict is Verdict.REFUSED:
                await self._sleep(self._pause)
            elif outcome.verdict is Verdict.LOST:
                return

    def _proposal(self, rows: Iterable[_Key], members: Iterable[Member]) -> Proposal:
        proposal = Proposal(self.client.replica)
        for row_type, uuid in rows:
            self._propose_row(proposal, row_type, uuid)
        for member in members:
            relation, parent, child = member
            owner = self._owners[relation.owner]
            here_too = child in self.database.pairs(relation).children.get(parent, ())
            there_too = child in self._replica.pairs(relation).children.get(parent, ())
            stays = all(database.get(owner, parent) is not None for database in (self.database, self._replica))
            if stays and here_too is not there_too:
                (proposal.add if here_too else proposal.remove)(relation, str(parent), child)
        return proposal

    def _propose_row(self, proposal: Proposal, row_type: type[Row], uuid: str) -> None:
        served = self._served(row_type)
        here, there = self._here(row_type, uuid), self._replica.get(row_type, uuid)
        if here is None:
            if there is not None:
                proposal.delete(row_type, uuid)
        elif there is not None:
            proposal.update(here, only=served)
        elif served:
            proposal.insert(here, only=served)
            for relation in relations(row_type):
                if relation.name in served:
                    for child in self.database.pairs(relation).children.get(uuid, ()):
                        proposal.add(relation, uuid, child)

    def _served(self, row_type: Any) -> frozenset[str]:
        """The columns that the server has of a table: an older one has fewer."""
        found = self._columns.get(row_type)
        if found is None:
            tables = self.client.session.schema["tables"]
            found = frozenset(tables.get(row_type.TABLE.name, {}).get("columns", ()))
            self._columns[row_type] = found
        return found

    def _here(self, row_type: type[Row], uuid: str) -> Row | None:
        return self._own.get((row_type, uuid)) or self.database.get(row_type, uuid)

    def _settle(self, rows: Iterable[_Key], members: Iterable[Member]) -> None:
        """The server has answered: what it has now is what there is, but for what was changed here meanwhile."""
        transaction = Transaction(author=self)
        for key in rows:
            if key not in self._rows:
                self._take(transaction, *key)
        for member in members:
            if member not in self._members:
                transaction.members[member] = member.child in self._replica.pairs(member.relation).children.get(
                    member.parent, ()
                )
        self.database.apply(transaction)

    def _take(self, transaction: Transaction, row_type: type[Row], uuid: str) -> None:
        """Have a row as the server has it."""
        there = self._replica.get(row_type, uuid)
        own = self._own.get((row_type, uuid))
        if own is not None:
            if there is None:
                del self._own[row_type, uuid]
                transaction.delete(row_type, own.key())
        elif there is not None:
            transaction.put(there)
        else:
            transaction.delete(row_type, uuid)
            for relation in relations(row_type):
                for child in self.database.pairs(relation).children.get(uuid, ()):
                    transaction.remove(relation, uuid, child)


def merged(here: Row, old: Row, new: Row) -> Row:
    """Our row with the columns that the server has changed from `old` to `new`."""
    if here == old:
        return new
    changed = {name: getattr(new, name) for name in new.__struct_fields__ if getattr(new, name) != getattr(old, name)}
    return replace(here, **changed)


@cache
def relations(row_type: Any) -> list[Relation]:
    """The columns of a row class that are kept as relations."""
    return [value for value in vars(row_type).values() if isinstance(value, Relation)]
