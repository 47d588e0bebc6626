"""A working copy writes, at whatever moments and with whatever breaks: the server ends with what was written.

And what somebody else writes into other columns meanwhile is neither lost nor written back.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from brume.ovsdb.client.connection import Client
from brume.ovsdb.client.pauses import Pauses
from brume.ovsdb.client.replica import Replica
from brume.ovsdb.client.working_copy import WorkingCopy
from brume.ovsdb.schema_reader import read_schema
from brume.ovsdb.server.server import Server, host_on
from brume.ovsdb.store import Store
from brume.ovsdb.wire.remotes import parse_remote
from brume.tables.changes import ChangeSet
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
others = st.tuples(numbers, st.sampled_from(["tulip", "lily"]))
"""Somebody else says what kind a plant is."""
moments = st.lists(
    writes | others | st.integers(1, 12) | st.sampled_from(["hang up", "stay away", "come back"]),
    min_size=1,
    max_size=15,
)


def apply(database: Database, changes: list[tuple[str, int, int]]) -> None:
    """One transaction of the gardener. A plant that is pulled out is no longer in a bed."""
    transaction = Transaction()
    for what, one, other in changes:
        if what == "put":
            present = database.get(PLANT, PLANTS[one])
            kind = "rose" if present is None else present.kind
            transaction.put(PLANT(uuid=PLANTS[one], height=other, kind=kind))
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


def kinds(database: Database) -> dict[str, str]:
    """What kind each plant is."""
    return {row.uuid: row.kind for row in database.rows(PLANT)}


class Somebody:
    """Another client, who writes the kinds of plants that the server has."""

    def __init__(self, kept: Database) -> None:
        self.kept = kept
        self.said: dict[str, str] = {}
        kept.subscribe(self._forget)

    def say(self, number: int, kind: str) -> None:
        uuid = PLANTS[number]
        row = self.kept.get(PLANT, uuid)
        if row is not None:
            transaction = Transaction()
            transaction.put(replace(row, kind=kind))
            self.kept.apply(transaction)
            self.said[uuid] = kind

    def _forget(self, changes: ChangeSet) -> None:
        for row_type, key, old, new in changes.rows:
            if row_type is PLANT and (old is None or new is None):
                self.said.pop(str(key), None)


async def story(directory: str, steps: list[Any]) -> None:
    host = host_on(asyncio.get_running_loop())
    kept = Database("Garden")
    host.add(Store(kept, SCHEMA))
    server = Server(host)
    await server.open(parse_remote(f"punix:{directory}/s"))
    client = Client(f"unix:{directory}/s", Replica(SCHEMA), pauses=Pauses(0.001, 0.002))
    copy = WorkingCopy(client, Database("Garden"), pause=0)
    client.start()
    try:
        await copy.loaded()
        await write(copy, Somebody(kept), steps)
    finally:
        copy.close()
        await client.close()
        await server.close()


async def write(copy: WorkingCopy, somebody: Somebody, steps: list[Any]) -> None:
    kept, model, client = somebody.kept, Database("model"), copy.client
    replanted: set[str] = set()  # this may arrive as an update of all columns: then our kind counts
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
        elif isinstance(step, tuple):
            somebody.say(*step)
        else:
            before = {row.uuid for row in copy.database.rows(PLANT)}
            replanted |= {PLANTS[one] for what, one, _ in step if what == "pull out"} & before
            apply(copy.database, step)
            apply(model, step)
            assert content(copy.database) == content(model)
    client.release()
    async with asyncio.timeout(10):
        await client.synchronized()
        await copy.settled()
        while content(kept) != content(model) or kinds(copy.database) != kinds(kept):
            await asyncio.sleep(0.001)
    assert content(copy.database) == content(model)
    for uuid, kind in somebody.said.items():
        assert uuid in replanted or kinds(kept)[uuid] == kind
    assert not copy.refusals


@settings(max_examples=150, deadline=None)
@given(steps=moments)
@example(steps=[[("put", 1, 0)], 12, [("put", 1, 5)], 2, "hang up", [("put", 1, 0)], 12, [("put", 1, 0)]])
@example(steps=[[("put", 0, 0)], 3, (0, "tulip"), "hang up"])
@example(steps=[[("put", 1, 0)], 3, [("pull out", 1, 0)], 4, [("put", 1, 3)], 2, [("pull out", 1, 0)]])
def test_the_server_ends_with_what_the_only_writer_wrote(steps: list[Any]) -> None:
    with TemporaryDirectory(prefix="ovs") as directory:
        asyncio.run(story(str(Path(directory)), steps))
