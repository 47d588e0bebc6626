"""Who watches a database: its monitors in their groups, and the history from which they are told what they missed.

    watchers = Watchers(store, new_uuid)
    monitor = watchers.watch(session, "m", 3, selections)
    watchers.tell((changes,))                            whoever sees something of it is told

Rules: from the first monitor on, what happens goes into the history before anybody is told. Only tables that some
monitor watches are looked at. Not here: what a group says (`groups.py`), and when (`served.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import Any

from brume.ovsdb.data import Json
from brume.ovsdb.server.changes import Deltas, Gatherer, Happened, Moment, RowDelta
from brume.ovsdb.server.conditions import Condition, between
from brume.ovsdb.server.groups import Group, Monitor, Reader, group_key, is_short
from brume.ovsdb.server.history import History
from brume.ovsdb.server.pieces import NONE
from brume.ovsdb.server.watching import INSERT, Selection
from brume.ovsdb.store import Store
from brume.ovsdb.wire.messages import print_json
from brume.tables.collector import without_collector


class Watchers:
    """The monitors of one database."""

    def __init__(self, store: Store, new_uuid: Callable[[], str]) -> None:
        self.store = store
        self.history = History(new_uuid)
        self._groups: dict[Any, Group] = {}
        self._by_table: dict[str, dict[Group, None]] = {}
        self._gatherer: Gatherer | None = None
        self._is_known = False
        """Whether any client was ever told an id of the history: who comes back, comes back with one."""

    def __bool__(self) -> bool:
        """Whether anybody watches."""
        return self._gatherer is not None

    def tell(self, happened: tuple[Happened, ...]) -> None:
        """Change sets were applied, and are kept."""
        before = self.history.position
        if self._is_known:
            self.history.add(*happened)
        if self._gatherer is None:
            return
        moment = Moment(self.store, self.store.database.untold())
        deltas = self._gatherer.gather(happened, moment)
        concerned = {group: None for name in deltas for group in self._by_table.get(name, ())}
        for group in concerned:
            try:
                group.tell(deltas, self.history.last_id, partial(self.history.mark, before))
            except Exception as error:  # of ours: who cannot be told what happened has to begin anew, all others go on
                for monitor in list(group.monitors):
                    monitor.reader.end_by_fault(error)

    def watch(self, reader: Reader, identity: Json, version: int, selections: dict[str, Selection]) -> Monitor:
        """A new monitor; it is told of what happens from now on."""
        self._is_known = True
        monitor = Monitor(reader, identity, version, self._group(selections, is_old=version == 1))
        monitor.group.monitors[monitor] = None
        return monitor

    def unwatch(self, monitor: Monitor) -> None:
        """The monitor is told nothing more."""
        group = monitor.group
        group.monitors.pop(monitor, None)
        if monitor.behind is not None:
            self.history.release(monitor.behind)
            monitor.behind = None
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

    # what was missed

    def updates_since(self, monitor: Monitor, last_id: str) -> Iterator[bytes]:
        """What a monitor has to be told that knows everything up to a transaction of the history; piece by piece."""
        deltas = self._gather(monitor, self.history.since(last_id))
        return monitor.group.updates_in_pieces(deltas)

    def catch_up(self, monitor: Monitor) -> None:
        """Tell a monitor what it missed, all in one."""
        if monitor.behind is None:
            return
        mark, monitor.behind = monitor.behind, None
        deltas = self._gather(monitor, self.history.collect(mark))
        pieces = monitor.group.updates_in_pieces(deltas)
        first = next(pieces)
        if first == NONE:
            return
        head, tail = monitor.frame(self.history.last_id)
        message = chain((head, first), pieces, (tail,))
        if is_short(deltas):
            monitor.reader.tell(b"".join(message))
        else:
            monitor.reader.tell_much(message)

    def _gather(self, monitor: Monitor, missed: list[Happened]) -> Deltas:
        gatherer = Gatherer(self.store, monitor.group.watches)
        with without_collector():  # a delta for each row that was missed
            return gatherer.gather(missed, Moment(self.store, self.store.database.untold()))

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
                if "_version" in was.columns:
                    moment.ended[row.uuid] = self.store.version(row.uuid)
                made = before.watches[name].update2(RowDelta(moment, row, None))
            elif sees and not seen and kinds & INSERT:
                made = watch.update2(RowDelta(moment, None, row))
            else:
                continue
            if made is not None:
                found[row.uuid] = made
        return found
