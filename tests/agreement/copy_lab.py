"""Working copies of the southbound on a real ovsdb-server, and what tests of them share. A helper, not a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from msgspec.structs import replace

from brume.ovsdb.client.connection import Client
from brume.ovsdb.client.pauses import Pauses
from brume.ovsdb.client.replica import Replica
from brume.ovsdb.client.working_copy import WorkingCopy
from brume.southbound.schema import SOUTHBOUND, Chassis, Encap
from brume.tables.database import Database, Transaction
from brume.values import derive_uuid
from tests.agreement.ovn_lab import OVN
from tests.agreement.ovsdb_server import OvsdbServer, missing

SCHEMA = OVN / "ovn-sb.ovsschema"
REASON = missing() or ("" if SCHEMA.exists() else f"no {SCHEMA}")
QUICK = Pauses(shortest=0.01, longest=0.02)


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
