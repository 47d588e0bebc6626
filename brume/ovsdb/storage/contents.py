"""What a log file says there is: records folded one by one into rows, then written to a database at once.

A record is taken whole or not at all: everything in it is read and checked before anything changes. A row is kept as
its fields by column name; a set or map that differences change is one that can change, so that the ten thousandth port
added to a switch costs one element.

A column's value replaces the old one, or, in a record marked `_is_diff` that changes a row, is a difference to it.
(ovsdb-server takes it for the new value wherever the old one is the default, which loses data in a set that must not
be empty; it writes a difference there too, so we read one.) Columns and tables that the schema does not have are an
error, or left out and remembered when a file is converted. Not here: how columns are read (`readers.py`), whether
references hold (`checks.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from sys import intern
from typing import Any

from brume.ovsdb.columns import columns, uuid_field
from brume.ovsdb.data import default_datum, is_uuid, to_field
from brume.ovsdb.errors import CONSTRAINT, SYNTAX, OvsdbError, syntax_error
from brume.ovsdb.schema import Schema
from brume.ovsdb.storage.readers import StoredColumn, stored_column
from brume.tables.database import Transaction
from brume.tables.map import EMPTY_MAP, Map

Json = Any
Values = dict[str, Any]
_ANNOTATIONS: dict[str, type | tuple[type, ...]] = {"_date": int, "_is_diff": bool}


class StoredRows:
    """The rows of one table, by uuid; of each the columns that do not have their default."""

    __slots__ = ("_defaults", "_identity", "columns", "name", "row_type", "rows")

    def __init__(self, name: str, row_type: Any) -> None:
        self.name = name
        self.row_type = row_type
        self.rows: dict[str, Values] = {}
        self.columns = {name: stored_column(column) for name, column in columns(row_type).items()}
        self._identity = uuid_field(row_type)
        self._defaults = {
            column.attribute: to_field(column.type, default_datum(column.type))
            for column in self.columns.values()
            if column.relation is None
        }

    @property
    def is_kept(self) -> bool:
        """Whether rows of this table can be made of what a file says."""
        return self._identity is not None

    def value(self, name: str, values: Values) -> Any:
        """What a row holds in a column, its default if nothing is said."""
        found = values.get(name)
        return self._defaults.get(self.columns[name].attribute, frozenset()) if found is None else found

    def write_to(self, transaction: Transaction) -> None:
        """Put every row into a transaction."""
        assert self._identity is not None
        known = self.columns
        for uuid, values in self.rows.items():
            fields = self._defaults.copy()
            for name, value in values.items():
                column = known[name]
                if column.relation is None:
                    fields[column.attribute] = frozen(value)
                else:
                    for child in value:
                        transaction.add(column.relation, uuid, child)
            fields[self._identity] = uuid
            transaction.put(self.row_type(**fields))


class Contents:
    """The rows of all tables, as far as records have been taken."""

    __slots__ = ("_converting", "left_out", "schema", "tables")

    def __init__(self, schema: Schema, *, converting: bool = False) -> None:
        self.schema = schema
        self.tables = {name: StoredRows(name, row_type) for name, row_type in schema.tables.items()}
        self._converting = converting
        self.left_out: dict[str, None] = {}
        """Tables and columns (`Table.column`) that the file has and the schema has not."""

    def take(self, record: Mapping[str, Json]) -> None:
        """Take one transaction record; raises OvsdbError, and then nothing has changed."""
        is_diff = record.get("_is_diff") is True
        staged: list[tuple[StoredRows, str, Values | None]] = []
        for name, changes in record.items():
            table = self.tables.get(name)
            if table is None:
                self._without_table(name, record, changes)
            elif not isinstance(changes, dict):
                raise syntax_error(changes, "object expected")
            else:
                staged.extend((table, *self._stage(table, uuid, json, is_diff)) for uuid, json in changes.items())
        if len({(table.name, uuid) for table, uuid, _ in staged}) != len(staged):
            raise syntax_error(None, "transaction changes a row twice")
        for table, uuid, values in staged:
            if values is None:
                del table.rows[uuid]
            else:
                self._store(table, uuid, values, is_diff)

    def transaction(self) -> Transaction:
        """All rows there are, to be applied to an empty database."""
        transaction = Transaction()
        for table in self.tables.values():
            if table.is_kept:
                table.write_to(transaction)
        return transaction

    def _without_table(self, name: str, record: Json, json: Json) -> None:
        if name == "_comment" or isinstance(json, _ANNOTATIONS.get(name, ())):
            return
        if not self._converting:
            raise syntax_error(record, f"No table named {name}.", "unknown table")
        if not name.startswith("_"):
            self.left_out[name] = None

    def _stage(self, table: StoredRows, text: str, json: Json, is_diff: bool) -> tuple[str, Values | None]:
        if not is_uuid(text):
            raise syntax_error(json, f'"{text}" is not a valid UUID')
        uuid = intern(text.lower())
        old = table.rows.get(uuid)
        if json is None:
            if old is None:
                raise OvsdbError(SYNTAX, f"transaction deletes row {uuid} that does not exist")
            return uuid, None
        if not isinstance(json, dict):
            raise syntax_error(json, "row must be JSON object")
        values: Values = {}
        for name, value in json.items():
            column = table.columns.get(name)
            if column is None:
                self._without_column(table, name, json)
            elif is_diff and old is not None and column.composite:
                values[name] = column.changed(value, None)
                _check_size(column, _held(column, old), values[name])
            else:
                values[name] = column.whole(value, None)
        return uuid, values

    def _without_column(self, table: StoredRows, name: str, json: Json) -> None:
        if not self._converting:
            raise syntax_error(json, f"No column {name} in table {table.name}.", "unknown column")
        self.left_out[f"{table.name}.{name}"] = None

    @staticmethod
    def _store(table: StoredRows, uuid: str, values: Values, is_diff: bool) -> None:
        old = table.rows.get(uuid)
        if old is None:
            table.rows[uuid] = values
            return
        for name, value in values.items():
            column = table.columns[name]
            if is_diff and column.composite:
                old[name] = change(_held(column, old), value)
            else:
                old[name] = value


# what differences do


def _held(column: StoredColumn, values: Values) -> Any:
    held = values.get(column.name)
    return default_datum(column.type) if held is None else held


def _check_size(column: StoredColumn, held: Any, changed: Any) -> None:
    if isinstance(held, dict):
        size = len(held) + sum(1 if key not in held else -(held[key] == value) for key, value in changed.items())
    else:
        size = len(held) + sum(-1 if atom in held else 1 for atom in changed)
    if size < column.type.minimum or (column.type.maximum is not None and size > column.type.maximum):
        raise OvsdbError(CONSTRAINT, f"a difference would leave {size} elements in column {column.name}")


def change(held: Any, changed: Any) -> Any:
    """Apply a difference to a set or map; what comes back can change, and is changed by the next difference."""
    if not isinstance(held, dict):
        found = held if type(held) is set else set(held)
        found ^= changed
        return found
    pairs: dict[Any, Any] = held if type(held) is dict else dict(held)
    for key, value in changed.items():
        if key in pairs and pairs[key] == value:
            del pairs[key]
        else:
            pairs[key] = value
    return pairs


def frozen(value: Any) -> Any:
    """A value as the field of a row holds it."""
    kind = type(value)
    if kind is set:
        return frozenset(value)
    if kind is dict:
        return Map(value) if value else EMPTY_MAP
    return value
