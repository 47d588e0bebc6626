"""The database that tests of the client work in, on a real ovsdb-server or on ours. A helper, not a test."""

from __future__ import annotations

from functools import partial
from itertools import count as counting
from typing import Any

from brume.ovsdb.client.replica import Replica
from brume.ovsdb.schema_reader import read_schema
from brume.ovsdb.transact import transact
from brume.tables.changes import ChangeSet
from brume.tables.database import Transaction
from brume.tables.map import EMPTY_MAP
from brume.values import random_uuid
from tests.agreement.our_server import OurServer
from tests.agreement.ovsdb_server import OvsdbServer
from tests.agreement.test_ovsdb_transactions import SCHEMA

Json = Any
FUZZ = read_schema(SCHEMA)
DISTINCT = counting()
"""For the column of an index: no two rows are in each other's way."""
ROOT, LEAF = FUZZ.tables["Root"], FUZZ.tables["Leaf"]


class OursAsked:
    """Our server, asked as `OvsdbServer` is."""

    def __init__(self, server: OurServer) -> None:
        self.remote = server.unix
        self._server = server

    def transact(self, *operations: Json) -> list[Json]:
        """Run one transaction in the server's own thread."""
        store = self._server.stores["Fuzz"]
        run = partial(transact, store, ["Fuzz", *operations], new_uuid=random_uuid)
        return self._server.call(run).results


AnyServer = OvsdbServer | OursAsked


def clear(server: AnyServer) -> None:
    server.transact(*({"op": "delete", "table": table, "where": []} for table in SCHEMA["tables"]))


def root(name: str, **fields: Any) -> Any:
    return ROOT(**{
        "uuid": random_uuid(), "name": name, "number": 0, "maybe": next(DISTINCT), "few": frozenset(), "real": 0.0,
        "words": EMPTY_MAP, "leaf": None, "named": EMPTY_MAP, "fixed": 0, **fields,
    })  # fmt: skip


def remote(server: AnyServer) -> str:
    return f"unix:{server.socket}" if isinstance(server, OvsdbServer) else server.remote


class Heard:
    """A database made only of the change sets that a replica's listeners were told of."""

    def __init__(self, replica: Replica) -> None:
        self.copy = Replica(replica.schema)
        self.untrue: list[Any] = []
        replica.database.subscribe(self._hear)

    def _hear(self, changes: ChangeSet) -> None:
        transaction = Transaction()
        for row_type, key, old, new in changes.rows:
            if self.copy.database.get(row_type, key) != old:
                self.untrue.append((key, old))
            if new is None:
                transaction.delete(row_type, key)
            else:
                transaction.put(new)
        for member, added in changes.members:
            transaction.members[member] = added
        self.copy.database.apply(transaction)
