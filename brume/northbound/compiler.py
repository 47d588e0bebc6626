"""The compiler of the first arrow: keeps OVN_Northbound equal to what the rules make of the cloud's rows.

    compiler = NorthboundCompiler(Database("OVN_Northbound"), settings)
    compiler.load(store)              everything that is there, as one change
    store.listen(compiler.follow)     and from then on each commit

The cloud's rows are kept in memory as they are in SQL: a `tables.Database` of the kinds that rules read. Loading and
following are the same: rows are put, the engine runs what read them. A compiler that was away just loads again.
"""

from __future__ import annotations

from collections.abc import Hashable

from brume.cloud.network.settings import DEFAULT, NetworkSettings
from brume.cloud.resource import Resource
from brume.cloud.store.engine import Store
from brume.cloud.store.journal import Commit
from brume.derive.engine import Engine, OnFault, Reason
from brume.northbound.from_cloud.facts import Cloud
from brume.northbound.from_cloud.rules import KINDS, RULES
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.row import Member, Row


class NorthboundCompiler:
    """Derives `northbound` from the cloud."""

    def __init__(
        self, northbound: Database, settings: NetworkSettings = DEFAULT, on_fault: OnFault | None = None
    ) -> None:
        self.cloud = Database("cloud")
        self.northbound = northbound
        self.engine = Engine((self.cloud,), northbound, RULES, on_fault)
        self.cloud.subscribe(self._derive)
        self._settings = settings

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
        self.cloud.apply(transaction)

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
