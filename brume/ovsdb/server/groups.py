"""Monitors, and the groups of those that see the same: an update is made and printed once for each group.

A monitor of version 1 is told with `update`, of 2 (`monitor_cond`) with `update2`, of 3 (`monitor_cond_since`) with
`update3`, which is `update2` with the id of the transaction. Versions 2 and 3 share what they are told.

Rule: who does not read is told nothing more; when it has read, it is told what it missed as one update.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Protocol

from brume.ovsdb.data import Json
from brume.ovsdb.server.changes import Deltas, Moment, RowDelta
from brume.ovsdb.server.dumps import Dump
from brume.ovsdb.server.output import Output
from brume.ovsdb.server.pieces import NONE, ROWS_OF_A_PIECE, pieces
from brume.ovsdb.server.watching import Selection, Watch
from brume.ovsdb.store import Store
from brume.ovsdb.wire.messages import Raw, notification, print_json

_METHODS = {1: "update", 2: "update2", 3: "update3"}


class Reader(Protocol):
    """Who a monitor belongs to."""

    @property
    def output(self) -> Output:
        """What it has not read; while that is `slow`, it is told nothing."""
        ...

    def tell(self, octets: bytes) -> None:
        """Tell it of what happened."""
        ...

    def tell_much(self, pieces: Iterator[bytes]) -> None:
        """The same of something large, which is made while the reader reads."""
        ...

    def end_by_fault(self, error: Exception) -> None:
        """It cannot be told any more, because of a fault of ours."""
        ...


class Monitor:
    """One monitor of one client."""

    __slots__ = ("behind", "group", "identity", "kind", "reader", "version")

    def __init__(self, reader: Reader, identity: Json, version: int, group: Group) -> None:
        self.reader = reader
        self.version = version
        self.rename(identity)
        self.group = group
        self.behind: int | None = None
        """Its mark in the history, if it has not been told of everything."""

    def rename(self, identity: Json) -> None:
        """Let it have another id."""
        self.identity = identity
        self.kind = (self.version, repr(identity))
        """Equal for monitors of a group that are told in the same octets."""

    def message(self, updates: bytes, last_id: str) -> bytes:
        """The notification that tells it."""
        raw = Raw(updates)
        params = [self.identity, last_id, raw] if self.version == 3 else [self.identity, raw]
        return notification(_METHODS[self.version], params)

    def frame(self, last_id: str) -> tuple[bytes, bytes]:
        """The same notification before and behind the updates."""
        head, updates, tail = self.message(NONE, last_id).rpartition(NONE)
        assert updates == NONE
        return head, tail


class Group:
    """Monitors of one database that see the same."""

    __slots__ = ("_dump", "is_old", "key", "monitors", "store", "watches")

    def __init__(self, store: Store, selections: Mapping[str, Selection], *, is_old: bool) -> None:
        self.store = store
        self.is_old = is_old
        """Whether its monitors are of version 1."""
        self.key = group_key(selections, is_old=is_old)
        self.watches = {name: Watch(store, store.tables[name], one) for name, one in selections.items()}
        self.monitors: dict[Monitor, None] = {}
        self._dump: Dump | None = None

    @property
    def selections(self) -> dict[str, Selection]:
        """What its monitors see, by table."""
        return {name: watch.selection for name, watch in self.watches.items()}

    def tell(self, deltas: Deltas, last_id: str, mark: Callable[[], int]) -> None:
        """Tell the monitors of the deltas of one change set; `mark` is set in the history for each that is slow."""
        self._dump = None
        ready = []
        for monitor in self.monitors:
            if monitor.behind is None:
                if monitor.reader.output.slow:
                    monitor.behind = mark()
                else:
                    ready.append(monitor)
        updates = self.updates(deltas) if ready else None
        if updates is None:
            return
        messages: dict[tuple[int, str], bytes] = {}
        for monitor in ready:
            message = messages.get(monitor.kind)
            if message is None:
                message = messages[monitor.kind] = monitor.message(updates, last_id)
            monitor.reader.tell(message)

    def updates(self, deltas: Deltas) -> bytes | None:
        """The `<table-updates>` or `<table-updates2>` that deltas make; None if they make none."""
        found: dict[str, Json] = {}
        for name, rows in deltas.items():
            watch = self.watches.get(name)
            if watch is not None:
                made = _told(rows.items(), watch.update if self.is_old else watch.update2)
                if made:
                    found[name] = made
        return print_json(found) if found else None

    def updates_in_pieces(self, deltas: Deltas) -> Iterator[bytes]:
        """The same, of any number of rows: made as they are read; they tell of this moment."""
        found: list[tuple[str, Iterable[dict[str, Json]]]] = []
        for name, rows in deltas.items():
            watch = self.watches.get(name)
            if watch is not None:
                watch.pin(rows.values(), is_old=self.is_old)
                found.append((name, _parts(rows, watch.update if self.is_old else watch.update2)))
        return pieces(found)

    def dump(self) -> Dump:
        """Everything the monitors see; the same until something changes."""
        if self._dump is None:
            self._dump = Dump(Moment(self.store), self.watches, is_old=self.is_old)
        return self._dump


Make = Callable[[RowDelta], dict[str, Json] | None]


def _told(deltas: Iterable[tuple[str, RowDelta]], make: Make) -> dict[str, Json]:
    found = {}
    for uuid, delta in deltas:
        made = make(delta)
        if made is not None:
            found[uuid] = made
    return found


def _parts(deltas: dict[str, RowDelta], make: Make) -> Iterator[dict[str, Json]]:
    left = iter(deltas.items())
    for _ in range(0, len(deltas), ROWS_OF_A_PIECE):
        yield _told(islice(left, ROWS_OF_A_PIECE), make)


def is_short(deltas: Deltas) -> bool:
    """Whether these are told best at once."""
    return sum(map(len, deltas.values())) <= ROWS_OF_A_PIECE


def group_key(selections: Mapping[str, Selection], *, is_old: bool) -> Any:
    """Equal for monitors that see the same."""
    return (is_old, tuple(sorted((name, selection.key) for name, selection in selections.items())))
