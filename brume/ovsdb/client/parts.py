"""What becomes of a proposal that is refused as a whole: it is tried in parts, so that only what cannot stay goes.

    parts = Parts()
    parts.halve(refused, here, there)      a proposal was refused: its halves are to be tried
    while parts:
        changes = parts.next()             one after the other; one that is refused is halved again,
        parts.halve(changes, here, there)  one that is taken is
        parts.done()

What belongs together stays together: a row that comes or goes and the rows and elements that refer to it (or the
server would drop it, or refuse the others), and rows that give each other a unique value. So one row in a hundred
thousand that the server will not have costs some twenty proposals, and the others are there.

Not here: what the server says, and what is done about it (`working_copy.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any, NamedTuple

from brume.ovsdb.client.unsent import Unsent
from brume.ovsdb.columns import Column, columns
from brume.ovsdb.data import from_field
from brume.tables.database import Database
from brume.tables.map import Map
from brume.tables.row import Row

HALVINGS = 100
"""How often one proposal is halved: where everything is refused (a role that may nothing), trying all of it is vain."""


class Side(NamedTuple):
    """Rows here, or at the server."""

    row: Callable[[type[Row], str], Row | None]
    database: Database


class Parts:
    """The parts of one refused proposal that are still to be tried."""

    def __init__(self) -> None:
        self._groups: list[list[Unsent]] = []
        self._tried: list[Unsent] = []
        self._halvings = 0

    def __bool__(self) -> bool:
        return bool(self._groups)

    def next(self) -> Unsent:
        """What is to be tried now."""
        self._tried = self._groups.pop()
        return joined(self._tried)

    def halve(self, refused: Unsent, here: Side, there: Side) -> bool:
        """What was tried was refused: its halves are to be tried; False if it is to be tried no more."""
        if not self._tried:
            self._halvings = 0
            self._tried = parts_of(refused, here, there)
        tried, half = self._tried, len(self._tried) // 2
        self.done()
        if not half or self._halvings == HALVINGS:
            return False
        self._halvings += 1
        self._groups += [tried[half:], tried[:half]]
        return True

    def done(self) -> None:
        """There is an answer to what was tried."""
        self._tried = []

    def clear(self) -> None:
        """Try nothing any more."""
        self._groups, self._tried = [], []


def joined(parts: list[Unsent]) -> Unsent:
    """Parts as one."""
    found = Unsent()
    for part in parts:
        found.rows.update(part.rows)
        found.members.update(part.members)
    return found


def parts_of(changes: Unsent, here: Side, there: Side) -> list[Unsent]:
    """The smallest parts that may be without each other."""
    bonds = _Bonds()
    moving = {uuid for row_type, uuid in changes.rows if _comes_or_goes(row_type, uuid, here, there)}
    for row_type, uuid in changes.rows:
        for side in (here, there):
            row = side.row(row_type, uuid)
            for bond in () if row is None else _bonds_of(side.database, row, uuid, moving):
                bonds.tie(uuid, bond)
    places = {}
    for member in changes.members:
        parent, child = str(member.parent), str(member.child)
        places[member] = parent if parent in moving or child not in moving else child
        if parent in moving and child in moving:
            bonds.tie(parent, child)
    found: dict[Hashable, Unsent] = {}
    for key, write in changes.rows.items():
        found.setdefault(bonds.find(key[1]), Unsent()).rows[key] = write
    for member, place in places.items():
        found.setdefault(bonds.find(place), Unsent()).members[member] = None
    return list(found.values())


def _comes_or_goes(row_type: type[Row], uuid: str, here: Side, there: Side) -> bool:
    return (here.row(row_type, uuid) is None) is not (there.row(row_type, uuid) is None)


def _bonds_of(database: Database, row: Any, uuid: str, moving: set[str]) -> Iterator[Hashable]:
    """The rows that come or go with a row, and the unique values that no other can have."""
    table = row.TABLE
    known = columns(type(row))
    for column in known.values():
        if column.relation is None:
            yield from (target for target in _targets(row, column) if target in moving)
        elif uuid in moving:
            yield from (child for child in database.members(column.relation, uuid) if child in moving)
    for names in table.indexes:
        yield (table.name, names, tuple(getattr(row, known[name].attribute) for name in names))


def _targets(row: Any, column: Column) -> Iterator[str]:
    if any(base.table is not None for base in column.type.bases):
        datum = from_field(column.type, getattr(row, column.attribute))
        yield from datum
        if isinstance(datum, Map):
            yield from datum.values()


class _Bonds:
    """Which things are tied together, directly or by others."""

    def __init__(self) -> None:
        self._above: dict[Hashable, Hashable] = {}

    def find(self, thing: Hashable) -> Hashable:
        """One thing that stands for all that are tied to this one."""
        top = thing
        while (above := self._above.get(top, top)) != top:
            top = above
        while (above := self._above.get(thing, top)) != top:
            self._above[thing] = top
            thing = above
        return top

    def tie(self, one: Hashable, other: Hashable) -> None:
        """These belong together."""
        first, second = self.find(one), self.find(other)
        if first != second:
            self._above[second] = first
