"""What must hold when a transaction commits (RFC 7047, sections 3.2 and 4.1.3), and what is put right by itself.

In ovsdb-server's order: strong references must name rows, and rows that are strongly referred to cannot go; rows of
non-root tables that nobody refers to go by themselves; tables have their size; weak references to rows that are gone
go too; indexes are unique.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from brume.ovsdb.columns import Column
from brume.ovsdb.data import ZERO_UUID, Datum
from brume.ovsdb.drafts import Draft, subtract
from brume.ovsdb.errors import CONSTRAINT, REFERENTIAL, OvsdbError
from brume.ovsdb.store import reference_atoms
from brume.ovsdb.unique import check_unique
from brume.ovsdb.work import Work
from brume.tables.map import Map

Target = tuple[str, str]


def settle(work: Work) -> None:
    """Check the drafts, collect garbage and drop dead references; raises if they may not be written."""
    for drafts in work.drafts.values():
        for uuid in [uuid for uuid, draft in drafts.items() if not draft.is_changed()]:
            del drafts[uuid]
    touched = {name for name, drafts in work.drafts.items() if drafts}
    references = _References(work)
    references.check()
    references.collect_garbage()
    _check_sizes(work, touched)
    _drop_dead_references(work)
    check_unique(work)


class _References:
    """How the drafts change the number of strong references to each row."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.delta: Counter[Target] = Counter()
        for draft in work.all_drafts():
            self._count(draft)

    def _count(self, draft: Draft) -> None:
        for column in _strong_columns(draft):
            removed, added = _strong_change(draft, column)
            for target in added:
                if target[1] != draft.uuid:
                    self._must_exist(draft, column, target)
                    self.delta[target] += 1
            for target in removed:
                if target[1] != draft.uuid:
                    self.delta[target] -= 1

    def _must_exist(self, draft: Draft, column: Column, target: Target) -> None:
        table, uuid = target
        if uuid in self.work.drafts.get(table, ()) or self.work.store.tables[table].row(uuid) is not None:
            return
        raise OvsdbError(
            REFERENTIAL,
            f"Table {draft.table.name} column {column.name} row {draft.uuid} "
            f"references nonexistent row {uuid} in table {table}.",
        )

    def count(self, target: Target) -> int:
        """The strong references to a row after this transaction."""
        return self.work.store.strong_count(*target) + self.delta[target]

    def check(self) -> None:
        """A row that is referred to cannot be deleted."""
        for draft in self.work.all_drafts():
            count = 0 if draft.alive else self.count((draft.table.name, draft.uuid))
            if count:
                raise OvsdbError(
                    REFERENTIAL,
                    f"cannot delete {draft.table.name} row {draft.uuid} because of {count} remaining reference(s)",
                )

    def collect_garbage(self) -> None:
        """Rows of non-root tables that nobody refers to go, and so do those that only they referred to."""
        queue = [(draft.table.name, draft.uuid) for draft in self.work.all_drafts() if draft.alive]
        queue += [target for target, change in self.delta.items() if change < 0]
        while queue:
            target = queue.pop()
            table = self.work.store.tables[target[0]]
            if table.declaration.is_root or self.count(target):
                continue
            draft = self.work.draft(table, target[1])
            if draft is None or not draft.alive:
                continue
            for column in _strong_columns(draft):
                for other in reference_atoms(column, draft.datum(column)):
                    if other[1] != draft.uuid:
                        self.delta[other] -= 1
                        queue.append(other)
            draft.alive = False


def _strong_columns(draft: Draft) -> Iterator[Column]:
    for column in draft.table.columns.values():
        key, value = column.type.key, column.type.value
        if key.strong or (value is not None and value.strong):
            yield column


def _strong_change(draft: Draft, column: Column) -> tuple[list[Target], list[Target]]:
    """The references that a draft takes away, and those it adds."""
    if not draft.alive:
        return reference_atoms(column, draft.old_datum(column)), []
    if not draft.changed(column):
        return [], []
    added = reference_atoms(column, draft.added_atoms(column))
    if column.relation is not None:
        return reference_atoms(column, frozenset(draft.removed.get(column.name, ()))), added
    if draft.old is None:
        return [], added
    return reference_atoms(column, subtract(draft.old_datum(column), draft.datum(column))), added


