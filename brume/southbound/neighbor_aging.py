"""Neighbours that were learned long ago are forgotten, where a router says after how long. As by ovn-northd.

    Logical_Router options:mac_binding_age_threshold   seconds; MAC_Binding rows that are older go
    NB_Global options:mac_binding_removal_limit        at most so many at a time, then a pause of five seconds

A neighbour that is still there is asked for again by the next packet. Level-triggered: what goes depends on the time
and on the rows; a timer only says when to look. Constant work for each neighbour learned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from brume.northbound.schema import LogicalRouter, NBGlobal
from brume.southbound.schema import MACBinding, mac_binding_by_datapath
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from brume.tables.row import Index

THRESHOLD: Final = "mac_binding_age_threshold"
LIMIT: Final = "mac_binding_removal_limit"
PAUSE: Final = 5.0
"""Seconds between two removals of as many as the limit lets (MAC_BINDING_BULK_REMOVAL_DELAY_MSEC)."""

routers_that_forget = Index(LogicalRouter, THRESHOLD, lambda row: "" if threshold(row) else None)


def threshold(router: LogicalRouter) -> int:
    """After how many seconds the router forgets a neighbour; 0 if it does not."""
    return _number(router.options, THRESHOLD)


def _number(options: Map[str, str], name: str) -> int:
    text = options.get(name, "")
    return int(text) if text.isdecimal() else 0


class NeighborAging:
    """Removes old MAC_Binding rows of `southbound`. `call_at` calls a function at a time, in seconds as `now`."""

    def __init__(
        self,
        northbound: Database,
        southbound: Database,
        now: Callable[[], float],
        call_at: Callable[[float, Callable[[], object]], object],
    ) -> None:
        self._northbound = northbound
        self._southbound = southbound
        self._now = now
        self._call_at = call_at
        self._due: float | None = None

    def start(self) -> None:
        """Look at all neighbours that have an age."""
        self._look()

    def follow_northbound(self, changes: ChangeSet) -> None:
        """A router says another age."""
        if any(row_type is LogicalRouter and _ages(old) != _ages(new) for row_type, _, old, new in changes.rows):
            self._wake(self._now())

    def follow_southbound(self, changes: ChangeSet) -> None:
        """A neighbour was learned, or again."""
        for row_type, _, _, new in changes.rows:
            if row_type is MACBinding and isinstance(new, MACBinding):
                router = self._northbound.get(LogicalRouter, new.datapath)
                if router is not None and threshold(router):
                    self._wake(new.timestamp / 1000 + threshold(router))

    def _wake(self, when: float) -> None:
        if self._due is None or when < self._due:
            self._due = when
            self._call_at(when, lambda: self._look() if self._due == when else None)

    def _look(self) -> None:
        """Remove what is too old, and find out when to look again."""
        self._due = None
        limit = next((_number(row.options, LIMIT) for row in self._northbound.rows(NBGlobal)), 0)
        transaction, now, following = Transaction(self), self._now(), None
        for row, end in self._aging():
            if limit and len(transaction.rows) == limit:
                following = now + PAUSE
                break
            if end <= now:
                transaction.delete(MACBinding, row.uuid)
            elif following is None or end < following:
                following = end
        self._southbound.apply(transaction)
        if following is not None:
            self._wake(following)

    def _aging(self) -> Iterator[tuple[MACBinding, float]]:
        """The neighbours that are forgotten some time, and when."""
        for router in self._northbound.find(routers_that_forget, ""):
            for row in self._southbound.find(mac_binding_by_datapath, router.uuid):
                yield row, row.timestamp / 1000 + threshold(router)


def _ages(row: object) -> int:
    return threshold(row) if isinstance(row, LogicalRouter) else 0
