"""One database as it is served: its transactions, its file, who watches it, and what it was a while ago.

Order: a change set goes to the file, into the history, to the monitors; only then is the transaction answered. If the
file cannot be written, a client's transaction is undone and refused with `I/O error`, and no monitor hears of it; what
a compiler changed stays (`storage_problem` says so), and the storage writes everything anew the next time.

While nobody watches, what a compiler changed is gathered for the file, a moment long. It is written before anybody can
see it: before the next transaction of a client is run, before the next monitor is made. So what a client was told is in
the file, always.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Protocol

from brume.ovsdb.data import Json
from brume.ovsdb.errors import OvsdbError
from brume.ovsdb.server.changes import Gatherer, Moment, RowDelta
from brume.ovsdb.server.conditions import Condition, between
from brume.ovsdb.server.groups import Group, Monitor, Reader, group_key
from brume.ovsdb.server.history import History
from brume.ovsdb.server.waiting import Timer, Waiting
from brume.ovsdb.server.watching import INSERT, Selection
from brume.ovsdb.store import Store
from brume.ovsdb.transact import ListenerFailed, Outcome, transact
from brume.ovsdb.wire.messages import Raw, print_json
from brume.tables.changes import ChangeSet
from brume.tables.database import Transaction

Report = Callable[[Exception], None]
"""Is told of what went wrong here and is no client's fault."""


class Storage(Protocol):
    """Where change sets are kept."""

    def append(self, changes: ChangeSet, *, comment: str = "", durable: bool = False) -> None:
        """Keep a change set; raises OSError if it cannot."""
        ...

    def later(self, changes: ChangeSet) -> None:
        """Keep it with what is kept next, or when told to."""
        ...

    def flush(self) -> None:
        """Keep what was to be kept later; raises OSError if it cannot."""
        ...


GATHERED = 100
"""Milliseconds for which what a compiler does is gathered, to be written as one record."""


