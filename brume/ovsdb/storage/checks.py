"""What must hold of all rows that a file gave, before they become a database.

ovsdb-server writes into its files what follows from a transaction (rows collected, weak references gone), so a file
of its making, or ours, only has to be looked at. A table we leave out of the file, or a schema that a file was
converted to, may still have left rows that nobody refers to and weak references to nothing: those go now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from brume.ovsdb.errors import CONSTRAINT, REFERENTIAL, OvsdbError
from brume.ovsdb.schema import declaration
from brume.ovsdb.storage.contents import Contents, StoredRows, Values, frozen
from brume.ovsdb.storage.readers import StoredColumn

Target = tuple[str, str]
"""A table's name and a row's uuid."""


class Reference(NamedTuple):
    """A column whose atoms (the keys of a map, or its values) are uuids of rows of another table."""

    column: StoredColumn
    table: str
    weak: bool
    of_values: bool

    def atoms(self, values: Values) -> Iterable[str]:
        """The uuids that a row holds there."""
        held = values.get(self.column.name)
        if held is None:
            return ()
        if isinstance(held, dict):
            return held.values() if self.of_values else held
        return held if isinstance(held, set) else (held,)


def settle(contents: Contents) -> None:
    """Let what must go go; raise OvsdbError if something is wrong then."""
    references = {name: _references(table) for name, table in contents.tables.items()}
    counts = _count(contents, references)
    _collect(contents, references, counts)
    for name, table in contents.tables.items():
        _forget_weak(contents, table, references[name])
        _check_rows(table)


def _references(table: StoredRows) -> list[Reference]:
    found = []
    for column in table.columns.values():
        for base, of_values in ((column.type.key, False), (column.type.value, True)):
            if base is not None and base.table is not None:
                found.append(Reference(column, base.table, base.weak, of_values))
    return found


def _count(contents: Contents, references: dict[str, list[Reference]]) -> dict[str, Counter[str]]:
    """How often each row is referred to strongly by others; what a row says of itself does not keep it."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in contents.tables}
    for name, table in contents.tables.items():
        for reference in references[name]:
            if reference.weak:
                continue
            rows, count = contents.tables[reference.table].rows, counts[reference.table]
            for uuid, values in table.rows.items():
                for atom in reference.atoms(values):
                    if atom not in rows:
                        raise _dangling(table, uuid, reference, atom)
                    if atom != uuid:
                        count[atom] += 1
    return counts


def _dangling(table: StoredRows, uuid: str, reference: Reference, atom: str) -> OvsdbError:
    where = f"Table {table.name} column {reference.column.name} row {uuid}"
    return OvsdbError(REFERENTIAL, f"{where} references nonexistent row {atom} in table {reference.table}.")


def _collect(contents: Contents, references: dict[str, list[Reference]], counts: dict[str, Counter[str]]) -> None:
    """Delete rows that are no roots and that nobody refers to, and what only they referred to."""
    waiting: list[Target] = [
        (name, uuid)
        for name, table in contents.tables.items()
        if not declaration(table.row_type).is_root
        for uuid in table.rows
        if not counts[name][uuid]
    ]
    while waiting:
        name, uuid = waiting.pop()
        values = contents.tables[name].rows.pop(uuid)
        for reference in references[name]:
            for atom in () if reference.weak else reference.atoms(values):
                left = counts[reference.table]
                left[atom] -= 1
                target = contents.tables[reference.table]
                if atom != uuid and not left[atom] and not declaration(target.row_type).is_root:
                    waiting.append((reference.table, atom))


def _forget_weak(contents: Contents, table: StoredRows, references: list[Reference]) -> None:
    for reference in references:
        if not reference.weak:
            continue
        rows = contents.tables[reference.table].rows
        for uuid, values in table.rows.items():
            gone = {atom for atom in reference.atoms(values) if atom not in rows}
            if gone:
                _forget(table, uuid, values, reference, gone)


def _forget(table: StoredRows, uuid: str, values: Values, reference: Reference, gone: set[str]) -> None:
    name = reference.column.name
    held = values[name]
    if isinstance(held, dict):
        kept: Any = {k: v for k, v in held.items() if (v if reference.of_values else k) not in gone}
    else:
        kept = held - gone if isinstance(held, set) else None
    values[name] = kept
    if (len(kept) if kept is not None else 0) < reference.column.type.minimum:
        raise OvsdbError(
            CONSTRAINT, f"Weak reference column {name} in {table.name} row {uuid} has too few live references."
        )


def _check_rows(table: StoredRows) -> None:
    declared = declaration(table.row_type)
    if declared.max_rows is not None and len(table.rows) > declared.max_rows:
        most = f"allowed maximum of {declared.max_rows} row(s)"
        raise OvsdbError(CONSTRAINT, f"table {table.name} has {len(table.rows)} rows, more than the {most}")
    for names in declared.indexes:
        seen: dict[Any, str] = {}
        for uuid, values in table.rows.items():
            other = seen.setdefault(tuple(frozen(table.value(name, values)) for name in names), uuid)
            if other != uuid:
                what = f"rows {other} and {uuid} of table {table.name} have identical values"
                raise OvsdbError(CONSTRAINT, f"{what} for index on column(s) {', '.join(names)}")
