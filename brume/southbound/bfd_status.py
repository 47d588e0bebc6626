"""BFD status: what chassis say of a session in SB is told to NB, where routes that depend on it read it.

    Logical_Router_Static_Route.bfd --> BFD --compile--> SB BFD --chassis--> SB BFD.status
                                         ^                                       |
                                         +-------------- here -------------------+

Rules: level-triggered, from what SB holds now. Unlike the columns that `reports.py` writes, rules read this one.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from brume.northbound.schema import BFD as NorthboundBFD
from brume.southbound.schema import BFD
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.row import Index

session_by_neighbor = Index(NorthboundBFD, "logical_port, dst_ip", lambda row: (row.logical_port, row.dst_ip))


class BfdStatus:
    """Keeps `status` of the northbound's BFD rows equal to the southbound's."""

    def __init__(self, northbound: Database, southbound: Database) -> None:
        self._northbound = northbound
        self._southbound = southbound

    def start(self) -> None:
        """Tell of every session."""
        self._tell(self._southbound.rows(BFD))

    def follow(self, changes: ChangeSet) -> None:
        """Tell of the sessions that changed in SB."""
        changed = [new for row_type, _, _, new in changes.rows if row_type is BFD and isinstance(new, BFD)]
        if changed:
            self._tell(changed)

    def _tell(self, sessions: Iterable[BFD]) -> None:
        transaction = Transaction(self)
        for session in sessions:
            for row in self._northbound.find(session_by_neighbor, (session.logical_port, session.dst_ip)):
                if row.status != session.status:
                    transaction.put(replace(row, status=session.status))
        self._northbound.apply(transaction)