class Served:
    """One database of a server."""

    def __init__(
        self, store: Store, storage: Storage | None, *, new_uuid: Callable[[], str], timer: Timer, report: Report
    ) -> None:
        self.store = store
        self.name = store.schema.name
        self.schema = Raw(print_json(store.schema.to_json()))
        self.history = History(new_uuid)
        self.waiting: dict[Waiting, None] = {}
        self.storage_problem = ""
        """Why the file is behind, if it is."""
        self._storage = storage
        self._new_uuid = new_uuid
        self._timer = timer
        self._report = report
        self._groups: dict[Any, Group] = {}
        self._by_table: dict[str, dict[Group, None]] = {}
        self._gatherer: Gatherer | None = None
        self._annotation: tuple[str, bool] | None = None
        """Comment and durability of the transaction that is being committed for a client."""
        self._failure: tuple[OSError, ChangeSet] | None = None
        """Why the client's transaction could not be kept, and what it has changed."""
        self._held: ChangeSet | None = None
        """What could not be kept, and is to be undone before anybody hears of it."""
        self._undoing = False
        self._retrying = False
        self._gathering: Callable[[], None] | None = None
        """Takes back the timer that writes what was gathered."""
        self._is_known = False
        """Whether any client was ever told an id of the history: who comes back, comes back with one."""
        store.database.subscribe(self._take)

    def close(self) -> None:
        """Serve it no more."""
        self._write_gathered()
        self.store.database.unsubscribe(self._take)

    # transactions

    def transact(self, request: list[Json], *, locks: Collection[str], read_only: bool, elapsed: int = 0) -> Outcome:
        """Run a client's transaction."""
        self._write_gathered()
        self._annotation = _annotation(request)
        self._failure = None
        try:
            outcome = transact(
                self.store, request, new_uuid=self._new_uuid, locks=locks, read_only=read_only, elapsed=elapsed
            )
        except ListenerFailed as failed:
            self._report(failed)
            outcome = failed.outcome
        finally:
            self._annotation = None
        if self._failure is None:
            return outcome
        failure, changes = self._failure
        self._undo(changes)
        error = OvsdbError("I/O error", f"{self.name}: write failed: {failure.strerror or failure}")
        return Outcome([*outcome.results, error.to_json()])

    def _undo(self, changes: ChangeSet) -> None:
        transaction = Transaction()
        for row_type, key, old, _ in changes.rows:
            if old is None:
                transaction.delete(row_type, key)
            else:
                transaction.put(old)
        for member, added in changes.members:
            (transaction.remove if added else transaction.add)(*member)
        self._undoing, self._held = self._held is not None, None
        try:
            self.store.database.apply(transaction)
        except Exception as error:  # a listener's, who has been told; the client is to hear that it is undone
            self._report(error)
        finally:
            self._undoing = False

    def _take(self, changes: ChangeSet) -> None:
        """A change set was applied, whoever made it."""
        annotation, self._annotation = self._annotation, None
        if self._undoing:
            self._undoing = False  # what others do in answer to it is not undone
            return
        if self._storage is not None and not self._keep(self._storage, changes, annotation):
            self._held = changes
            return
        happened: tuple[ChangeSet, ...] = (changes,)
        if self._held is not None:  # somebody has answered to it already: now it cannot be kept from the others
            happened, self._held = (self._held, changes), None
        previous = self.history.last_id
        for one in happened if self._is_known else ():
            self.history.add(one)
        if self._gatherer is not None:
            self._tell(happened, previous)
        if self.waiting and not self._retrying:
            self._retrying = True
            self._timer(0, self._retry)

    def _keep(self, storage: Storage, changes: ChangeSet, annotation: tuple[str, bool] | None) -> bool:
        if annotation is None and self._gatherer is None:
            storage.later(changes)
            if self._gathering is None:
                self._gathering = self._timer(GATHERED, self._write_gathered)
            return True
        comment, durable = annotation or ("", False)
        try:
            storage.append(changes, comment=comment, durable=durable)
        except OSError as error:
            self.storage_problem = str(error)
            if annotation is not None:
                self._failure = error, changes
                return False
        else:
            self.storage_problem = ""
        return True

    def _write_gathered(self) -> None:
        """Before anybody sees it; if it cannot be written, what comes next has it written anew."""
        if self._gathering is None or self._storage is None:
            return
        self._gathering()
        self._gathering = None
        try:
            self._storage.flush()
        except OSError as error:
            self.storage_problem = str(error)
        else:
            self.storage_problem = ""

    def _retry(self) -> None:
        """Try the transactions that wait; each change they make has them tried again."""
        self._retrying = False
        for waiting in list(self.waiting):
            if waiting in self.waiting:
                waiting.run()

    # monitors

    def _tell(self, happened: tuple[ChangeSet, ...], previous: str) -> None:
        assert self._gatherer is not None
        moment = Moment(self.store, self.store.database.untold())
        deltas = self._gatherer.gather(happened, moment)
        concerned = {group: None for name in deltas for group in self._by_table.get(name, ())}
        for group in concerned:
            group.tell(deltas, self.history.last_id, previous)

    def watch(self, reader: Reader, identity: Json, version: int, selections: dict[str, Selection]) -> Monitor:
        """A new monitor; it is told of what happens from now on."""
        self._write_gathered()
        self._is_known = True
        monitor = Monitor(reader, identity, version, self._group(selections, is_old=version == 1))
        monitor.group.monitors[monitor] = None
        return monitor

    def unwatch(self, monitor: Monitor) -> None:
        """The monitor is told nothing more."""
        group = monitor.group
        group.monitors.pop(monitor, None)
        if not group.monitors and self._groups.get(group.key) is group:
            del self._groups[group.key]
            self._unwatch_tables(group)

    def _group(self, selections: dict[str, Selection], *, is_old: bool) -> Group:
        key = group_key(selections, is_old=is_old)
        found = self._groups.get(key)
        if found is None:
            found = self._groups[key] = Group(self.store, selections, is_old=is_old)
            self._watch_tables(found)
        return found

    def _watch_tables(self, group: Group) -> None:
        before = len(self._by_table)
        for name in group.watches:
            self._by_table.setdefault(name, {})[group] = None
        if len(self._by_table) != before:
            self._gatherer = Gatherer(self.store, self._by_table)

    def _unwatch_tables(self, group: Group) -> None:
        before = len(self._by_table)
        for name in group.watches:
            del self._by_table[name][group]
            if not self._by_table[name]:
                del self._by_table[name]
        if len(self._by_table) != before:
            self._gatherer = Gatherer(self.store, self._by_table) if self._by_table else None

    def updates_since(self, monitor: Monitor, last_id: str) -> bytes | None:
        """What a monitor has to be told that knows everything up to a transaction of the history."""
        missed = self.history.since(last_id)
        if not missed:
            return None
        gatherer = Gatherer(self.store, monitor.group.watches)
        return monitor.group.updates(gatherer.gather(missed, Moment(self.store)))

    def catch_up(self, monitor: Monitor) -> bool:
        """Tell a monitor what it missed; False if that is not known any more."""
        behind = monitor.behind
        if behind is None:
            return True
        if not self.history.knows(behind):
            return False
        monitor.behind = None
        updates = self.updates_since(monitor, behind)
        if updates is not None:
            monitor.reader.send(monitor.message(updates, self.history.last_id))
        return True

    def change_conditions(self, monitor: Monitor, changes: dict[str, Condition]) -> bytes | None:
        """Let a monitor see other rows; the updates that tell it which ones come and go."""
        if monitor.version == 1:
            return None
        before = monitor.group
        after = {
            name: one._replace(condition=changes.get(name, one.condition)) for name, one in before.selections.items()
        }
        self.unwatch(monitor)
        monitor.group = self._group(after, is_old=False)
        monitor.group.monitors[monitor] = None
        found: dict[str, Json] = {}
        for name in changes:
            rows = self._coming_and_going(before, monitor.group, name)
            if rows:
                found[name] = rows
        return print_json(found) if found else None

    def _coming_and_going(self, before: Group, after: Group, name: str) -> dict[str, Json]:
        was, watch = before.watches[name].selection.condition, after.watches[name]
        condition, kinds = watch.selection.condition, watch.selection.kinds
        found: dict[str, Json] = {}
        if was.key == condition.key:
            return found
        moment = Moment(self.store)
        candidates = between(was, condition)
        for row in watch.table.rows():
            if not candidates.sees(row, moment):
                continue
            seen, sees = was.sees(row, moment), condition.sees(row, moment)
            if seen and not sees:
                made = before.watches[name].update2(RowDelta(moment, row, None))
            elif sees and not seen and kinds & INSERT:
                made = watch.update2(RowDelta(moment, None, row))
            else:
                continue
            if made is not None:
                found[row.uuid] = made
        return found


def _annotation(request: list[Json]) -> tuple[str, bool]:
    """The comments of a transaction, and whether it is to be on disk before it is answered."""
    comments, durable = [], False
    for operation in request[1:]:
        if isinstance(operation, dict):
            kind = operation.get("op")
            if kind == "comment":
                comments.append(str(operation.get("comment", "")))
            elif kind == "commit" and operation.get("durable") is True:
                durable = True
    return "\n".join(comments), durable
