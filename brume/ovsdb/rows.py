"""The columns of rows as datums, those included that are kept as relations."""

from __future__ import annotations

from typing import Any

from brume.ovsdb.columns import Column
from brume.ovsdb.data import Datum, from_field
from brume.tables.database import Database


def column_datum(database: Database, row: Any, column: Column) -> Datum:
    """What a row holds in a column, its relation's elements included."""
    if column.relation is not None:
        return frozenset(database.members(column.relation, row.key()))
    value = getattr(row, column.attribute)
    if column.printed:
        return frozenset((str(value),))
    return from_field(column.type, value)
