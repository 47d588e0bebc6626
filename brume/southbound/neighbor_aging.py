"""Neighbours that were learned long ago are forgotten, where a router says after how long. As by ovn-northd.

    Logical_Router options:mac_binding_age_threshold   seconds; MAC_Binding rows that are older go
    NB_Global options:mac_binding_removal_limit        at most so many at a time, then a pause of five seconds

A neighbour that is still there is asked for again by the next packet. Level-triggered: what goes depends on the time
and on the rows; a timer only says when to look, and a heap at whom. Work for each neighbour that is learned or goes,
none for those that stay.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Final

from brume.northbound.schema import LogicalRouter, NBGlobal
from brume.southbound.from_northbound.facts.settings import number
from brume.southbound.schema import MACBinding, mac_binding_by_datapath
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.row import Index

THRESHOLD: Final = "mac_binding_age_threshold"
LIMIT: Final = "mac_binding_removal_limit"
PAUSE: Final = 5.0
"""Seconds between two removals of as many as the limit lets (MAC_BINDING_BULK_REMOVAL_DELAY_MSEC)."""

routers_that_forget = Index(LogicalRouter, THRESHOLD, lambda row: "" if threshold(row) else None)


def threshold(router: LogicalRouter) -> int:
    """After how many seconds the router forgets a neighbour; 0 if it does not."""
    return number(router.options, THRESHOLD)


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
        self._not_before = 0.0
        self._waiting: list[tuple[float, str]] = []
        """When to look at which neighbour; at one that was learned again also when it would have gone before."""

    def start(self) -> None:
        """Look at all neighbours that have an age."""
        for router in self._northbound.find(routers_that_forget, ""):
            self._wait_for_all(router)
        self._sleep()

    def follow_northbound(self, changes: ChangeSet) -> None:
        """A router says another age."""
        for row_type, _, old, new in changes.rows:
            if row_type is LogicalRouter and isinstance(new, LogicalRouter) and _ages(old) != _ages(new):
                self._wait_for_all(new)
        self._sleep()

    def follow_southbound(self, changes: ChangeSet) -> None:
        """A neighbour was learned, or again."""
        for row_type, _, _, new in changes.rows:
            if row_type is MACBinding and isinstance(new, MACBinding):
                self._wait_for(new)
        self._sleep()

    def _wait_for_all(self, router: LogicalRouter) -> None:
        for row in self._southbound.find(mac_binding_by_datapath, router.uuid):
            self._wait_for(row)

    def _wait_for(self, row: MACBinding) -> None:
        end = self._end(row)
        if end is not None:
            heappush(self._waiting, (end, row.uuid))

    def _end(self, row: MACBinding | None) -> float | None:
        """When a neighbour is forgotten; None if it is not."""
        router = self._northbound.get(LogicalRouter, row.datapath) if row is not None else None
        if row is None or router is None or not threshold(router):
            return None
        return row.timestamp / 1000 + threshold(router)

    def _sleep(self) -> None:
        """Until the first of those that wait may go."""
        when = max(self._waiting[0][0], self._not_before) if self._waiting else None
        if when is not None and (self._due is None or when < self._due):
            self._due = when
            self._call_at(when, lambda: self._look() if self._due == when else None)

    def _look(self) -> None:
        """Remove what is too old."""
        self._due = None
        limit = next((number(row.options, LIMIT) for row in self._northbound.rows(NBGlobal)), 0)
        transaction, now = Transaction(self), self._now()
        while self._waiting and self._waiting[0][0] <= now:
            if limit and len(transaction.rows) == limit:
                self._not_before = now + PAUSE
                break
            _, uuid = heappop(self._waiting)
            end = self._end(self._southbound.get(MACBinding, uuid))
            if end is not None and end <= now:
                transaction.delete(MACBinding, uuid)
        self._southbound.apply(transaction)
        self._sleep()


def _ages(row: object) -> int:
    return threshold(row) if isinstance(row, LogicalRouter) else 0
