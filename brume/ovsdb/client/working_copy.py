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
  - A column that the server changes is changed here, unless we have written it and the server has not answered for it
    yet; what we have deleted does not come back, and what we have inserted does not go, before that. What the server
    tells meanwhile may be of our own earlier changes.
  - One proposal is under way at a time; what changes meanwhile goes with the next. One that was lost with the
    connection is compared again with what the server then has.
  - Of a refused proposal only what cannot stay is taken back here (`parts.py` finds it), so whoever made it sees it
    gone; before the next proposal there is a pause.
  - With a lock, nothing is sent while the lock is somebody else's.
  - A row whose class gives it no uuid until somebody else writes one (`given_uuid`) is known by the uuid it derives.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from brume.ovsdb.client.connection import Client
from brume.ovsdb.client.events import Event, LockChanged, Synchronized
from brume.ovsdb.client.parts import Parts, Side, joined
from brume.ovsdb.client.transaction import Outcome, Proposal, Verdict
from brume.ovsdb.client.unsent import NOTHING, Key, Unsent, merged
from brume.ovsdb.columns import uuid_field
from brume.tables.changes import ChangeSet
from brume.tables.collector import without_collector
from brume.tables.database import Database, Transaction
from brume.tables.row import Relation, Row

log = logging.getLogger(__name__)

REMEMBERED = 20
"""Refusals that can be looked at afterwards."""
PAUSE = 1.0
"""Seconds after a refused proposal: long enough not to load the server with something that it will not take."""


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
        self._own: dict[Key, Row] = {}
        """Rows here that carry no uuid, by the one they derive."""
        self._columns: dict[type[Row], frozenset[str]] = {}
        self._unsent = Unsent()
        self._under_way = Unsent()
        """Sent, and not answered yet; of a refused proposal all that no part is answered for."""
        self._parts = Parts()
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
            place = (row_type, str(key))
            if old is None:
                self._unsent.arrived(place, sent=False)
                self._under_way.arrived(place, sent=True)
            if place not in self._own:
                self._merge(transaction, place, new)
            elif old is not None:  # else it is ours that has arrived
                self._unsent.rows.setdefault(place, NOTHING)
        for member, added in changes.members:
            if member not in self._unsent.members and member not in self._under_way.members:
                transaction.members[member] = added
        self._apply(transaction)
        self._send_soon()

    def _apply(self, transaction: Transaction) -> None:
        """Have here what the server says. A listener that fails ends neither the connection nor what others hear."""
        try:
            self.database.apply(transaction)
        except Exception as error:
            message = f"a listener of {self.database.name} failed"
            asyncio.get_running_loop().call_exception_handler({"message": message, "exception": error})

    def _merge(self, transaction: Transaction, place: Key, there: Row | None) -> None:
        """Have a row as the server has it now, but for what we have written and it has not answered for."""
        row_type, uuid = place
        here = self.database.get(row_type, uuid)
        writes = [unanswered.rows[place] for unanswered in (self._unsent, self._under_way) if place in unanswered.rows]
        if there is None:
            if here is not None and not self._unsent.rows.get(place, NOTHING).inserted:
                transaction.delete(row_type, uuid)
        elif here is not None:
            transaction.put(merged(here, there, writes))
        elif not writes:
            transaction.put(there)

    # to the server

    def _changed_here(self, changes: ChangeSet) -> None:
        """Remember what to compare; nothing of what the server itself has told."""
        if self.database.author is self:
            return
        twins = Transaction(author=self)
        for row_type, _, old, new in changes.rows:
            if row_type in self._derived:
                self._note_own(old, new, twins)
            elif row_type in self._kinds:
                self._unsent.note((row_type, str((new or old).key())), old, new)  # type: ignore[union-attr]
        for member, _ in changes.members:
            if member.relation.owner in self._owners:
                self._unsent.members[member] = None
        if twins.rows:
            self._apply(twins)
        self._send_soon()

    def _note_own(self, old: Any, new: Any, twins: Transaction) -> None:
        """A row of a class without uuids: our own has the uuid it derives, another's the one it was given.

        What another had written, and is now written here too, is here once, as our own: its twin goes.
        """
        if old is not None:
            key = (type(old), old.uuid)
            if self._own.get(key) is old:
                del self._own[key]
            self._unsent.note(key, old, new)
        if new is not None:
            key = (type(new), new.uuid)
            if new.given_uuid is None:
                self._own[key] = new
                if self.database.get(*key) is not None:
                    twins.delete(*key)
            self._unsent.note(key, old, new)

    def _send_soon(self) -> None:
        if self._task is None and self._unsent and self._may_send():
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
        refused = False
        while (self._parts or self._unsent) and self._may_send():
            if self._parts:
                changes = self._parts.next()
            else:
                changes, self._unsent = self._unsent, Unsent()
                self._under_way = joined([changes])
            outcome = await self._propose(changes)
            if outcome is None:
                self._has_answer(changes)
            elif outcome.verdict is Verdict.REFUSED:
                refused = self._take_back(changes, outcome) or refused
            elif outcome.committed:
                self._has_answer(changes)
                self._settle(changes)
            else:
                self._start_over()
                if outcome.verdict is Verdict.LOST:
                    return
            if refused and not self._parts:
                refused = False
                await self._sleep(self._pause)
        self._start_over()

    async def _propose(self, changes: Unsent) -> Outcome | None:
        """What becomes of the changes; None if the server has them."""
        with without_collector():
            proposal = self._proposal(changes)
        if not proposal:
            return None
        if self.lock is not None:
            proposal.assert_lock(self.lock)
        return await self.client.propose(proposal)

    def _take_back(self, changes: Unsent, refusal: Outcome) -> bool:
        """What was refused is taken back, if it has no parts to be tried; whether it was."""
        there = Side(self._replica.get, self._replica)
        if self._parts.halve(changes, Side(self._here, self.database), there):
            return False
        log.error("%s: the server refuses a transaction: %s", self.database.name, refusal.error)
        self.refusals.append(refusal)
        del self.refusals[:-REMEMBERED]
        self._has_answer(changes)
        self._settle(changes)
        return True

    def _has_answer(self, changes: Unsent) -> None:
        self._parts.done()
        self._under_way.forget(changes)

    def _start_over(self) -> None:
        """What has no answer is compared again, as a whole."""
        self._parts.clear()
        self._unsent.absorb(self._under_way)
        self._under_way = Unsent()

    def _proposal(self, changes: Unsent) -> Proposal:
        proposal = Proposal(self.client.replica)
        for row_type, uuid in changes.rows:
            self._propose_row(proposal, row_type, uuid)
        for relation, parent, child in changes.members:
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

    def _settle(self, answered: Unsent) -> None:
        """The server has answered: what it has now is what there is, but for what was changed here meanwhile."""
        transaction = Transaction(author=self)
        for key in answered.rows:
            if key not in self._unsent.rows:
                self._take(transaction, *key)
            elif key not in self._own:
                self._merge(transaction, key, self._replica.get(*key))
        for member in answered.members:
            if member not in self._unsent.members:
                transaction.members[member] = member.child in self._replica.pairs(member.relation).children.get(
                    member.parent, ()
                )
        self._apply(transaction)

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


@cache
def relations(row_type: Any) -> list[Relation]:
    """The columns of a row class that are kept as relations."""
    return [value for value in vars(row_type).values() if isinstance(value, Relation)]
