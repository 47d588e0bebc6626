"""The compiler of the first arrow: keeps OVN_Northbound equal to what the rules make of the cloud's rows.

    compiler = NorthboundCompiler(Database("OVN_Northbound"), settings)
    compiler.load(store)              everything that is there, as one change
    store.listen(compiler.follow)     and from then on each commit
    compiler.put_right(now)           whatever others have changed of it, when `on_touch` says so

The cloud's rows are kept in memory as they are in SQL: a `tables.Database` of the kinds that rules read. Loading and
following are the same: rows are put, the engine runs what read them. A compiler that was away just loads again.

The northbound may hold rows from before (read from a file) and rows written by hand (`hands`). What is the rules' is
made true at the first load and put right ever after; what is the hand's stays, but for what cannot be without a
derived row that goes (`ovsdb.consequences`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cached_property

from brume.cloud.network.settings import DEFAULT, NetworkSettings
from brume.cloud.resource import Resource
from brume.cloud.store.engine import Store
from brume.cloud.store.journal import Commit
from brume.derive.engine import Engine, OnFault, Reason
from brume.derive.keeper import Correction, Keeper
from brume.northbound.from_cloud.facts import Cloud
from brume.northbound.from_cloud.rules import KINDS, RULES
from brume.northbound.hands import Hands, belongs, is_free, is_free_member, remove_stale
from brume.northbound.schema import NORTHBOUND
from brume.ovsdb.consequences import Consequences
from brume.ovsdb.store import Store as OvsdbStore
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.row import Member, Row


class NorthboundCompiler:
    """Derives `northbound` from the cloud."""

    def __init__(
        self,
        northbound: Database,
        settings: NetworkSettings = DEFAULT,
        on_fault: OnFault | None = None,
        store: Callable[[], OvsdbStore] | None = None,
    ) -> None:
        """`store` gives the northbound as clients see it, if there is one already when it is first needed."""
        self.cloud = Database("cloud")
        self.northbound = northbound
        self.engine = Engine((self.cloud,), northbound, RULES, on_fault, self._complete)
        self.keeper = Keeper(self.engine, belongs)
        self.hands = Hands(northbound, self.engine)
        self.cloud.subscribe(self._derive)
        self._settings = settings
        self._store = store or (lambda: OvsdbStore(northbound, NORTHBOUND))
        self._has_loaded = False

    def load(self, store: Store) -> None:
        """Bring the rows in line with the store: what is there, and nothing else."""
        transaction = Transaction()
        transaction.put(Cloud(settings=self._settings))
        for kind in KINDS:
            stale = dict.fromkeys(row.key() for row in self.cloud.rows(kind))
            for row in store.load(kind):
                stale.pop(row.key(), None)
                transaction.put(row)
            for key in stale:
                transaction.delete(kind, key)
        if not self._has_loaded:
            self.hands.start()
        self.cloud.apply(transaction)
        self.keeper.start()

    def follow(self, commit: Commit) -> None:
        """Take in one commit of the store."""
        transaction = Transaction()
        for change in commit.changes:
            if change.kind in KINDS:
                if change.new is None:
                    transaction.delete(change.kind, change.old.key())
                else:
                    transaction.put(change.new)
        self.cloud.apply(transaction)

    def put_right(self, now: float) -> list[Correction]:
        """Make true again what others changed of the derived rows; returns what that was."""
        return self.keeper.put_right(now)

    def because(self, output: Member | tuple[type[Row], Hashable]) -> tuple[Reason, ...]:
        """The rules and the cloud's rows that an output comes from."""
        return self.engine.because(output)

    def source(self, output: Member | tuple[type[Row], Hashable]) -> Resource | None:
        """The first resource of the cloud that an output comes from."""
        for reason in self.because(output):
            if isinstance(reason.source, Resource):
                return reason.source
        return None

    def _derive(self, changes: ChangeSet) -> None:
        self.engine.update(changes)
        self._has_loaded = True

    def _complete(self, transaction: Transaction) -> None:
        """What goes along with what the rules write: at first stale rows, and always what hangs on rows that go."""
        if not self._has_loaded:
            remove_stale(self.northbound, self.engine.makes, transaction)
        if self.hands.rows:
            for row, because in self._consequences.extend(transaction):
                self.keeper.removed(row, because)

    @cached_property
    def _consequences(self) -> Consequences:
        return Consequences(self._store(), is_free, is_free_member)
