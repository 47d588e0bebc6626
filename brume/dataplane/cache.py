"""What the last such packet met, done again without looking anything up.

While a packet goes the slow way, the bits of its key that decided are collected (`Run.looked`), and what was done to
it: bits replaced, frames sent, connections tracked. The next packet that agrees in those bits meets the same. This is
Open vSwitch's megaflow cache; as there, every part of the way up to a ct(table=) has an entry of its own.

Rule: anything that may change what a packet meets (a flow, a port, a learned MAC, a group) changes the switch's
generation, and the cache is empty. What depends on more than the key (packet-ins, learned flows, the packet's length)
is not cached at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from brume.dataplane.leaving import leave
from brume.dataplane.operations import Learned, Metered, Operation, Sent, Tracked
from brume.dataplane.rewrite import actual, rewrite
from brume.openflow.messages.fields import FIELDS

if TYPE_CHECKING:
    from brume.dataplane.bridge import Bridge
    from brume.dataplane.flow_table import Entry
    from brume.dataplane.run import Run

_OPTION: Final = FIELDS["tun_metadata0"].mask
_LIMIT: Final = 20_000  # entries of a switch


class Cached:
    """One megaflow: what to do, and which flows to credit."""

    __slots__ = ("credited", "operations")

    def __init__(self, operations: tuple[Operation, ...], credited: tuple[Entry, ...]) -> None:
        self.operations = operations
        self.credited = credited

    def replay(self, run: Run, key: int, frame: bytes) -> None:
        """Do it again for a packet."""
        now, size = run.now, len(frame)
        for entry in self.credited:
            entry.packets += 1
            entry.bytes += size
            entry.used = now
        made, made_key, translated = frame, key, False
        for operation in self.operations:
            mask = operation.mask
            changed = key & ~mask | operation.value if mask else key
            if changed != made_key:
                made, made_key = rewrite(made, made_key, changed), changed
            if type(operation) is Sent:
                leave(run, operation.bridge, operation.port, changed, made, operation.queue, bool(mask & _OPTION))
            elif type(operation) is Tracked:
                seen = actual(changed, made) if translated else changed
                after, tracked = run.conntrack.track(seen, made, operation.request, now)
                if operation.table is not None:
                    run.again(operation.bridge, operation.table, after, tracked)
                made, translated = tracked, translated or tracked != made  # the pipeline goes on as if it were not
            elif type(operation) is Learned:
                operation.bridge.learn_mac(changed, operation.port, now)
            elif type(operation) is Metered and not operation.bridge.meter_passes(operation.meter_id, size, now):
                return


class Cache:
    """All megaflows of a switch, by bridge and table they begin in, then by mask."""

    __slots__ = ("_starts", "generation", "size")

    def __init__(self) -> None:
        self._starts: dict[tuple[str, int], dict[int, dict[int, Cached]]] = {}
        self.generation = 0
        self.size = 0

    def clear(self) -> None:
        self._starts.clear()
        self.size = 0

    def find(self, bridge: Bridge, table: int, key: int) -> Cached | None:
        masks = self._starts.get((bridge.name, table))
        if masks is not None:
            for mask, known in masks.items():
                found = known.get(key & mask)
                if found is not None:
                    return found
        return None

    def store(
        self,
        bridge: Bridge,
        table: int,
        key: int,
        mask: int,
        operations: tuple[Operation, ...],
        credited: tuple[Entry, ...],
    ) -> None:
        if self.size >= _LIMIT:
            self.clear()
        known = self._starts.setdefault((bridge.name, table), {}).setdefault(mask, {})
        known[key & mask] = Cached(operations, credited)
        self.size += 1
