"""Who made which output, and what must be written when makers come and go.

Several instances may make the same output (two security group rules that need the same address set): it stays as long
as one of them does. Two instances that make different rows with the same key are a mistake in the rules, or something
in the source that no rule foresaw: it is said, and the row of the first of them (by name, not by time) is the one that
counts, so that following changes and compiling from nothing agree.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, NamedTuple, cast

import msgspec

from brume.derive.nodes import Instance
from brume.derive.rules import Output
from brume.tables.database import Database, Transaction
from brume.tables.row import Member, Row

OutputKey = Hashable
OnConflict = Callable[[Instance, Exception], Output]


class DerivationConflict(Exception):
    """Two rules made different rows with the same key."""


def output_key(output: Output) -> OutputKey:
    """A member is its own key; a row's is its type and key."""
    return output if isinstance(output, Member) else (type(output), output.key())


def observed_from(present: Row | None, row: Row) -> Row:
    """`row` with the columns that agents write as they are in `present`."""
    if present is None or not row.OBSERVED:
        return row
    return msgspec.structs.replace(row, **{name: getattr(present, name) for name in row.OBSERVED})


class Conflict(NamedTuple):
    """Two makers of different rows under one key, and how that is said."""

    first: Instance
    other: Instance
    said: Output


class Outputs:
    """The makers of every output of one engine, and the changes not yet written."""

    def __init__(self, target: Database, on_conflict: OnConflict | None = None) -> None:
        """`on_conflict` makes an output of a conflict; without it the conflict is raised."""
        self._target = target
        self._on_conflict = on_conflict
        self._conflicts: dict[OutputKey, Conflict] = {}
        self._reopened: set[OutputKey] = set()
        self._makers: dict[OutputKey, Instance | dict[Instance, None]] = {}
        self._pending: dict[OutputKey, Output | None] = {}
        self._disputed: set[OutputKey] = set()
        self._joined: set[OutputKey] = set()
        """Rows that several make, each with a word of its own, and that were joined to one."""

    def makers(self, key: OutputKey) -> tuple[Instance, ...]:
        """The instances that make this output."""
        found = self._makers.get(key, ())
        return (found,) if isinstance(found, Instance) else tuple(found)

    def wanted(self, keys: Iterable[OutputKey]) -> dict[OutputKey, Output]:
        """What the rules make under these keys; those that no rule makes are left out. Each maker is asked once."""
        asked: dict[Instance, set[OutputKey]] = {}
        found: dict[OutputKey, Output] = {}
        for key in keys:
            makers = self.makers(key)
            joined = _joined(_made(key, makers).values()) if key in self._joined else None
            if joined is not None:
                found[key] = joined
            elif makers:
                first = min(makers, key=_name) if key in self._conflicts else makers[0]
                asked.setdefault(first, set()).add(key)
        for maker, its in asked.items():
            for output in maker.outputs:
                key = output_key(output)
                if key in its:
                    found[key] = output
        return found

    def replace(self, instance: Instance, new: tuple[Output, ...]) -> None:
        """`instance` now makes `new` instead of what it made before."""
        old = instance.outputs
        if old == new:
            return
        instance.outputs = new
        if not old:
            self._add(instance, ((output_key(output), output) for output in new))
            return
        before = {output_key(output): output for output in old}
        after = {output_key(output): output for output in new}
        for key in before:
            if key not in after:
                self._retract(instance, key, before[key])
        self._add(instance, ((key, output) for key, output in after.items() if before.get(key) != output))

    def _add(self, instance: Instance, outputs: Iterable[tuple[OutputKey, Output]]) -> None:
        for key, output in outputs:
            makers = self._makers.setdefault(key, instance)
            if makers is not instance:
                if isinstance(makers, Instance):
                    self._makers[key] = {makers: None, instance: None}
                else:
                    if instance in makers:
                        self._disputed.add(key)
                    makers[instance] = None
                if self._pending.get(key, output) != output:
                    self._disputed.add(key)
            self._pending[key] = output

    def _retract(self, instance: Instance, key: OutputKey, output: Output) -> None:
        makers = self._makers[key]
        if isinstance(makers, Instance):
            del self._makers[key]
            self._pending[key] = None
            return
        del makers[instance]
        if key in self._conflicts or key in self._pending or (key in self._joined and self._counts(key, output)):
            self._reopened.add(key)
        if len(makers) == 1:
            (self._makers[key],) = makers

    def _counts(self, key: Any, output: Output) -> bool:
        """Whether the row that was joined of several is this one: another that leaves changes nothing."""
        return observed_from(present := self._target.get(*key), cast(Row, output)) == present

    def transaction(self) -> Transaction:
        """What is to be written now; the record of pending changes is emptied."""
        transaction = Transaction()
        if self._reopened:
            self._pending.update(self.wanted(self._reopened))
            self._disputed |= self._reopened
            self._reopened.clear()
        pending, self._pending = self._pending, {}
        key: Any
        for key, output in pending.items():
            if isinstance(key, Member):
                transaction.members[key] = output is not None
            elif output is None:
                self._settle(key, transaction)
                transaction.rows[key] = None
            else:
                transaction.rows[key] = self._agreed(key, cast(Row, output), transaction)
        self._disputed.clear()
        return transaction

    def _agreed(self, key: OutputKey, row: Row, transaction: Transaction) -> Row:
        """The row all makers agree on, with the columns that agents write kept as they are.

        A row that thousands make is not asked of all of them again when one more makes the row that is there, or joins.
        """
        present = self._target.get(type(row), row.key())
        makers = self._makers[key]
        if isinstance(makers, Instance):
            self._settle(key, transaction)
        elif key in self._disputed or key in self._conflicts:
            row = self._chosen(key, row, makers, transaction)
        elif observed_from(present, row) != present:
            joined = present.joined(row) if present is not None and key in self._joined else None
            row = self._chosen(key, row, makers, transaction) if joined is None else joined
        return observed_from(present, row)

    def _chosen(self, key: OutputKey, row: Row, makers: Iterable[Instance], transaction: Transaction) -> Row:
        made = _made(key, makers)
        if all(output == row for output in made.values()):
            self._settle(key, transaction)
            return row
        joined = _joined(made.values())
        if joined is not None:
            self._settle(key, transaction)
            self._joined.add(key)
            return joined
        first = min(made, key=_name)
        other = min((maker for maker, output in made.items() if output != made[first]), key=_name)
        known = self._conflicts.get(key)
        if known is None or known[:2] != (first, other):
            self._settle(key, transaction)
            error = DerivationConflict(f"{first} and {other} make different rows of {key}; that of {first} counts")
            if self._on_conflict is None:
                raise error
            said = self._on_conflict(other, error)
            self._conflicts[key] = Conflict(first, other, said)
            _say(said, transaction, is_so=True)
        return made[first]

    def _settle(self, key: OutputKey, transaction: Transaction) -> None:
        """The makers of a row agree (again)."""
        self._joined.discard(key)
        known = self._conflicts.pop(key, None) if self._conflicts else None
        if known is not None:
            _say(known.said, transaction, is_so=False)


def _made(key: OutputKey, makers: Iterable[Instance]) -> dict[Instance, Row]:
    """What each of the makers makes of a row."""
    return {
        maker: output
        for maker in makers
        for output in maker.outputs
        if not isinstance(output, Member) and output_key(output) == key
    }


def _joined(rows: Iterable[Row]) -> Row | None:
    """One row for all of them; None if they contradict each other."""
    found: Row | None = None
    for row in rows:
        found = row if found is None or found == row else found.joined(row)
        if found is None:
            return None
    return found


def _say(said: Output, transaction: Transaction, *, is_so: bool) -> None:
    if isinstance(said, Member):
        transaction.members[said] = is_so
    else:
        transaction.rows[type(said), said.key()] = said if is_so else None


def _name(instance: Instance) -> str:
    return repr(instance)
