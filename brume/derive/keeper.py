"""Keeper: what others change in an engine's target is put right, and remembered.

    target --ChangeSet of somebody else--> touched keys --put_right--> what the rules make, written again

Rules of this file:
  - Level-triggered: what is written depends on what the rules make and what the target holds when `put_right` is
    called, not on how that came about. Nothing is written while the listeners are told; the owner calls `put_right`
    once for each `on_touch`, so two who disagree take turns and never recurse.
  - What no rule makes stays, unless `belongs` says that it is the rules'. Columns that agents write stay.
  - Constant work for each key that others touched; none for what the engine itself writes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Literal, NamedTuple, cast

from brume.derive.engine import Engine
from brume.derive.outputs import OutputKey, observed_from
from brume.derive.rules import Output
from brume.tables.changes import ChangeSet
from brume.tables.database import Transaction
from brume.tables.row import Member, Row

KEPT = 1000
"""How many corrections are remembered."""

Action = Literal["put back", "written again", "removed"]


class Correction(NamedTuple):
    """One thing that was put right. A changed column was put back; a missing row or element was written again; one
    that no rule makes was removed."""

    time: float
    action: Action
    subject: Output
    """The row as it is now, or the one (or the element) that was removed or written again."""
    column: str = ""
    found: Any = None
    put: Any = None
    because: str = ""
    """Why something was removed that was not the rules' by itself."""


Belongs = Callable[[Output], bool]


class Keeper:
    """Guards the target of one engine."""

    def __init__(self, engine: Engine, belongs: Belongs, on_touch: Callable[[], object] = lambda: None) -> None:
        """`on_touch` is called when there is something for `put_right` to look at."""
        self.engine = engine
        self.on_touch = on_touch
        self.corrections: deque[Correction] = deque(maxlen=KEPT)
        self.count = 0
        """How many corrections there have been; not all of them are remembered."""
        self._belongs = belongs
        self._target = engine.target
        self._touched: dict[OutputKey, Row | None] = {}
        self._removed: list[tuple[Row, str]] = []
        self._is_watching = False

    def start(self) -> None:
        """Watch the target from now on: once the engine has made it true for the first time."""
        if not self._is_watching:
            self._is_watching = True
            self._target.subscribe(self._note)

    @property
    def is_due(self) -> bool:
        """Whether `put_right` has something to look at, or to tell."""
        return bool(self._touched or self._removed)

    def removed(self, row: Row, because: str) -> None:
        """Tell of a row of somebody else that had to go along with what the engine wrote; remembered by `put_right`."""
        self._removed.append((row, because))
        self.on_touch()

    def put_right(self, now: float) -> list[Correction]:
        """Write what others have changed as the rules make it; returns what that was."""
        touched, self._touched = self._touched, {}
        wanted = self.engine.wanted(touched)
        transaction = Transaction()
        if not touched and not self._removed:
            return []
        made = [
            correction
            for key, before in touched.items()
            for correction in self._right(now, transaction, key, before, wanted.get(key))
        ]
        try:
            self.engine.write(transaction)
        except BaseException:
            self._touched |= touched  # looked at again the next time
            raise
        removed, self._removed = self._removed, []
        made = [*_without_consequences(made), *(Correction(now, "removed", row, because=why) for row, why in removed)]
        self.corrections.extend(made)
        self.count += len(made)
        return made

    def _note(self, changes: ChangeSet) -> None:
        """Remember what somebody else touched, and how rows were before."""
        if self._target.author is self.engine:
            return
        before = len(self._touched)
        for row_type, key, old, new in changes.rows:
            node = (row_type, key)
            if self._concerns(node, new) and not (old is not None and new is not None and _same(old, new)):
                self._touched.setdefault(node, old)
        for member, _ in changes.members:
            if self._concerns(member, member):
                self._touched.setdefault(member, None)
        if not before and self._touched:
            self.on_touch()

    def _concerns(self, key: OutputKey, output: Output | None) -> bool:
        return self.engine.makes(key) or (output is not None and self._belongs(output))

    def _right(
        self, now: float, transaction: Transaction, key: OutputKey, before: Row | None, wanted: Output | None
    ) -> Iterator[Correction]:
        if isinstance(key, Member):
            yield from self._right_member(now, transaction, key, wanted is not None)
            return
        row_type, identity = cast("tuple[type[Row], Any]", key)
        present = self._target.get(row_type, identity)
        if wanted is None:
            if present is not None and self._belongs(present):
                transaction.delete(row_type, identity)
                yield Correction(now, "removed", present)
            return
        row = observed_from(present or before, cast(Row, wanted))
        if row != present:
            transaction.put(row)
            if present is None:
                yield Correction(now, "written again", row)
            else:
                for name in _differing(present, row):
                    yield Correction(now, "put back", row, name, getattr(present, name), getattr(row, name))

    def _right_member(
        self, now: float, transaction: Transaction, member: Member, is_wanted: bool
    ) -> Iterator[Correction]:
        is_present = member.child in self._target.pairs(member.relation).children.get(member.parent, ())
        if is_wanted and not is_present:
            transaction.add(*member)
            yield Correction(now, "written again", member)
        elif is_present and not is_wanted and self._belongs(member):
            transaction.remove(*member)
            yield Correction(now, "removed", member)


def _without_consequences(made: list[Correction]) -> Iterator[Correction]:
    """Elements go and come with their rows: only those of rows that stayed are told."""
    rows = {one.subject.key() for one in made if isinstance(one.subject, Row) and one.action != "put back"}
    for one in made:
        subject = one.subject
        if not isinstance(subject, Member) or (subject.parent not in rows and subject.child not in rows):
            yield one


@cache
def _columns(row_type: type[Row]) -> tuple[str, ...]:
    """The columns that are not agents'."""
    return tuple(name for name in row_type.__struct_fields__ if name not in row_type.OBSERVED)


def _differing(one: Row, other: Row) -> Iterator[str]:
    for name in _columns(type(other)):
        if getattr(one, name) != getattr(other, name):
            yield name


def _same(old: Row, new: Row) -> bool:
    """Whether only agents' columns changed."""
    return next(_differing(old, new), None) is None
