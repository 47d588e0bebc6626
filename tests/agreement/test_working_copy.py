"""A working copy on a real ovsdb-server: both sides write, connections break, the server refuses; nobody disagrees."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from brume.ovsdb.client.connection import Client
from brume.ovsdb.client.parts import HALVINGS
from brume.ovsdb.client.pauses import Pauses
from brume.ovsdb.client.replica import Replica
from brume.ovsdb.client.transaction import Outcome, Proposal
from brume.ovsdb.client.working_copy import WorkingCopy
from brume.southbound.schema import (
    SOUTHBOUND,
    Chassis,
    DatapathBinding,
    Encap,
    LogicalFlow,
    MulticastGroup,
    PortBinding,
)
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from brume.values import derive_uuid
from tests.agreement.ovn_lab import OVN, read_database, short_directory
from tests.agreement.ovsdb_server import OvsdbServer, missing

SCHEMA = OVN / "ovn-sb.ovsschema"
REASON = missing() or ("" if SCHEMA.exists() else f"no {SCHEMA}")
pytestmark = pytest.mark.skipif(bool(REASON), reason=f"no real OVN here: {REASON}")

QUICK = Pauses(shortest=0.01, longest=0.02)


@pytest.fixture
def server() -> Iterator[OvsdbServer]:
    with short_directory() as directory:
        server = OvsdbServer(Path(directory), "ovnsb_db", SCHEMA)
        yield server
        server.stop()


@asynccontextmanager
async def copy_of(server: OvsdbServer) -> AsyncIterator[WorkingCopy]:
    client = Client(f"unix:{server.socket}", Replica(SOUTHBOUND), pauses=QUICK)
    copy = WorkingCopy(client, Database(SOUTHBOUND.name), pause=0)
    client.start()
    await copy.loaded()
    try:
        yield copy
    finally:
        copy.close()
        await client.close()


async def until(copy: WorkingCopy, holds: Callable[[], bool]) -> None:
    changed = asyncio.Event()
    copy.database.subscribe(lambda changes: changed.set())
    copy.client.replica.database.subscribe(lambda changes: changed.set())
    async with asyncio.timeout(10):
        while not holds():
            changed.clear()
            await changed.wait()


def chassis(name: str, **columns: object) -> Chassis:
    return Chassis(uuid=derive_uuid("Chassis", name), name=name, **columns)  # type: ignore[arg-type]


def register(copy: WorkingCopy, name: str, uuid: str = "") -> None:
    row = chassis(name)
    row = replace(row, uuid=uuid or row.uuid)
    encap = Encap(
        uuid=derive_uuid("Encap", name, row.uuid), type="geneve", ip=f"192.0.2.{len(name)}", chassis_name=name
    )
    transaction = Transaction()
    transaction.put(row)
    transaction.put(encap)
    transaction.add(Chassis.encaps, row.uuid, encap.uuid)
    copy.database.apply(transaction)


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


def test_what_the_server_refuses_is_taken_back(server: OvsdbServer) -> None:
    """Two chassis of one name: the second is gone again, with its tunnel endpoint, and what comes later is sent."""

    async def refused() -> None:
        async with copy_of(server) as copy:
            register(copy, "hv")
            await copy.settled()
            register(copy, "hv", "00000000-0000-4000-8000-000000000001")
            assert len(copy.database.rows(Chassis)) == 2
            await copy.settled()
            (refusal,) = copy.refusals
            assert refusal.error["error"] == "constraint violation"
            assert copy.database.rows(Chassis) == [chassis("hv")]
            assert len(copy.database.rows(Encap)) == 1
            register(copy, "hv2")
            await copy.settled()
            there = read_database(server, SOUTHBOUND)
            assert {row.name for row in there.rows(Chassis)} == {"hv", "hv2"}

    asyncio.run(refused())


def bind(transaction: Transaction, number: int, tunnel_key: int, datapath: str) -> None:
    """A datapath with a port and a flow."""
    key = datapath or derive_uuid("datapath", number)
    if not datapath:
        transaction.put(DatapathBinding(uuid=key, tunnel_key=tunnel_key))
    port = PortBinding(uuid=derive_uuid("port", number), logical_port=f"p{number}", datapath=key, tunnel_key=tunnel_key)
    transaction.put(port)
    flow = LogicalFlow(
        logical_datapath=key, pipeline="ingress", table_id=0, priority=number, match="1", actions="drop;"
    )
    transaction.put(flow)


def test_only_what_cannot_stay_is_taken_back(server: OvsdbServer) -> None:
    """Of forty datapaths with ports and flows, written at once, two have tunnel keys that others have already."""

    async def partly() -> None:
        async with copy_of(server) as copy:
            transaction = Transaction()
            transaction.put(DatapathBinding(uuid=derive_uuid("first"), tunnel_key=7))
            transaction.put(DatapathBinding(uuid=derive_uuid("second"), tunnel_key=23))
            copy.database.apply(transaction)
            await copy.settled()
            transaction = Transaction()
            for number in range(1, 41):
                bind(transaction, number, number, "")
            copy.database.apply(transaction)
            await copy.settled()
            assert [refusal.error["error"] for refusal in copy.refusals] == ["constraint violation"] * 2
            stays = set(range(1, 41)) - {7, 23}
            for there in (copy.database, read_database(server, SOUTHBOUND)):
                assert {row.logical_port for row in there.rows(PortBinding)} == {f"p{number}" for number in stays}
                assert {row.priority for row in there.rows(LogicalFlow)} == stays
                assert len(there.rows(DatapathBinding)) == 40

    asyncio.run(partly())


def test_values_that_go_from_row_to_row_go_together_although_something_else_is_refused(server: OvsdbServer) -> None:
    """Two ports change their keys, one datapath goes and another takes its key: none may be written without the
    other. A datapath with the key of one that stays is refused, and one with a key of its own is not."""

    async def exchange() -> None:
        async with copy_of(server) as copy:
            transaction = Transaction()
            for number in (1, 2):
                bind(transaction, number, number, "")
            shared = derive_uuid("datapath", 1)
            bind(transaction, 3, 3, shared)
            copy.database.apply(transaction)
            await copy.settled()
            transaction = Transaction()
            one, _, three = (row for row in copy.database.rows(PortBinding))
            transaction.put(replace(one, tunnel_key=three.tunnel_key))
            transaction.put(replace(three, tunnel_key=one.tunnel_key))
            for flow in copy.database.rows(LogicalFlow):
                if flow.logical_datapath == derive_uuid("datapath", 2):
                    transaction.delete(LogicalFlow, flow.key())
            transaction.delete(PortBinding, derive_uuid("port", 2))
            transaction.delete(DatapathBinding, derive_uuid("datapath", 2))
            transaction.put(DatapathBinding(uuid=derive_uuid("other"), tunnel_key=2))
            transaction.put(DatapathBinding(uuid=derive_uuid("new"), tunnel_key=9))
            transaction.put(DatapathBinding(uuid=derive_uuid("clash"), tunnel_key=1))
            copy.database.apply(transaction)
            await copy.settled()
            (refusal,) = copy.refusals
            assert "tunnel_key" in refusal.error["details"]
            for there in (copy.database, read_database(server, SOUTHBOUND)):
                keys = {row.logical_port: row.tunnel_key for row in there.rows(PortBinding)}
                assert keys == {"p1": 3, "p3": 1}
                uuids = {derive_uuid("datapath", 1), derive_uuid("other"), derive_uuid("new")}
                assert {row.uuid for row in there.rows(DatapathBinding)} == uuids

    asyncio.run(exchange())


def test_where_all_is_refused_the_server_is_not_asked_for_ever(server: OvsdbServer) -> None:
    async def vain() -> None:
        async with copy_of(server) as copy:
            transaction = Transaction()
            for number in range(1, 301):
                transaction.put(DatapathBinding(uuid=derive_uuid("theirs", number), tunnel_key=number))
            copy.database.apply(transaction)
            await copy.settled()
            proposals = 0
            propose = copy.client.propose

            async def count(proposal: Proposal) -> Outcome:
                nonlocal proposals
                proposals += 1
                return await propose(proposal)

            copy.client.propose = count  # type: ignore[method-assign]
            transaction = Transaction()
            for number in range(1, 301):
                transaction.put(DatapathBinding(uuid=derive_uuid("ours", number), tunnel_key=number))
            copy.database.apply(transaction)
            await copy.settled()
            assert proposals == 1 + 2 * HALVINGS
            assert {row.uuid for row in copy.database.rows(DatapathBinding)} == {
                derive_uuid("theirs", number) for number in range(1, 301)
            }

    asyncio.run(vain())


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
