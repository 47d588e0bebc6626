"""A replica: what a server has of the tables we want, as typed rows in a `Database`.

    replica = Replica(SOUTHBOUND)                          # or only some tables, columns, rows
    replica.monitor_requests(schema_of_the_server)         # what to ask
    replica.load(3, updates, resumed=False)                # the reply: a dump, or what happened since we were away
    replica.update(3, updates)                             # afterwards, each notification

Rules:
  - One message is one transaction of the database, and only what differs is told to its listeners: after a lost
    connection a whole dump is compared with what is there.
  - The replica alone writes its database. So every change set there came from the server.
  - Columns that the server lacks have their defaults; columns that we do not know are not asked for.
  - The key of a row is its uuid, in every table: a LogicalFlow here has the uuid that its writer gave it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from brume.ovsdb.client.decoding import TableReader, table_reader
from brume.ovsdb.errors import OvsdbError, syntax_error
from brume.ovsdb.schema import Schema
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.row import Member, Row

R = TypeVar("R", bound=Row)
Json = Any
Updates = Mapping[str, Mapping[str, Json]]
Condition = list[Json]


class _Table:
    """One table of the replica."""

    __slots__ = ("columns", "condition", "name", "reader", "row_type")

    def __init__(self, row_type: Any, columns: Collection[str] | None, condition: Condition | None) -> None:
        self.row_type: type[Row] = row_type
        self.name: str = row_type.TABLE.name
        self.reader: TableReader = table_reader(row_type)
        self.columns = [name for name in self.reader.columns if columns is None or name in columns]
        self.condition = _spoken(condition)


class Replica:
    """A database kept as a server's, for the tables, columns and rows that are wanted."""

    def __init__(
        self,
        schema: Schema,
        *,
        tables: Iterable[type[Row]] | None = None,
        columns: Mapping[type[Row], Collection[str]] | None = None,
        conditions: Mapping[type[Row], Condition] | None = None,
        database: Database | None = None,
    ) -> None:
        self.schema = schema
        self.database = database or Database(schema.name)
        wanted = schema.tables.values() if tables is None else tables
        columns, conditions = columns or {}, conditions or {}
        found = [_Table(row_type, columns.get(row_type), conditions.get(row_type)) for row_type in wanted]
        self._tables = {table.name: table for table in found}
        self._by_type = {table.row_type: table for table in found}
        self._served: dict[str, frozenset[str]] | None = None

    @property
    def row_types(self) -> tuple[type[Row], ...]:
        """The tables there are replicas of."""
        return tuple(self._by_type)

    def row(self, row_type: type[R], uuid: str) -> R | None:
        """The row that the server has under a uuid."""
        return self.database.get(row_type, uuid)

    def serves(self, row_type: type[Row], column: str | None = None) -> bool:
        """Whether the server has a table (or a column of it). Before anybody has asked it: whether we know it."""
        name: str = row_type.TABLE.name  # type: ignore[attr-defined]
        if self._served is None:
            return column is None or column in table_reader(row_type).columns
        return name in self._served and (column is None or column in self._served[name])

    def condition(self, row_type: type[Row]) -> Condition | None:
        """Which rows of a table are wanted; None: all."""
        return self._by_type[row_type].condition

    def set_condition(self, row_type: type[Row], condition: Condition | None) -> None:
        """Want other rows. It is asked at the next monitor request; a session can ask at once."""
        self._by_type[row_type].condition = _spoken(condition)

    def monitor_requests(self, server_schema: Json, *, conditions: bool = True) -> dict[str, Json]:
        """The monitor requests for what the server has of what we want, by table name."""
        try:
            served = {name: frozenset(table["columns"]) for name, table in server_schema["tables"].items()}
        except (TypeError, KeyError, AttributeError) as error:
            raise syntax_error(server_schema, "not a database schema") from error
        self._served = served
        requests: dict[str, Json] = {}
        for table in self._tables.values():
            if table.name in served:
                request: dict[str, Json] = {"columns": [name for name in table.columns if name in served[table.name]]}
                if conditions and table.condition is not None:
                    request["where"] = table.condition
                requests[table.name] = [request]
        return requests

    # what the server says

    def load(self, version: int, updates: Updates, *, resumed: bool = False) -> ChangeSet:
        """Take in the reply to a monitor request: everything, or (`resumed`) what changed since the last update."""
        return self._take(version, updates, whole=not resumed)

    def update(self, version: int, updates: Updates) -> ChangeSet:
        """Take in an update notification of this version (1, 2 or 3)."""
        return self._take(version, updates, whole=False)

    def _take(self, version: int, updates: Updates, *, whole: bool) -> ChangeSet:
        if not isinstance(updates, Mapping):
            raise syntax_error(updates, "<table-updates> is not an object")
        transaction = Transaction(author=self)
        for name, rows in updates.items():
            table = self._tables.get(name)
            if table is None or not isinstance(rows, Mapping):
                raise syntax_error(name, "<table-updates> has a table not asked for, or one that is not an object")
            self._take_table(transaction, version, table, rows)
        if whole:
            for name, table in self._tables.items():
                said = updates.get(name, {})
                for uuid in self.database.table(table.row_type).rows:
                    if uuid not in said:
                        self._delete(transaction, table, str(uuid))
        return self.database.apply(transaction)

    def _take_table(self, transaction: Transaction, version: int, table: _Table, rows: Mapping[str, Json]) -> None:
        kind_of = _row_update if version == 1 else _row_update2
        for uuid, update in rows.items():
            kind, json = kind_of(update)
            if kind == "delete":
                self._delete(transaction, table, uuid)
            elif kind == "modify":
                self._modify(transaction, table, uuid, json)
            else:
                self._put(transaction, table, uuid, json)

    def _put(self, transaction: Transaction, table: _Table, uuid: str, json: Json) -> None:
        row, members = table.reader.row(uuid, json)
        transaction.put(row)
        for relation in table.reader.relations:
            wanted = members.get(relation, frozenset())
            present = self.database.pairs(relation).children.get(uuid)
            for child in wanted:
                transaction.add(relation, uuid, child)
            for child in present or ():
                if child not in wanted:
                    transaction.remove(relation, uuid, child)

    def _modify(self, transaction: Transaction, table: _Table, uuid: str, json: Json) -> None:
        row = self.row(table.row_type, uuid)
        if row is None:
            raise OvsdbError("inconsistent", f"the server changes row {uuid} of {table.name}, which we do not have")
        fields, members = table.reader.difference(row, json)
        for relation, difference in members.items():
            present = self.database.pairs(relation).children.get(uuid, ())
            for child in difference:
                transaction.members[Member(relation, uuid, child)] = child not in present
        if fields:
            transaction.put(msgspec.structs.replace(row, **fields))

    def _delete(self, transaction: Transaction, table: _Table, uuid: str) -> None:
        transaction.delete(table.row_type, uuid)
        for relation in table.reader.relations:
            for child in self.database.pairs(relation).children.get(uuid, ()):
                transaction.remove(relation, uuid, child)


def _spoken(condition: Condition | None) -> Condition | None:
    """A row is wanted if any clause holds for it. Without any a server would send all rows: so we say `false`."""
    return condition if condition is None or condition else [False]


def _row_update(json: Json) -> tuple[str, Json]:
    """A <row-update> (RFC 7047, section 4.1.6): `new` has every column, `old` only those that changed."""
    if isinstance(json, Mapping) and json.keys() <= {"old", "new"}:
        if isinstance(json.get("new"), Mapping):
            return "insert", json["new"]
        if isinstance(json.get("old"), Mapping) and "new" not in json:
            return "delete", None
    raise syntax_error(json, "bad <row-update>")


def _row_update2(json: Json) -> tuple[str, Json]:
    """A <row-update2> (ovsdb-server(7), 4.1.14): exactly one of initial, insert, modify, delete."""
    if isinstance(json, Mapping) and len(json) == 1:
        ((kind, row),) = json.items()
        if kind in ("initial", "insert", "modify") and isinstance(row, Mapping):
            return kind, row
        if kind == "delete":
            return kind, None
    raise syntax_error(json, "bad <row-update2>")
