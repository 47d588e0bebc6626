"""One database as it is served: the transactions of its clients, and in which order others hear of a change.

Order: a change set goes to the file, into the history, to the monitors; only then is the transaction answered. If the
file cannot be written, a client's transaction is undone and refused with `I/O error`, and no monitor hears of it; what
a compiler changed stays (`storage_problem` says so), and the storage writes everything anew the next time.

Not here: when the file is written (`keeping.py`), and who is told what (`watchers.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from brume.ovsdb.data import Json
from brume.ovsdb.errors import OvsdbError
from brume.ovsdb.permissions import ANYBODY, Identity
from brume.ovsdb.server.changes import Happened
from brume.ovsdb.server.groups import Monitor, Reader
from brume.ovsdb.server.keeping import Annotation, Keeper, Storage, annotation_of
from brume.ovsdb.server.waiting import Timer, Waiting
from brume.ovsdb.server.watchers import Watchers
from brume.ovsdb.server.watching import Selection
from brume.ovsdb.store import Store
from brume.ovsdb.transact import ListenerFailed, Outcome, transact
from brume.ovsdb.wire.messages import Raw, print_json
from brume.tables.changes import ChangeSet
from brume.tables.database import Transaction

Report = Callable[[Exception], None]
"""Is told of what went wrong here and is no client's fault."""
_A_COMPILERS = Annotation()


class Served:
    """One database of a server."""

    def __init__(
        self, store: Store, storage: Storage | None, *, new_uuid: Callable[[], str], timer: Timer, report: Report
    ) -> None:
        self.store = store
        self.name = store.schema.name
        self.schema = Raw(print_json(store.schema.to_json()))
        self.watchers = Watchers(store, new_uuid)
        self.waiting: dict[Waiting, None] = {}
        self._keeper = Keeper(storage, timer)
        self._new_uuid = new_uuid
        self._timer = timer
        self._report = report
        self._annotation: Annotation | None = None
        """Of the transaction that is being committed for a client."""
        self._failure: tuple[OSError, ChangeSet] | None = None
        """Why the client's transaction could not be kept, and what it has changed."""
        self._held: Happened | None = None
        """What could not be kept, and is to be undone before anybody hears of it."""
        self._undoing = False
        self._retrying = False
        store.database.subscribe(self._take)

    @property
    def storage_problem(self) -> str:
        """Why the file is behind, if it is."""
        return self._keeper.problem

    def close(self) -> None:
        """Serve it no more."""
        self._keeper.flush()
        self.store.database.unsubscribe(self._take)

    def watch(self, reader: Reader, identity: Json, version: int, selections: dict[str, Selection]) -> Monitor:
        """A new monitor; it is told of what happens from now on."""
        self._keeper.flush()
        return self.watchers.watch(reader, identity, version, selections)

    def transact(
        self,
        request: list[Json],
        *,
        locks: Collection[str],
        read_only: bool,
        identity: Identity = ANYBODY,
        elapsed: int = 0,
    ) -> Outcome:
        """Run a client's transaction."""
        self._keeper.flush()
        self._annotation = annotation_of(request)
        self._failure = None
        try:
            outcome = transact(
                self.store,
                request,
                new_uuid=self._new_uuid,
                locks=locks,
                read_only=read_only,
                identity=identity,
                elapsed=elapsed,
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
        happened = Happened(changes.rows, changes.members, self.store.ended_versions)
        if not self._keep(changes, annotation):
            self._held = happened
            return
        held, self._held = self._held, None
        # if something is held back, somebody has answered to it already: now it cannot be kept from the others
        self.watchers.tell((happened,) if held is None else (held, happened))
        if self.waiting and not self._retrying:
            self._retrying = True
            self._timer(0, self._retry)

    def _keep(self, changes: ChangeSet, annotation: Annotation | None) -> bool:
        if annotation is None and not self.watchers:
            self._keeper.gather(changes)
            return True
        failure = self._keeper.keep(changes, annotation or _A_COMPILERS)
        if failure is None or annotation is None:
            return True
        self._failure = failure, changes
        return False

    def _retry(self) -> None:
        """Try the transactions that wait; each change they make has them tried again."""
        self._retrying = False
        for waiting in list(self.waiting):
            if waiting in self.waiting:
                waiting.run()
