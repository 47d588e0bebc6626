"""All tables of one bridge: add, replace and delete flows, count, age, and say what changed.

`generation` rises with every change; a cache made under another generation is worthless.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from brume.dataplane.flow_table import Entry, FlowTable
from brume.openflow.messages.actions import Learn
from brume.openflow.messages.flow import Flow, FlowCounters, FlowIdentity
from brume.openflow.messages.match import EVERYTHING, Match

_EMPTY: Final = FlowTable()


class FlowTables:
    """Tables 0 to 254."""

    def __init__(self) -> None:
        self.by_number: dict[int, FlowTable] = {}  # for reading
        self._aging: dict[FlowIdentity, Entry] = {}
        self._count = 0
        self.generation = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, flow: Flow) -> bool:
        entry = self.entry(flow.identity)
        return entry is not None and entry.flow == flow

    def add(self, flow: Flow, now: float = 0.0) -> None:
        """Install a flow; one with the same table, priority and match is replaced and its counters start again."""
        table = self.by_number.get(flow.table)
        if table is None:
            table = self.by_number[flow.table] = FlowTable()
        entry = Entry(flow, now)
        replaced = table.put(entry)
        self._count += replaced is None
        self.generation += 1
        if flow.idle_timeout or flow.hard_timeout:
            self._aging[flow.identity] = entry
        elif replaced is not None:
            self._aging.pop(flow.identity, None)

    def modify(self, flow: Flow, now: float = 0.0) -> None:
        """Give the flow with this identity new actions and cookie, keeping its counters; add it when absent."""
        before = self.entry(flow.identity)
        self.add(flow, now)
        after = self.entry(flow.identity)
        if before is not None and after is not None:
            after.packets, after.bytes, after.created = before.packets, before.bytes, before.created

    def delete(self, flow: Flow | FlowIdentity) -> bool:
        """Delete strictly: exactly this table, priority and match. False when it was not there."""
        identity = flow.identity if isinstance(flow, Flow) else flow
        table, priority, mask, value = identity
        entry = self.by_number.get(table, _EMPTY).remove(priority, mask, value)
        if entry is None:
            return False
        self._count -= 1
        self.generation += 1
        self._aging.pop(identity, None)
        for action in entry.flow.actions:
            if isinstance(action, Learn) and action.delete_learned:
                self.delete_where(table=action.table, cookie=action.cookie)
        return True

    def apply(self, added: Iterable[Flow], deleted: Iterable[Flow], now: float = 0.0) -> None:
        """One change of many flows: deletions first, so that a flow in both is replaced."""
        for flow in deleted:
            self.delete(flow)
        for flow in added:
            self.add(flow, now)

    def delete_where(
        self, *, table: int | None = None, cookie: int | None = None, match: Match = EVERYTHING
    ) -> list[Flow]:
        """Delete loosely: every flow with the cookie whose match is at least as narrow; they are returned."""
        found = [
            entry.flow
            for entry in self.entries(table)
            if (cookie is None or entry.flow.cookie == cookie)
            and entry.flow.match.mask & match.mask == match.mask
            and entry.flow.match.value & match.mask == match.value
        ]
        for flow in found:
            self.delete(flow)
        return found

    def clear(self) -> None:
        self.by_number.clear()
        self._aging.clear()
        self._count = 0
        self.generation += 1

    def entry(self, identity: FlowIdentity) -> Entry | None:
        table, priority, mask, value = identity
        return self.by_number.get(table, _EMPTY).get(priority, mask, value)

    def entries(self, table: int | None = None) -> Iterator[Entry]:
        """Every entry, table by table, highest priority first."""
        for number in sorted(self.by_number) if table is None else (table,):
            yield from sorted(self.by_number.get(number, _EMPTY), key=lambda entry: -entry.priority)

    def flows(self, table: int | None = None) -> Iterator[Flow]:
        return (entry.flow for entry in self.entries(table))

    def counters(self, flow: Flow) -> FlowCounters | None:
        entry = self.entry(flow.identity)
        return None if entry is None else FlowCounters(entry.packets, entry.bytes, entry.created, entry.used)

    def lookup(self, table: int, key: int) -> tuple[Entry | None, int]:
        """The best flow of a table for a key, and the bits that decided it."""
        found = self.by_number.get(table)
        return (None, 0) if found is None else found.lookup(key)

    def expire(self, now: float) -> list[Flow]:
        """Delete the flows whose idle or hard timeout has passed."""
        gone = []
        for entry in list(self._aging.values()):
            flow = entry.flow
            idle = flow.idle_timeout and now - entry.used >= flow.idle_timeout
            hard = flow.hard_timeout and now - entry.modified >= flow.hard_timeout
            if (idle or hard) and self.delete(flow):
                gone.append(flow)
        return gone
