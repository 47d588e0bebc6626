"""One flow table: tuple space search with conjunctive matches.

Flows with the same mask share a subtable, a dictionary from masked key to the flow; a lookup asks the subtables,
highest possible priority first, and stops when none left could win. Adding and deleting are O(1) but for the order of
subtables, which is made anew, when next asked for, after a subtable's highest priority changed.

Conjunctions follow Open vSwitch (lib/classifier.c): a match whose actions are conjunction()s is "soft"; when soft
matches of one priority, above any hard match, fill every clause of an id, the lookup is done again with conj_id set.
Every lookup also tells which bits of the key it looked at: what a cache must compare. A subtable that matches ports
first sees whether anything in it could match but for the ports; if not, the ports were not looked at, and one cached
answer serves all of them (Open vSwitch's staged lookup).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from brume.openflow.messages.actions import Conjunction
from brume.openflow.messages.fields import FIELDS
from brume.openflow.messages.flow import Flow

if TYPE_CHECKING:
    from brume.dataplane.run import Run

Step = Callable[["Run"], bool | None]
_CONJ_ID: Final = FIELDS["conj_id"]
_PORTS: Final = FIELDS["tcp_src"].mask | FIELDS["tcp_dst"].mask | FIELDS["tcp_flags"].mask


class Entry:
    """A flow in a table, with its counters. `following` is the next lower priority with the same match."""

    __slots__ = (
        "bytes", "conjunctions", "created", "flow", "following", "modified", "packets", "priority", "steps", "used",
    )  # fmt: skip

    def __init__(self, flow: Flow, now: float) -> None:
        self.flow = flow
        self.priority = flow.priority
        self.steps: tuple[Step, ...] | None = None
        found = tuple(action for action in flow.actions if isinstance(action, Conjunction))
        self.conjunctions: tuple[Conjunction, ...] | None = found or None
        self.following: Entry | None = None
        self.packets = 0
        self.bytes = 0
        self.created = self.modified = self.used = now


class Subtable:
    """All flows of one mask."""

    __slots__ = ("mask", "priorities", "rules", "stage", "staged", "top")

    def __init__(self, mask: int) -> None:
        self.mask = mask
        self.stage = mask & ~_PORTS  # looked at first
        self.staged: Counter[int] | None = Counter() if mask & _PORTS else None
        self.rules: dict[int, Entry] = {}
        self.priorities: Counter[int] = Counter()
        self.top = -1


_Row = tuple[int, int, dict[int, Entry], int, "Counter[int] | None"]  # top, mask, rules, stage, staged


class FlowTable:
    """The flows of one table number."""

    __slots__ = ("_order", "_subtables")

    def __init__(self) -> None:
        self._subtables: dict[int, Subtable] = {}
        self._order: list[_Row] | None = []

    def __iter__(self) -> Iterator[Entry]:
        for subtable in self._subtables.values():
            for head in subtable.rules.values():
                entry: Entry | None = head
                while entry is not None:
                    yield entry
                    entry = entry.following

    def get(self, priority: int, mask: int, value: int) -> Entry | None:
        """The entry with exactly this match and priority."""
        subtable = self._subtables.get(mask)
        entry = subtable.rules.get(value) if subtable else None
        while entry is not None and entry.priority > priority:
            entry = entry.following
        return entry if entry is not None and entry.priority == priority else None

    def put(self, entry: Entry) -> Entry | None:
        """Add the entry; the one it replaces is returned."""
        match = entry.flow.match
        subtable = self._subtables.get(match.mask)
        if subtable is None:
            subtable = self._subtables[match.mask] = Subtable(match.mask)
            self._order = None
        above: Entry | None = None
        at = subtable.rules.get(match.value)
        while at is not None and at.priority > entry.priority:
            above, at = at, at.following
        replaced = at if at is not None and at.priority == entry.priority else None
        entry.following = replaced.following if replaced is not None else at
        if above is None:
            subtable.rules[match.value] = entry
        else:
            above.following = entry
        if replaced is None:
            if subtable.staged is not None:
                subtable.staged[match.value & subtable.stage] += 1
            subtable.priorities[entry.priority] += 1
            if entry.priority > subtable.top:
                subtable.top = entry.priority
                self._order = None
        return replaced

    def remove(self, priority: int, mask: int, value: int) -> Entry | None:
        """Take the entry out and return it."""
        subtable = self._subtables.get(mask)
        if subtable is None:
            return None
        above: Entry | None = None
        at = subtable.rules.get(value)
        while at is not None and at.priority > priority:
            above, at = at, at.following
        if at is None or at.priority != priority:
            return None
        if above is not None:
            above.following = at.following
        elif at.following is not None:
            subtable.rules[value] = at.following
        else:
            del subtable.rules[value]
        self._forget(subtable, priority, value & subtable.stage)
        return at

    def _forget(self, subtable: Subtable, priority: int, staged: int) -> None:
        if subtable.staged is not None:
            subtable.staged[staged] -= 1
            if not subtable.staged[staged]:
                del subtable.staged[staged]
        subtable.priorities[priority] -= 1
        if subtable.priorities[priority]:
            return
        del subtable.priorities[priority]
        if not subtable.rules:
            del self._subtables[subtable.mask]
            self._order = None
        elif priority == subtable.top:
            subtable.top = max(subtable.priorities)
            self._order = None

    def lookup(self, key: int) -> tuple[Entry | None, int]:
        """The best flow for a key, and the bits that decided it."""
        order = self._order
        if order is None:
            order = self._order = self._sorted()
        best: Entry | None = None
        best_priority = -1
        looked = 0
        soft: list[Entry] | None = None
        for top, mask, rules, stage, staged in order:
            if top <= best_priority:
                break
            entry = rules.get(key & mask)
            if entry is None:
                looked |= mask if staged is None or key & stage in staged else stage
                continue
            looked |= mask
            if entry.priority > best_priority:
                if entry.conjunctions is None:
                    best, best_priority = entry, entry.priority
                elif soft is None:
                    soft = [entry]
                else:
                    soft.append(entry)
        if soft is None:
            return best, looked
        return self._conjunctive(key, best, looked, soft)

    def _sorted(self) -> list[_Row]:
        rows: list[_Row] = [(s.top, s.mask, s.rules, s.stage, s.staged) for s in self._subtables.values()]
        rows.sort(key=itemgetter(0), reverse=True)
        return rows

    def _conjunctive(self, key: int, best: Entry | None, looked: int, heads: list[Entry]) -> tuple[Entry | None, int]:
        soft: dict[int, list[Entry]] = {}
        for head in heads:
            entry: Entry | None = head
            while entry is not None and entry.conjunctions is not None:
                soft.setdefault(entry.priority, []).append(entry)
                entry = entry.following
            if entry is not None and (best is None or entry.priority > best.priority):
                best = entry
        for priority in sorted(soft, reverse=True):
            if best is not None and priority <= best.priority:
                break
            for identity in _complete(soft[priority]):
                found, mask = self._hard(_CONJ_ID.set(key, identity))
                looked |= mask & ~_CONJ_ID.mask
                if found is not None:
                    return found, looked
        return best, looked

    def _hard(self, key: int) -> tuple[Entry | None, int]:
        best: Entry | None = None
        looked = 0
        for top, mask, rules, _, _ in self._order or ():
            if best is not None and top <= best.priority:
                break
            looked |= mask
            entry = rules.get(key & mask)
            if entry is not None and entry.conjunctions is None and (best is None or entry.priority > best.priority):
                best = entry
        return best, looked


def _complete(entries: list[Entry]) -> list[int]:
    """Ids of the conjunctions all of whose clauses are met."""
    met: dict[int, set[int]] = {}
    complete = []
    for entry in entries:
        for part in entry.conjunctions or ():
            clauses = met.setdefault(part.id, set())
            clauses.add(part.clause)
            if len(clauses) == part.clauses and part.id not in complete:
                complete.append(part.id)
    return complete
