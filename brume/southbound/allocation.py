"""Tunnel keys: the numbers that datapaths and ports have in tunnels, registers and metadata.

Rules are pure, and a number that is free is not: which one is depends on what was there before. So keys are an input
of the rules: rows of a small database that this allocator keeps. Rules ask for keys (`KeyRequest` rows, in a space:
all datapaths, or the ports of one), and the allocator answers with `TunnelKey` rows.

Rules:
  - Level-triggered: it looks at what is asked for and what is given out, never at how that came about.
  - A key that has been given stays, over restarts too (`adopt`), unless another one is asked for by option.
  - A key asked for by option is given if it is free (or held by one that did not ask for it: that one moves).
  - Keys start at 1 and go up; freed keys are used again when the end is reached, as in OVN. Constant work a change.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Final, Protocol, cast

from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.row import Row

DATAPATHS: Final = ""
"""The space of all datapaths; the space of a datapath's ports is the datapath's uuid."""
MAXIMUM_DATAPATH_KEY: Final = (1 << 24) - (1 << 16)
"""24 bits, less the range that OVN keeps for interconnection."""
MAXIMUM_PORT_KEY: Final = (1 << 15) - 1
"""15 bits; larger numbers are multicast groups."""


class KeyRequest(Row, frozen=True, kw_only=True):
    """`owner` needs a key of `space`, and wants `requested` if that is not 0."""

    owner: str
    space: str
    requested: int = 0

    def key(self) -> Hashable:
        return self.owner


class TunnelKey(Row, frozen=True, kw_only=True):
    """The key that `owner` has in `space`."""

    owner: str
    space: str
    number: int

    def key(self) -> Hashable:
        return self.owner


class Keyed(Protocol):
    """A southbound row as far as the allocator looks at it."""

    @property
    def uuid(self) -> str: ...
    @property
    def tunnel_key(self) -> int: ...


class _Space:
    """The keys of one space: who has which, and after which one to look for a free one."""

    __slots__ = ("holders", "last", "limit", "waiting")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.holders: dict[int, str] = {}
        self.last = 0
        self.waiting: dict[str, None] = {}

    def free_number(self) -> int:
        """The next free key after the last one given; 0 when all are taken."""
        if len(self.holders) >= self.limit:
            return 0
        number = self.last
        while True:
            number = number + 1 if number < self.limit else 1
            if number not in self.holders:
                self.last = number
                return number


class Allocator:
    """Keeps one `TunnelKey` for every `KeyRequest`, in `keys`."""

    def __init__(self) -> None:
        self.keys = Database("tunnel keys")
        self._requests: dict[str, KeyRequest] = {}
        self._spaces: dict[str, _Space] = {}
        self._numbers: dict[str, int] = {}
        self._remembered: dict[str, int] = {}
        self._transaction = Transaction()

    def adopt(self, rows: Iterable[Keyed]) -> None:
        """Remember the keys of rows of a southbound database that is already there, for when they are asked for."""
        self._remembered.update((row.uuid, row.tunnel_key) for row in rows)

    def forget_adopted(self) -> None:
        """Let go of adopted keys that nobody asked for."""
        self._remembered.clear()

    def update(self, changes: ChangeSet) -> ChangeSet:
        """Take in changed requests; returns the changed keys. First requests by option, then keys had before."""
        changed = [(old, new) for row_type, _, old, new in changes.rows if row_type is KeyRequest]
        asking = [new for old, new in changed if self._note(cast("KeyRequest | None", old), new)]
        requests = cast("list[KeyRequest]", asking)
        homeless = [owner for request in requests if request.requested for owner in self._grant(request)]
        requests += [self._requests[owner] for owner in homeless]
        for request in requests:
            self._restore(request)
        for request in requests:
            self._allocate(request)
        self._serve_waiting(cast("KeyRequest", old) for old, _ in changed if old is not None)
        transaction, self._transaction = self._transaction, Transaction()
        return self.keys.apply(transaction)

    def _note(self, old: KeyRequest | None, new: Row | None) -> bool:
        """Take in one changed request; true if there still is one."""
        if old is not None and (new is None or cast(KeyRequest, new).space != old.space):
            self._release(old)
        if new is None:
            if old is not None:
                del self._requests[old.owner]
            return False
        request = cast(KeyRequest, new)
        self._requests[request.owner] = request
        return True

    def _space(self, name: str) -> _Space:
        space = self._spaces.get(name)
        if space is None:
            limit = MAXIMUM_DATAPATH_KEY if name == DATAPATHS else MAXIMUM_PORT_KEY
            space = self._spaces[name] = _Space(limit)
        return space

    def _assign(self, request: KeyRequest, number: int) -> None:
        self._release(request)
        space = self._space(request.space)
        space.holders[number] = request.owner
        space.last = max(space.last, number)
        self._numbers[request.owner] = number
        self._transaction.put(TunnelKey(owner=request.owner, space=request.space, number=number))

    def _release(self, request: KeyRequest) -> None:
        space = self._space(request.space)
        space.waiting.pop(request.owner, None)
        number = self._numbers.pop(request.owner, 0)
        if number:
            del space.holders[number]
            self._transaction.delete(TunnelKey, request.owner)
            if not space.holders and not space.waiting:
                del self._spaces[request.space]

    def _grant(self, request: KeyRequest) -> Iterator[str]:
        """Give the number that was asked for, if nobody else asked for it; yields who had it and must move."""
        number, space = request.requested, self._space(request.space)
        holder = space.holders.get(number)
        if holder == request.owner or not 0 < number <= space.limit:
            return
        if holder is not None:
            if self._requests[holder].requested == number:
                return
            self._release(self._requests[holder])
            yield holder
        self._assign(request, number)

    def _restore(self, request: KeyRequest) -> None:
        number = self._remembered.pop(request.owner, 0)
        if number and request.owner not in self._numbers and number not in self._space(request.space).holders:
            self._assign(request, number)

    def _allocate(self, request: KeyRequest) -> None:
        if request.owner in self._numbers:
            return
        space = self._space(request.space)
        number = space.free_number()
        if number:
            self._assign(request, number)
        else:
            space.waiting[request.owner] = None

    def _serve_waiting(self, released: Iterable[KeyRequest]) -> None:
        for old in released:
            space = self._spaces.get(old.space)
            while space is not None and space.waiting and len(space.holders) < space.limit:
                self._allocate(self._requests[next(iter(space.waiting))])
