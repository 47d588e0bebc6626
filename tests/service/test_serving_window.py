"""While databases open, their file changes hands: what the compiler and a client write then is in it, once."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from brume.northbound.schema import LogicalSwitch
from brume.ovsdb.storage.file import read_file
from brume.service.lab.lab import Lab
from brume.service.lab.settings import LabSettings
from brume.service.serving.databases import Choice, Databases
from brume.tables.database import Transaction
from brume.values import derive_uuid

HERE = ("ptcp:0:127.0.0.1",)


async def write_as_client(socket: Path) -> None:
    while not socket.exists():
        await asyncio.sleep(0)
    reader, writer = await asyncio.open_unix_connection(str(socket))
    for number in range(20):
        insert = {"op": "insert", "table": "Logical_Switch", "row": {"name": f"theirs{number}."}}
        writer.write(json.dumps({"id": 0, "method": "transact", "params": ["OVN_Northbound", insert]}).encode())
        assert b'"error":null' in await reader.read(65536)
    writer.close()


def write_here(lab: Lab, number: int) -> None:
    transaction = Transaction()
    transaction.put(LogicalSwitch(uuid=derive_uuid("ours", str(number)), name=f"ours{number}."))
    lab.network.northbound.apply(transaction)


async def open_while_all_write(settings: LabSettings) -> Lab:
    paths, lab = settings.paths, Lab(settings)
    northbound = Choice(paths.northbound_socket, HERE, paths.northbound)
    southbound = Choice(paths.southbound_socket, HERE, paths.southbound)
    databases = Databases(asyncio.get_running_loop(), lab.network, northbound, southbound, paths.authority)
    lab.start()
    write_here(lab, 0)
    work = asyncio.gather(databases.open(), write_as_client(paths.northbound_socket))
    for number in range(1, 60):
        write_here(lab, number)
        await asyncio.sleep(0)
    await work
    await databases.close()
    return lab


def test_everything_is_written_once(tmp_path: Path) -> None:
    settings = LabSettings(data_directory=tmp_path)
    network = asyncio.run(open_while_all_write(settings)).network
    records = settings.paths.northbound.read_text()
    names = [*(f"ours{number}." for number in range(60)), *(f"theirs{number}." for number in range(20))]
    assert [records.count(f'"{name}"') for name in names] == [1] * len(names)
    for path, store in (
        (settings.paths.northbound, network.northbound_store),
        (settings.paths.southbound, network.southbound_store),
    ):
        kept = read_file(str(path), store.schema).database
        for name, table in store.schema.tables.items():
            if name != "Logical_Flow":  # made anew at each start
                assert {row.key(): row for row in kept.rows(table)} == {r.key(): r for r in store.database.rows(table)}
