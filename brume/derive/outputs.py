"""Who made which output, and what must be written when makers come and go.

Several instances may make the same output (two security group rules that need the same address set): it stays as long
as one of them does. Two instances that make different rows with the same key are a mistake in the rules, and said so.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, cast

import msgspec

from brume.derive.nodes import Instance
from brume.derive.rules import Output
from brume.tables.database import Database, Transaction
from brume.tables.row import Member, Row

OutputKey = Hashable


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


class Outputs:
    """The makers of every output of one engine, and the changes not yet written."""

    def __init__(self, target: Database) -> None:
        self._target = target
        self._makers: dict[OutputKey, Instance | dict[Instance, None]] = {}
        self._pending: dict[OutputKey, Output | None] = {}
        self._disputed: set[OutputKey] = set()

    def makers(self, key: OutputKey) -> tuple[Instance, ...]:
        """The instances that make this output."""
        found = self._makers.get(key, ())
        return (found,) if isinstance(found, Instance) else tuple(found)

    def wanted(self, keys: Iterable[OutputKey]) -> dict[OutputKey, Output]:
        """What the rules make under these keys; those that no rule makes are left out. Each maker is asked once."""
        asked: dict[Instance, set[OutputKey]] = {}
        for key in keys:
            makers = self.makers(key)
            if makers:
                asked.setdefault(makers[0], set()).add(key)
        found: dict[OutputKey, Output] = {}
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
                self._retract(instance, key)
        self._add(instance, ((key, output) for key, output in after.items() if before.get(key) != output))

    def _add(self, instance: Instance, outputs: Iterable[tuple[OutputKey, Output]]) -> None:
        for key, output in outputs:
            makers = self._makers.setdefault(key, instance)
            if makers is not instance:
                if isinstance(makers, Instance):
                    self._makers[key] = {makers: None, instance: None}
                else:
                    makers[instance] = None
                if self._pending.get(key, output) != output:
                    self._disputed.add(key)
            self._pending[key] = output

    def _retract(self, instance: Instance, key: OutputKey) -> None:
        makers = self._makers[key]
        if isinstance(makers, Instance):
            del self._makers[key]
            self._pending[key] = None
            return
        del makers[instance]
        if len(makers) == 1:
            (self._makers[key],) = makers

    def transaction(self) -> Transaction:
        """What is to be written now; the record of pending changes is emptied."""
        transaction = Transaction()
        pending, self._pending = self._pending, {}
        key: Any
        for key, output in pending.items():
            if isinstance(key, Member):
                transaction.members[key] = output is not None
            elif output is None:
                transaction.rows[key] = None
            else:
                transaction.rows[key] = self._agreed(key, cast(Row, output))
        self._disputed.clear()
        return transaction

    def _agreed(self, key: OutputKey, row: Row) -> Row:
        """The row all makers agree on, with the columns that agents write kept as they are.

        A row that thousands make is not asked of all of them again when one more makes the row that is there.
        """
        present = self._target.get(type(row), row.key())
        written = observed_from(present, row)
        makers = self._makers[key]
        if not isinstance(makers, Instance) and (key in self._disputed or written != present):
            for maker in makers:
                for output in maker.outputs:
                    if not isinstance(output, Member) and output_key(output) == key and output != row:
                        raise DerivationConflict(f"{key}: {maker} makes {output}, another rule makes {row}")
        return written
