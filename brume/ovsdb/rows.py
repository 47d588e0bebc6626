"""Rows and their columns as datums and JSON: from a database to `<row>` objects, and back to row classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brume.ovsdb.columns import Column, columns, uuid_field
from brume.ovsdb.data import Datum, Json, datum_from_json, default_datum, from_field, to_field
from brume.tables.database import Database, Transaction


def column_datum(database: Database, row: Any, column: Column) -> Datum:
    """What a row holds in a column, its relation's elements included."""
    if column.relation is not None:
        return frozenset(database.members(column.relation, row.key()))
    value = getattr(row, column.attribute)
    if column.printed:
        return frozenset((str(value),))
    return from_field(column.type, value)


def put_row(transaction: Transaction, row_type: Any, uuid: str, datums: Mapping[str, Datum]) -> None:
    """Write a row of `row_type` made of datums; a column not given has its default."""
    fields: dict[str, Any] = {}
    for name, column in columns(row_type).items():
        datum = datums.get(name)
        if datum is None:
            datum = default_datum(column.type)
        if column.relation is not None:
            for atom in datum:
                transaction.add(column.relation, uuid, atom)
        else:
            fields[column.attribute] = to_field(column.type, datum)
    identity = uuid_field(row_type)
    if identity is not None:
        fields[identity] = uuid
    transaction.put(row_type(**fields))


def read_row(transaction: Transaction, row_type: Any, uuid: str, json: Mapping[str, Json]) -> None:
    """Write a row of `row_type` as read from a `<row>`; columns we do not know are an error."""
    known = columns(row_type)
    put_row(
        transaction, row_type, uuid, {name: datum_from_json(known[name].type, value) for name, value in json.items()}
    )
