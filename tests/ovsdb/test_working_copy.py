"""A working copy that is the only writer: whatever the moments and breaks, the server ends with what was written."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from brume.ovsdb.client.connection import Client, Pauses
from brume.ovsdb.client.replica import Replica
from brume.ovsdb.client.working_copy import WorkingCopy
from brume.ovsdb.schema_reader import read_schema
from brume.ovsdb.server.listener import Server, host_on
from brume.ovsdb.store import Store
from brume.ovsdb.wire.remotes import parse_remote
from brume.tables.database import Database, Transaction
from brume.values import derive_uuid

SCHEMA = read_schema({
    "name": "Garden",
    "tables": {
        "Bed": {
            "columns": {
                "name": {"type": "string"},
                "plants": {"type": {"key": {"type": "uuid", "refTable": "Plant", "refType": "weak"},
                                    "min": 0, "max": "unlimited"}},
            },
            "isRoot": True,
        },
        "Plant": {"columns": {"height": {"type": "integer"}, "kind": {"type": "string"}}, "isRoot": True},
    },
})  # fmt: skip
BED, PLANT = SCHEMA.tables["Bed"], SCHEMA.tables["Plant"]
BEDS = [derive_uuid("bed", number) for number in range(2)]
PLANTS = [derive_uuid("plant", number) for number in range(3)]

numbers = st.integers(0, 2)
writes = st.lists(
    st.one_of(
        st.tuples(st.just("put"), numbers, st.integers(0, 5)),
        st.tuples(st.just("pull out"), numbers, st.just(0)),
        st.tuples(st.just("plant"), st.integers(0, 1), numbers),
        st.tuples(st.just("move"), st.integers(0, 1), numbers),
    ),
    min_size=1,
    max_size=3,
)
moments = st.lists(
    writes | st.integers(1, 12) | st.sampled_from(["hang up", "stay away", "come back"]), min_size=1, max_size=15
)


def apply(database: Database, changes: list[tuple[str, int, int]]) -> None:
    """One transaction of the gardener. A plant that is pulled out is no longer in a bed."""
    transaction = Transaction()
    for what, one, other in changes:
        if what == "put":
            transaction.put(PLANT(uuid=PLANTS[one], height=other, kind="rose"))
        elif what == "pull out":
            transaction.delete(PLANT, PLANTS[one])
        elif what == "plant":
            transaction.add(BED.plants, BEDS[one], PLANTS[other])
        else:
            transaction.remove(BED.plants, BEDS[one], PLANTS[other])
    for number, uuid in enumerate(PLANTS):  # no reference to what is not there
        there = transaction.rows.get((PLANT, uuid), database.get(PLANT, uuid)) is not None
        if not there:
            for bed in BEDS:
                transaction.remove(BED.plants, bed, PLANTS[number])
    database.apply(transaction)


def content(database: Database) -> Any:
    """Rows and members."""
    return (
        sorted((row.uuid, row.height) for row in database.rows(PLANT)),
        sorted((member.parent, member.child) for member in database.all_members(BED.plants)),
    )


async def story(directory: str, steps: list[Any]) -> None:
    host = host_on(asyncio.get_running_loop())
    kept, model = Database("Garden"), Database("model")
    host.add(Store(kept, SCHEMA))
    server = Server(host)
    await server.open(parse_remote(f"punix:{directory}/s"))
    client = Client(f"unix:{directory}/s", Replica(SCHEMA), pauses=Pauses(0.001, 0.002))
    copy = WorkingCopy(client, Database("Garden"), pause=0)
    client.start()
    await copy.loaded()
    for database in (copy.database, model):
        beds = Transaction()
        for uuid in BEDS:
            beds.put(BED(uuid=uuid, name="bed"))
        database.apply(beds)
    for step in steps:
        if step == "hang up":
            client.reconnect()
        elif step == "stay away":
            client.hold()
        elif step == "come back":
            client.release()
        elif isinstance(step, int):
            for _ in range(step):
                await asyncio.sleep(0)
        else:
            apply(copy.database, step)
            apply(model, step)
            assert content(copy.database) == content(model)
    client.release()
    async with asyncio.timeout(10):
        await client.synchronized()
        await copy.settled()
        while content(kept) != content(model):
            await asyncio.sleep(0.001)
    assert content(copy.database) == content(model)
    assert not copy.refusals
    copy.close()
    await client.close()
    await server.close()


@settings(max_examples=150, deadline=None)
@given(steps=moments)
def test_the_server_ends_with_what_the_only_writer_wrote(steps: list[Any]) -> None:
    with TemporaryDirectory(prefix="ovs") as directory:
        asyncio.run(story(str(Path(directory)), steps))
