"""What tests of the client share: asking a real server for everything it has, and comparing a replica with it.

A helper, not a test. The server is asked through the client that is tested: it sends what happened before the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from brume.ovsdb.client.connection import Client
from brume.ovsdb.client.pauses import Pauses
from brume.ovsdb.client.replica import Replica
from brume.ovsdb.columns import columns
from brume.ovsdb.data import Datum, datum_from_json
from brume.ovsdb.rows import column_datum

Json = Any
Content = dict[str, dict[str, dict[str, Datum]]]
AT_ONCE = Pauses(shortest=0.01, longest=0.05, connect=5.0)
"""Pauses for tests."""
PATIENCE = 30.0
"""Seconds after which something that should have happened has not."""


@asynccontextmanager
async def connected(remotes: str, replica: Replica, **settings: Any) -> AsyncIterator[Client]:
    """A client that follows a server."""
    client = Client(remotes, replica, pauses=settings.pop("pauses", AT_ONCE), **settings)
    client.start()
    try:
        async with asyncio.timeout(PATIENCE):
            await client.synchronized()
        yield client
    finally:
        await client.close()


async def server_content(client: Client) -> Content:
    """All rows of a server, as it answers when it is asked."""
    schema = client.replica.schema
    operations = [{"op": "select", "table": table, "where": []} for table in schema.tables]
    answer = None
    while answer is None:
        answer = await client.request("transact", [schema.name, *operations])
    found: Content = {}
    for (table, row_type), result in zip(schema.tables.items(), answer.result, strict=True):
        kinds = columns(row_type)
        found[table] = {
            row["_uuid"][1]: {name: datum_from_json(column.type, row[name]) for name, column in kinds.items()}
            for row in result["rows"]
        }
    return found


def replica_content(replica: Replica) -> Content:
    """All rows of a replica, in the same form."""
    return {
        table: {
            str(row.uuid): {
                name: column_datum(replica.database, row, column) for name, column in columns(row_type).items()
            }
            for row in replica.database.rows(row_type)
        }
        for table, row_type in replica.schema.tables.items()
    }
