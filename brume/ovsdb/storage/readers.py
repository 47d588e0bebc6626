"""How the columns of a table are read from a log: to the fields of rows, whole or as differences."""

from __future__ import annotations

from typing import NamedTuple

from brume.ovsdb.codecs import Read, reader
from brume.ovsdb.columns import Column
from brume.ovsdb.differences import is_composite
from brume.ovsdb.types import ColumnType
from brume.tables.row import Relation


class StoredColumn(NamedTuple):
    """How a column is read from a log."""

    name: str
    type: ColumnType
    attribute: str
    relation: Relation | None
    whole: Read
    """From a `<value>` that is all the column holds."""
    changed: Read
    """From a `<value>` that is a difference: as many elements as it likes."""
    composite: bool


def stored_column(column: Column) -> StoredColumn:
    """The readers of a column."""
    kind, composite = column.type, is_composite(column.type)
    whole = reader(kind)
    changed = reader(kind._replace(minimum=0, maximum=None)) if composite else whole
    return StoredColumn(column.name, kind, column.attribute, column.relation, whole, changed, composite)