def _check_sizes(work: Work, touched: set[str]) -> None:
    for name in touched:
        table = work.store.tables[name]
        limit = table.declaration.max_rows
        if limit is None:
            continue
        count = table.count()
        for draft in work.drafts[name].values():
            count += (draft.alive and draft.old is None) - (not draft.alive and draft.old is not None)
        if count > limit:
            raise OvsdbError(
                CONSTRAINT,
                f'transaction causes "{name}" table to contain {count} rows, '
                f"greater than the schema-defined limit of {limit} row(s)",
            )


# weak references


def _drop_dead_references(work: Work) -> None:
    dead: dict[tuple[str, str], set[str]] = {}
    for draft in work.all_drafts():
        if not draft.alive and draft.old is not None:
            for referrer, row in work.store.referrers(draft.table.name, draft.uuid, weak=True):
                work.draft(referrer.table, row.uuid)
                dead.setdefault((referrer.table.name, row.uuid), set()).add(draft.uuid)
    for draft in work.all_drafts():
        if draft.alive:
            for column in draft.table.columns.values():
                _drop_dead(work, draft, column, dead.get((draft.table.name, draft.uuid), set()))


def _drop_dead(work: Work, draft: Draft, column: Column, gone: set[str]) -> None:
    """Take references to rows that are gone, or never were, out of a column."""
    key, value = column.type.key, column.type.value
    if not key.weak and (value is None or not value.weak):
        return
    added = draft.added_atoms(column) if draft.changed(column) else frozenset()
    suspects = {target for target in reference_atoms(column, added, weak=True) if not _exists(work, target)}
    if gone:
        suspects |= {target for target in _all_weak(draft, column, gone) if not _exists(work, target)}
    if not suspects:
        return
    dead = {uuid for _, uuid in suspects}
    before = draft.size(column) if column.relation is not None else len(draft.datum(column))
    _remove(draft, column, dead)
    after = draft.size(column) if column.relation is not None else len(draft.datum(column))
    if after < column.type.minimum and after != before:
        raise _left_empty(draft, column, before - after, ZERO_UUID in dead)


def _all_weak(draft: Draft, column: Column, gone: set[str]) -> list[Target]:
    if column.relation is not None:
        return [(column.relation.target, uuid) for uuid in gone if draft.has(column, uuid)]
    return reference_atoms(column, draft.datum(column), weak=True)


def _exists(work: Work, target: Target) -> bool:
    return work.get(work.store.tables[target[0]], target[1]) is not None


def _remove(draft: Draft, column: Column, dead: set[str]) -> None:
    if column.relation is not None:
        for uuid in dead:
            draft.exclude(column, uuid)
        return
    datum: Datum = draft.datum(column)
    if isinstance(datum, Map):
        by_key, by_value = column.type.key.weak, column.type.value is not None and column.type.value.weak
        pairs: dict[Any, Any] = datum
        draft.write(
            column,
            Map({k: v for k, v in pairs.items() if not (by_key and k in dead) and not (by_value and v in dead)}),
        )
    else:
        draft.write(column, datum - dead)


def _left_empty(draft: Draft, column: Column, count: int, zero: bool) -> OvsdbError:
    where = f'"{column.name}" in "{draft.table.name}" row {draft.uuid}'
    if zero and draft.old is None:
        return OvsdbError(
            CONSTRAINT,
            f"Weak reference column {where} (inserted within this transaction) contained all-zeros UUID "
            "(probably as the default value for this column) but deleting this value caused a constraint volation "
            "because this column is not allowed to be empty.",
        )
    inserted = "" if draft.old is not None else "(inserted within this transaction) "
    return OvsdbError(
        CONSTRAINT,
        f"Deletion of {count} weak reference(s) to deleted (or never-existing) rows from column {where} {inserted}"
        "caused this column to become empty, but constraints on this column disallow an empty column.",
    )
