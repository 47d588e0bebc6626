"""A working copy on a real ovsdb-server that refuses something: that is taken back, and nothing else is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from brume.ovsdb.client.parts import HALVINGS
from brume.ovsdb.client.transaction import Outcome, Proposal
from brume.southbound.schema import (
    SOUTHBOUND,
    Chassis,
    DatapathBinding,
    Encap,
    LogicalFlow,
    PortBinding,
)
from brume.tables.database import Transaction
from brume.values import derive_uuid
from tests.agreement.copy_lab import REASON, SCHEMA, chassis, copy_of, register
from tests.agreement.ovn_lab import read_database, short_directory
from tests.agreement.ovsdb_server import OvsdbServer

pytestmark = pytest.mark.skipif(bool(REASON), reason=f"no real OVN here: {REASON}")


@pytest.fixture
def server() -> Iterator[OvsdbServer]:
    with short_directory() as directory:
        server = OvsdbServer(Path(directory), "ovnsb_db", SCHEMA)
        yield server
        server.stop()


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
