"""A working copy on a real ovsdb-server: both sides write, connections break; nobody disagrees."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from brume.ovsdb.client.working_copy import WorkingCopy
from brume.southbound.schema import (
    SOUTHBOUND,
    Chassis,
    DatapathBinding,
    LogicalFlow,
    MulticastGroup,
    PortBinding,
)
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from brume.values import derive_uuid
from tests.agreement.copy_lab import REASON, SCHEMA, chassis, copy_of, register, until
from tests.agreement.ovn_lab import read_database, short_directory
from tests.agreement.ovsdb_server import OvsdbServer

pytestmark = pytest.mark.skipif(bool(REASON), reason=f"no real OVN here: {REASON}")


@pytest.fixture
def server() -> Iterator[OvsdbServer]:
    with short_directory() as directory:
        server = OvsdbServer(Path(directory), "ovnsb_db", SCHEMA)
        yield server
        server.stop()


def test_what_one_writes_the_other_sees_and_columns_of_both_stay(server: OvsdbServer) -> None:
    async def both() -> None:
        async with copy_of(server) as one, copy_of(server) as other:
            register(one, "hv")
            await one.settled()
            await until(other, lambda: bool(other.database.rows(Chassis)))
            for copy, column, value in ((one, "hostname", "host"), (other, "nb_cfg", 7)):
                (row,) = copy.database.rows(Chassis)
                transaction = Transaction()
                transaction.put(replace(row, **{column: value}))
                copy.database.apply(transaction)
            await one.settled()
            await other.settled()
            expected = chassis("hv", hostname="host", nb_cfg=7)
            for copy in (one, other):
                await until(copy, lambda copy=copy: copy.database.rows(Chassis) == [expected])  # type: ignore[misc]

    asyncio.run(both())


def test_a_listener_that_fails_is_told_of_and_ends_nothing(server: OvsdbServer) -> None:
    """As a compiler that has a mistake: the chassis are seen all the same, and what is written goes on its way."""
    faults: list[BaseException] = []

    def fail(changes: ChangeSet) -> None:
        raise ZeroDivisionError("a mistake")

    async def go_on() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context["exception"]))
        async with copy_of(server) as one, copy_of(server) as other:
            one.database.subscribe(fail)
            for number, name in enumerate(("hv", "hv2"), 1):
                register(other, name)
                await until(one, lambda number=number: len(one.database.rows(Chassis)) == number)  # type: ignore[misc]
            with pytest.raises(ZeroDivisionError):
                register(one, "hv33")
            await until(other, lambda: len(other.database.rows(Chassis)) == 3)
            assert one.client.is_synchronized

    asyncio.run(go_on())
    assert {type(fault) for fault in faults} == {ZeroDivisionError}


def test_a_flow_of_ours_has_the_uuid_it_derives_and_stays_ours(server: OvsdbServer) -> None:
    """Somebody else changes it: here it still says what we made it say, and soon there too."""

    async def changed() -> None:
        async with copy_of(server) as copy:
            datapath = DatapathBinding(uuid=derive_uuid("datapath"), tunnel_key=1)
            flow = LogicalFlow(
                logical_datapath=datapath.uuid, pipeline="ingress", table_id=0, priority=1, match="ip4", actions="drop;"
            )
            transaction = Transaction()
            transaction.put(datapath)
            transaction.put(flow)
            copy.database.apply(transaction)
            await copy.settled()
            (there,) = read_database(server, SOUTHBOUND).rows(LogicalFlow)
            assert there.uuid == flow.uuid
            server.transact({"op": "update", "table": "Logical_Flow", "where": [], "row": {"actions": "next;"}})
            replica = copy.client.replica.database
            await until(copy, lambda: [row.actions for row in replica.rows(LogicalFlow)] == ["next;"])
            await until(copy, lambda: [row.actions for row in replica.rows(LogicalFlow)] == ["drop;"])
            assert copy.database.rows(LogicalFlow) == [flow]
            transaction = Transaction()
            transaction.delete(LogicalFlow, flow.key())
            copy.database.apply(transaction)
            await copy.settled()
            assert read_database(server, SOUTHBOUND).rows(LogicalFlow) == []

    asyncio.run(changed())


def test_a_flow_that_somebody_else_wrote_before_us_is_here_once_and_goes_when_we_take_it_away(
    server: OvsdbServer,
) -> None:
    """As one that an earlier run of ours has left there."""
    datapath = DatapathBinding(uuid=derive_uuid("datapath"), tunnel_key=1)
    flow = LogicalFlow(
        logical_datapath=datapath.uuid, pipeline="ingress", table_id=0, priority=1, match="ip4", actions="drop;"
    )
    said = {"pipeline": "ingress", "table_id": 0, "priority": 1, "match": "ip4", "actions": "drop;"}

    async def taken_over() -> None:
        async with copy_of(server) as copy:
            server.transact(
                {"op": "insert", "table": "Datapath_Binding", "uuid": datapath.uuid, "row": {"tunnel_key": 1}},
                {"op": "insert", "table": "Logical_Flow", "uuid": flow.uuid,
                 "row": said | {"logical_datapath": ["uuid", datapath.uuid]}},
            )  # fmt: skip
            await until(copy, lambda: bool(copy.database.rows(LogicalFlow)))
            assert copy.database.rows(LogicalFlow) == [replace(flow, given_uuid=flow.uuid)]
            transaction = Transaction()
            transaction.put(flow)
            copy.database.apply(transaction)
            assert copy.database.rows(LogicalFlow) == [flow]
            await copy.settled()
            transaction = Transaction()
            transaction.delete(LogicalFlow, flow.key())
            copy.database.apply(transaction)
            await copy.settled()
            assert copy.database.rows(LogicalFlow) == []
            assert read_database(server, SOUTHBOUND).rows(LogicalFlow) == []

    asyncio.run(taken_over())


@pytest.mark.parametrize("seed", range(6))
def test_two_who_write_at_random_while_connections_break_agree_in_the_end(server: OvsdbServer, seed: int) -> None:
    draw = random.Random(seed)

    async def write(copies: tuple[WorkingCopy, WorkingCopy]) -> None:
        for _ in range(60):
            copy = draw.choice(copies)
            transaction = Transaction()
            for _ in range(draw.randrange(1, 4)):
                change_something(draw, copy.database, transaction)
            copy.database.apply(transaction)
            for _ in range(draw.randrange(4)):
                await asyncio.sleep(0)
            if draw.random() < 0.1:
                server.cut()
            if draw.random() < 0.5:
                await copy.client.synchronized()
                await copy.settled()

    async def both() -> None:
        async with copy_of(server) as one, copy_of(server) as other:
            await write((one, other))
            databases = [found for copy in (one, other) for found in (copy.database, copy.client.replica.database)]
            there: dict[str, set[object]] = {}
            async with asyncio.timeout(30):
                while not there or any(content(database) != there for database in databases):
                    for copy in (one, other):
                        await copy.client.synchronized()
                        await copy.settled()  # or its connection was cut just now, and it will connect again
                    await asyncio.sleep(0.01)
                    there = content(read_database(server, SOUTHBOUND))
            assert there["DatapathBinding"], "nothing was written at all"

    asyncio.run(both())


KINDS = (DatapathBinding, PortBinding, LogicalFlow, MulticastGroup)


def change_something(draw: random.Random, database: Database, transaction: Transaction) -> None:
    """One change that the server may take or refuse: keys clash, references hang in the air."""
    number = draw.randrange(4)
    datapath, port = derive_uuid("datapath", number), derive_uuid("port", number)
    group = derive_uuid("group", number)
    match draw.randrange(7):
        case 0:
            ids = Map({"name": str(draw.randrange(3))})
            transaction.put(
                DatapathBinding(uuid=datapath, tunnel_key=draw.choice((number, number, 3)) + 1, external_ids=ids)
            )
        case 1:
            transaction.put(PortBinding(uuid=port, logical_port=f"p{number}", datapath=datapath, tunnel_key=1))
        case 2:
            row = database.get(PortBinding, port)
            if row is not None:
                column = draw.choice(("up", "tag", "type"))
                values = {"up": draw.choice((True, False, None)), "tag": draw.randrange(1, 9), "type": "localport"}
                transaction.put(replace(row, **{column: values[column]}))
        case 3:
            table, key = draw.choice(((DatapathBinding, datapath), (PortBinding, port)))
            transaction.delete(table, key)
        case 4:
            priority = draw.randrange(3)
            transaction.put(
                LogicalFlow(
                    logical_datapath=datapath,
                    pipeline="ingress",
                    table_id=0,
                    priority=priority,
                    match="1",
                    actions="drop;",
                )
            )
        case 5:
            for flow in database.rows(LogicalFlow)[:1]:
                transaction.delete(LogicalFlow, flow.key())
        case 6:
            transaction.put(MulticastGroup(uuid=group, datapath=datapath, name="flood", tunnel_key=40000))
            change = draw.choice((transaction.add, transaction.remove))
            change(MulticastGroup.ports, group, derive_uuid("port", draw.randrange(4)))


def content(database: Database) -> dict[str, set[object]]:
    """What a database has, flows by what they say."""
    found: dict[str, set[object]] = {
        kind.__name__: {replace(row, given_uuid=None) if kind is LogicalFlow else row for row in database.rows(kind)}
        for kind in KINDS
    }
    groups = {row.uuid for row in database.rows(MulticastGroup)}
    found["ports"] = {member for member in database.all_members(MulticastGroup.ports) if member.parent in groups}
    return found
