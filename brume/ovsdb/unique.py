"""Unique indexes: no two rows of a table may hold the same values in the columns of an index."""

from __future__ import annotations

from typing import Any

from brume.ovsdb.columns import Column
from brume.ovsdb.data import datum_order
from brume.ovsdb.data_text import print_datum
from brume.ovsdb.drafts import Draft, StoredRow
from brume.ovsdb.errors import CONSTRAINT, OvsdbError
from brume.ovsdb.store import StoredTable
from brume.ovsdb.work import Seen, Work


def check_unique(work: Work) -> None:
    """Raise if the drafts would leave two rows with the same values in an index."""
    for name, drafts in work.drafts.items():
        table = work.store.tables[name]
        for names in table.unique:
            index = [table.columns[column] for column in names]
            taken: dict[tuple[Any, ...], Draft] = {}
            for draft in drafts.values():
                if draft.alive and (draft.old is None or any(draft.changed(column) for column in index)):
                    values = tuple([draft.value(column) for column in index])
                    other = taken.get(values) or _holder(work, table, names, values, drafts)
                    if other is not None:
                        raise _duplicate(index, other, draft)
                    taken[values] = draft


def _holder(
    work: Work, table: StoredTable, names: tuple[str, ...], values: tuple[Any, ...], drafts: dict[str, Draft]
) -> Seen | None:
    """The row that holds these values in the database, and still does after this transaction."""
    for row in table.holders(names, values):
        draft = drafts.get(row.uuid)
        if draft is None:
            return StoredRow(work.store, table, row)
        if draft.alive and not any(draft.changed(table.columns[name]) for name in names):
            return draft
    return None


def _duplicate(index: list[Column], one: Seen, other: Seen) -> OvsdbError:
    first, second = sorted((one, other), key=_order, reverse=True)
    names = english_list([f'"{column.name}"' for column in index])
    word = "columns" if len(index) > 1 else "column"
    return OvsdbError(
        CONSTRAINT,
        f'Transaction causes multiple rows in "{first.table.name}" table to have identical values '
        f"({_values(index, first)}) for index on {word} {names}.  "
        f"{_history(index, first, 'First')}  {_history(index, second, 'Second')}",
    )


def _order(row: Seen) -> list[Any]:
    """So that the message does not depend on which of the two was written first."""
    columns = [column for name, column in sorted(row.table.columns.items()) if not name.startswith("_")]
    return [datum_order(row.datum(column)) for column in columns]


def _values(index: list[Column], row: Seen) -> str:
    return english_list([print_datum(column.type, row.datum(column)) for column in index])


def _history(index: list[Column], row: Seen, title: str) -> str:
    """What this transaction did to the row."""
    if isinstance(row, StoredRow):
        past = "existed in the database before this transaction and was not modified by the transaction."
    elif row.old is None:
        past = "was inserted by this transaction."
    elif not any(row.changed(column) for column in index):
        past = (
            "existed in the database before this transaction, which modified some of the row's columns "
            "but not any columns in this index."
        )
    else:
        before = english_list([print_datum(column.type, row.old_datum(column)) for column in index])
        past = f"had the following index values before the transaction: {before}."
    return f"{title} row, with UUID {row.uuid}, {past}"


def english_list(items: list[str]) -> str:
    """`a`, `a and b`, `a, b, and c`."""
    if len(items) <= 2:
        return " and ".join(items)
    return ", ".join(items[:-1]) + ", and " + items[-1]
