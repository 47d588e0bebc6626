"""Helpers of the tests of database files: a small schema, a client, and what a store holds as plain JSON."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from brume.ovsdb.columns import columns
from brume.ovsdb.data import datum_to_json
from brume.ovsdb.rows import column_datum
from brume.ovsdb.schema import Schema
from brume.ovsdb.schema_reader import read_schema
from brume.ovsdb.storage.file import DatabaseFile, open_file
from brume.ovsdb.store import Store
from brume.ovsdb.transact import transact
from brume.values import derive_uuid

Json = Any
MANY = {"min": 0, "max": "unlimited"}
STRINGS = {"key": "string", **MANY}
SHELF: Json = {
    "name": "Shelf",
    "version": "1.2.3",
    "tables": {
        "Box": {
            "columns": {
                "name": {"type": "string"},
                "weight": {"type": "real"},
                "labels": {"type": STRINGS},
                "options": {"type": {"key": "string", "value": "string", **MANY}},
                "few": {"type": {"key": "integer", "min": 1, "max": 4}},
                "lid": {"type": {"key": {"type": "uuid", "refTable": "Lid"}, "min": 0, "max": 1}},
                "things": {"type": {"key": {"type": "uuid", "refTable": "Thing"}, **MANY}},
                "seen": {"type": "integer", "ephemeral": True},
            },
            "isRoot": True,
            "indexes": [["name"]],
        },
        "Thing": {
            "columns": {
                "name": {"type": "string"},
                "near": {"type": {"key": {"type": "uuid", "refTable": "Thing", "refType": "weak"}, **MANY}},
            }
        },
        "Lid": {"columns": {"colour": {"type": {"key": {"type": "string", "enum": ["set", ["", "red", "blue"]]}}}}},
    },
}


def shelf() -> Schema:
    return read_schema(SHELF)


def content(store: Store) -> Json:
    """Every row of every table, without what is not kept."""
    return {
        table.name: {
            row.uuid: {
                name: datum_to_json(column.type, column_datum(store.database, row, column))
                for name, column in columns(table.row_type).items()
                if not column.ephemeral
            }
            for row in table.rows()
        }
        for table in store.tables.values()
    }


class Shelf:
    """A database file of the small schema, and somebody who writes it."""

    def __init__(self, path: Path, schema: Schema | None = None, **options: Any) -> None:
        self.path = path
        self.warnings: list[str] = []
        self.file: DatabaseFile = open_file(str(path), schema or shelf(), warn=self.warnings.append, **options)
        self.store = self.file.store
        self._numbers = count(len(content(self.store)["Thing"]))

    def send(self, *operations: Json, comment: str = "", durable: bool = False) -> Json:
        """Run a transaction and keep it; its results."""
        outcome = transact(self.store, ["Shelf", *operations], new_uuid=self._new_uuid)
        assert not any("error" in (result or {}) for result in outcome.results), outcome.results
        self.file.append(outcome.changes, comment=comment, durable=durable)
        return outcome.results

    def _new_uuid(self) -> str:
        return derive_uuid("shelf", self.path.name, next(self._numbers))

    def add_box(self, name: str, **row: Json) -> str:
        uuid: str = self.send({"op": "insert", "table": "Box", "row": {"name": name, **row}})[0]["uuid"][1]
        return uuid

    def add_thing(self, name: str, **options: Any) -> None:
        """One more thing in every box."""
        self.send(
            {"op": "insert", "table": "Thing", "uuid-name": "new", "row": {"name": name}},
            {"op": "mutate", "table": "Box", "where": [], "mutations": [["things", "insert", ["named-uuid", "new"]]]},
            **options,
        )

    def update(self, table: str, **row: Json) -> None:
        self.send({"op": "update", "table": table, "where": [], "row": row})

    def close(self) -> Json:
        """Close the file; what was in the store."""
        self.file.close()
        return content(self.store)

    def records(self) -> list[bytes]:
        """The records in the file, as octets."""
        found, data = [], self.path.read_bytes()
        while data:
            length = int(data.split(b" ", 3)[2]) + data.index(b"\n") + 1
            found.append(data[:length])
            data = data[length:]
        return found


def reopened(path: Path) -> tuple[Json, list[str]]:
    """What a file holds when it is opened again, and the warnings."""
    again = Shelf(path)
    return again.close(), again.warnings


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """While inside, no file can grow past so many octets; the system says so as it does of a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
