"""What must hold when a transaction commits (RFC 7047, sections 3.2 and 4.1.3), and what is put right by itself.

In ovsdb-server's order: strong references must name rows, and rows that are strongly referred to cannot go; rows of
non-root tables that nobody refers to go by themselves; tables have their size; weak references to rows that are gone
go too; indexes are unique.
"""

from __future__ import annotations

from typing import Any

from brume.ovsdb.columns import Column
from brume.ovsdb.data import ZERO_UUID, Datum, to_field
from brume.ovsdb.drafts import Draft
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
        self.delta: dict[Target, int] = {}
        for drafts in work.drafts.values():
            for draft in drafts.values():
                for column in draft.table.strong:
                    self._count(draft, column)

    def _count(self, draft: Draft, column: Column) -> None:
        if not draft.alive:
            self._take(draft, reference_atoms(column, draft.old_datum(column)))
        elif draft.changed(column):
            for target in reference_atoms(column, draft.added_atoms(column)):
                if target[1] != draft.uuid:
                    self._must_exist(draft, column, target)
                    self.delta[target] = self.delta.get(target, 0) + 1
            self._take(draft, reference_atoms(column, draft.removed_atoms(column)))

    def _take(self, draft: Draft, targets: list[Target]) -> None:
        for target in targets:
            if target[1] != draft.uuid:
                self.delta[target] = self.delta.get(target, 0) - 1

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
        return self.work.store.strong_count(*target) + self.delta.get(target, 0)

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
        queue = [target for target, change in self.delta.items() if change < 0]
        for name, drafts in self.work.drafts.items():
            if not self.work.store.tables[name].declaration.is_root:
                queue += [(name, draft.uuid) for draft in drafts.values() if draft.alive and draft.old is None]
        while queue:
            target = queue.pop()
            table = self.work.store.tables[target[0]]
            if table.declaration.is_root or self.delta.get(target, 0) > 0 or self.count(target):
                continue
            draft = self.work.draft(table, target[1])
            if draft is None or not draft.alive:
                continue
            for column in table.strong:
                targets = reference_atoms(column, draft.datum(column))
                self._take(draft, targets)
                queue.extend(other for other in targets if other[1] != draft.uuid)
            draft.alive = False


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
    nothing: set[str] = set()
    for name, drafts in work.drafts.items():
        for column in work.store.tables[name].weak:
            for uuid, draft in drafts.items():
                gone = dead.get((name, uuid), nothing)
                if draft.alive and (gone or draft.changed(column)):
                    _drop_dead(work, draft, column, gone)


def _drop_dead(work: Work, draft: Draft, column: Column, gone: set[str]) -> None:
    """Take references to rows that are gone, or never were, out of a column."""
    added = draft.added_atoms(column) if draft.changed(column) else frozenset()
    suspects = {target for target in reference_atoms(column, added, weak=True) if not _exists(work, target)}
    if gone:
        suspects |= {target for target in _all_weak(draft, column, gone) if not _exists(work, target)}
    if not suspects:
        return
    dead = {uuid for _, uuid in suspects}
    before = draft.size(column)
    _remove(draft, column, dead)
    after = draft.size(column)
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
        draft.write(column, to_field(column.type, datum - dead))


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
