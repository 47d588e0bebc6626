"""Into which parts a refused proposal is divided: what may not be without the other stays together."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from brume.ovsdb.client.parts import HALVINGS, Parts, Side, joined, parts_of
from brume.ovsdb.client.unsent import Unsent
from brume.southbound.schema import DatapathBinding, LogicalDPGroup, MulticastGroup, PortBinding
from brume.tables.database import Database, Transaction
from brume.values import derive_uuid

UUIDS = {name: derive_uuid(name) for name in ("d1", "d2", "d3", "p1", "p2", "p3", "group", "flood")}
NAMES = {uuid: name for name, uuid in UUIDS.items()}


def datapath(name: str, key: int) -> DatapathBinding:
    return DatapathBinding(uuid=UUIDS[name], tunnel_key=key)


def port(name: str, where: str, key: int) -> PortBinding:
    return PortBinding(uuid=UUIDS[name], logical_port=name, datapath=UUIDS[where], tunnel_key=key)


def put(*rows: DatapathBinding | PortBinding | LogicalDPGroup | MulticastGroup) -> Callable[[Transaction], None]:
    def write(transaction: Transaction) -> None:
        for row in rows:
            transaction.put(row)

    return write


def two(transaction: Transaction) -> None:
    """Two datapaths with a port each."""
    put(datapath("d1", 1), datapath("d2", 2), port("p1", "d1", 1), port("p2", "d2", 1))(transaction)


def groups(transaction: Transaction) -> None:
    """Two datapaths in a group that is there, and two in one that is new."""
    put(datapath("d1", 1), datapath("d2", 2))(transaction)
    for name in ("d1", "d2"):
        transaction.add(LogicalDPGroup.datapaths, UUIDS["group"], UUIDS[name])


def new_group(transaction: Transaction) -> None:
    groups(transaction)
    transaction.put(LogicalDPGroup(uuid=UUIDS["group"]))


def gone(transaction: Transaction) -> None:
    """All that `two` wrote."""
    for name in ("d1", "d2"):
        transaction.delete(DatapathBinding, UUIDS[name])
    for name in ("p1", "p2"):
        transaction.delete(PortBinding, UUIDS[name])


def exchanged(transaction: Transaction) -> None:
    put(datapath("d1", 2), datapath("d2", 1), replace(port("p1", "d1", 1), tag=7))(transaction)


def taken_over(transaction: Transaction) -> None:
    transaction.delete(DatapathBinding, UUIDS["d1"])
    put(datapath("d3", 1), port("p1", "d2", 2))(transaction)


NOTHING: Callable[[Transaction], None] = put()
HAS_GROUP = put(LogicalDPGroup(uuid=UUIDS["group"]))
CASES = {
    "rows that refer to nothing new are by themselves": (two, put(datapath("d3", 3), port("p3", "d1", 2)), "d3 p3"),
    "a new row and who refers to it": (NOTHING, two, "d1+p1 d2+p2"),
    "a row that goes and who referred to it": (two, gone, "d1+p1 d2+p2"),
    "elements of a row that is there": (HAS_GROUP, groups, "d1 d2"),
    "elements of a new row": (NOTHING, new_group, "d1+d2+group"),
    "unique values that are exchanged": (two, exchanged, "d1+d2 p1"),
    "a unique value that is taken over, and a port that leaves what goes": (two, taken_over, "d1+d3+p1"),
}


def applied(*writes: Callable[[Transaction], None]) -> Database:
    database = Database("southbound")
    for write in writes:
        transaction = Transaction()
        write(transaction)
        database.apply(transaction)
    return database


def side(database: Database) -> Side:
    return Side(database.get, database)


def noted(before: Database, change: Callable[[Transaction], None]) -> Unsent:
    """What a change wrote."""
    unsent, transaction = Unsent(), Transaction()
    change(transaction)
    for row_type, key, old, new in before.apply(transaction).rows:
        unsent.note((row_type, str(key)), old, new)
    unsent.members.update(dict.fromkeys(transaction.members))
    return unsent


@pytest.mark.parametrize(("before", "change", "parts"), CASES.values(), ids=CASES)
def test_parts(before: Callable[[Transaction], None], change: Callable[[Transaction], None], parts: str) -> None:
    here, there = applied(before), applied(before)
    changes = noted(here, change)
    found = parts_of(changes, side(here), side(there))
    assert sorted("+".join(sorted(NAMES[uuid] for _, uuid in part.rows)) for part in found) == parts.split()
    whole = joined(found)
    assert (whole.rows, whole.members) == (changes.rows, changes.members)


def test_a_refused_part_is_halved_until_it_is_one_row() -> None:
    rows = [DatapathBinding(uuid=derive_uuid("many", number), tunnel_key=number) for number in range(1, 1001)]
    wrong = {rows[7].uuid, rows[901].uuid}
    here, there = applied(), applied()
    refused = noted(here, put(*rows))
    parts, tried, alone = Parts(), 0, set()
    assert parts.halve(refused, side(here), side(there))
    while parts:
        tried += 1
        part = parts.next()
        uuids = {uuid for _, uuid in part.rows}
        if uuids & wrong and not parts.halve(part, side(here), side(there)):
            alone |= uuids
        parts.done()
    assert alone == wrong
    assert tried < 2 * 2 * 10 < 2 * HALVINGS
