"""What must hold of all rows that a file gave, before they become a database; what does not is put right.

ovsdb-server writes into its files what follows from a transaction (rows collected, weak references gone), so a file
of its making is right. Others may be not: a table is left out of our files (`writing.py`), a schema that a file was
converted to has fewer references, and rows that rules made were not checked when they were written. So references to
nothing go, rows that cannot be without them go, and rows that only a reference would keep and that have none go.
Better a warning than a database that cannot be opened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from brume.ovsdb.schema import declaration
from brume.ovsdb.storage.contents import Contents, StoredRows, Values, frozen
from brume.ovsdb.storage.readers import StoredColumn

Warn = Callable[[str], object]
_SHOWN = 3


class Reference(NamedTuple):
    """A column whose atoms (the keys of a map, or its values) are uuids of rows of another table."""

    column: StoredColumn
    table: str
    weak: bool
    of_values: bool

    def atoms(self, values: Values) -> Collection[str]:
        """The uuids that a row holds there."""
        held = values.get(self.column.name)
        if held is None:
            return ()
        if isinstance(held, dict):
            return held.values() if self.of_values else held.keys()
        return held if isinstance(held, set | frozenset) else (held,)

    def forget(self, values: Values, gone: Collection[str]) -> bool:
        """Take uuids out; False if the column cannot be without them."""
        name = self.column.name
        held = values[name]
        if isinstance(held, dict):
            kept: Any = {k: v for k, v in held.items() if (v if self.of_values else k) not in gone}
        else:
            kept = held.difference(gone) if isinstance(held, set | frozenset) else None
        values[name] = kept
        return (0 if kept is None else len(kept)) >= self.column.type.minimum


def settle(contents: Contents, warn: Warn) -> bool:
    """Put right what must hold; True if something was changed by that."""
    settling = _Settling(contents)
    settling.run()
    if settling.problems:
        shown = "; ".join(settling.problems[:_SHOWN])
        more = len(settling.problems) - _SHOWN
        warn(f"{contents.schema.name}: {shown}" + (f"; and {more} more" if more > 0 else ""))
    return settling.changed


class _Settling:
    def __init__(self, contents: Contents) -> None:
        self.tables = contents.tables
        self.references = {name: _references(table) for name, table in contents.tables.items()}
        self.changed = False
        self.problems: list[str] = []

    def run(self) -> None:
        """Rows that go may leave others without what they refer to, so this is done until nothing goes."""
        while self._forget_dead(weak=False):
            continue
        self._collect(self._count())
        while self._forget_dead(weak=True):
            while self._forget_dead(weak=False):
                continue
            self._collect(self._count())
        for table in self.tables.values():
            self._check(table)

    def _forget_dead(self, *, weak: bool) -> bool:
        """Take out references to rows that are not there; True if rows had to go with them."""
        went = False
        for name, table in self.tables.items():
            for reference in self.references[name]:
                if reference.weak is weak:
                    went |= self._forget_in(table, reference)
        return went

    def _forget_in(self, table: StoredRows, reference: Reference) -> bool:
        target = self.tables[reference.table].rows
        without: list[str] = []
        for uuid, values in table.rows.items():
            atoms = reference.atoms(values)
            if not atoms or all(map(target.__contains__, atoms)):
                continue
            gone = {atom for atom in atoms if atom not in target}
            self.changed = True
            stays = reference.forget(values, gone)
            if not reference.weak or not stays:
                self._say(table, uuid, reference, gone, stays)
            if not stays:
                without.append(uuid)
        for uuid in without:
            del table.rows[uuid]
        return bool(without)

    def _say(self, table: StoredRows, uuid: str, reference: Reference, gone: set[str], stays: bool) -> None:
        where = f"table {table.name} column {reference.column.name} row {uuid}"
        what = f"references nonexistent row {min(gone)} in table {reference.table}"
        self.problems.append(f"{where} {what}: {'the reference' if stays else 'the row'} is left out")

    def _count(self) -> dict[str, Counter[str]]:
        """How often rows that are no roots are referred to strongly; what a row says of itself does not keep it."""
        counts: dict[str, Counter[str]] = {
            name: Counter() for name, table in self.tables.items() if not declaration(table.row_type).is_root
        }
        for name, table in self.tables.items():
            for reference in self.references[name]:
                count = counts.get(reference.table)
                if reference.weak or count is None:
                    continue
                for uuid, values in table.rows.items():
                    atoms = reference.atoms(values)
                    count.update(atoms)
                    if reference.table == name and uuid in atoms:
                        count[uuid] -= sum(atom == uuid for atom in atoms)
        return counts

    def _collect(self, counts: dict[str, Counter[str]]) -> None:
        """Delete rows that are no roots and that nobody refers to, and what only they referred to."""
        waiting = [
            (name, uuid) for name, count in counts.items() for uuid in self.tables[name].rows if count[uuid] <= 0
        ]
        while waiting:
            name, uuid = waiting.pop()
            self.changed = True
            values = self.tables[name].rows.pop(uuid)
            for reference in self.references[name]:
                left = counts.get(reference.table)
                if reference.weak or left is None:
                    continue
                for atom in reference.atoms(values):
                    left[atom] -= 1
                    if atom != uuid and not left[atom]:
                        waiting.append((reference.table, atom))

    def _check(self, table: StoredRows) -> None:
        declared = declaration(table.row_type)
        if declared.max_rows is not None and len(table.rows) > declared.max_rows:
            most = f"allowed maximum of {declared.max_rows} row(s)"
            self.problems.append(f"table {table.name} has {len(table.rows)} rows, more than the {most}")
        for names in declared.indexes:
            seen: dict[Any, str] = {}
            for uuid, values in table.rows.items():
                other = seen.setdefault(tuple(frozen(table.value(name, values)) for name in names), uuid)
                if other != uuid:
                    what = f"rows {other} and {uuid} of table {table.name} have identical values"
                    self.problems.append(f"{what} for index on column(s) {', '.join(names)}")


def _references(table: StoredRows) -> list[Reference]:
    found = []
    for column in table.columns.values():
        for base, of_values in ((column.type.key, False), (column.type.value, True)):
            if base is not None and base.table is not None:
                found.append(Reference(column, base.table, base.weak, of_values))
    return found
