"""Database files: what a record says of a change, and that what is read is what was written."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from brume.northbound.schema import NORTHBOUND, LogicalSwitch, LogicalSwitchPort
from brume.ovsdb.storage.file import open_file, read_file
from brume.ovsdb.store import Store
from brume.ovsdb.transact import transact
from brume.southbound.schema import SOUTHBOUND, DatapathBinding, LogicalFlow
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.values import derive_uuid
from tests.ovsdb.storage_lab import Shelf, content, reopened, shelf

Json = Any


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shelf.db"


def last_record(path: Path) -> Json:
    return json.loads(path.read_bytes().splitlines()[-1])


# what a record says


def test_a_new_row_is_written_with_what_is_not_its_default(path: Path) -> None:
    box = Shelf(path, clock=lambda: 1767225600.5)
    uuid = box.add_box("a", options=["map", [["k", "v"]]], seen=7)
    row = {"name": "a", "options": ["map", [["k", "v"]]]}
    assert last_record(path) == {"_date": 1767225600500, "_is_diff": True, "Box": {uuid: row}}


def test_one_more_thing_in_a_box_of_many_is_one_element(path: Path) -> None:
    box = Shelf(path)
    uuid = box.add_box("a")
    for number in range(100):
        box.add_thing(f"t{number}")
    record = last_record(path)
    (thing,) = record["Thing"]
    assert record["Box"] == {uuid: {"things": ["uuid", thing]}}


def test_a_map_and_a_set_are_written_as_their_differences(path: Path) -> None:
    box = Shelf(path)
    uuid = box.add_box("a", options=["map", [["k", "1"], ["l", "2"], ["m", "3"]]], labels=["set", ["x", "y"]])
    box.update("Box", options=["map", [["k", "1"], ["l", "9"], ["n", "4"]]], labels=["set", ["y", "z"]])
    changed = {"options": ["map", [["l", "9"], ["m", "3"], ["n", "4"]]], "labels": ["set", ["x", "z"]]}
    assert last_record(path)["Box"] == {uuid: changed}
    held = box.close()
    assert reopened(path) == (held, [])


def test_a_difference_that_ovsdb_server_would_misread_is_not_written(path: Path) -> None:
    """In a set of bounded size, or that must not be empty, it takes the difference for the value, or for too large."""
    box = Shelf(path)
    uuid = box.add_box("a", labels=["set", ["x", "y"]])
    box.add_thing("t")
    box.send(
        {"op": "update", "table": "Box", "where": [], "row": {"few": ["set", [1, 2, 3]], "labels": "y"}},
        {"op": "mutate", "table": "Box", "where": [], "mutations": [["things", "delete", ["set", []]]]},
    )
    record = last_record(path)
    assert "_is_diff" not in record
    assert record["Box"] == {uuid: {"few": ["set", [1, 2, 3]], "labels": "y"}}
    held = box.close()
    assert reopened(path) == (held, [])


def test_what_goes_with_a_row_is_written_with_it(path: Path) -> None:
    box = Shelf(path)
    uuid = box.add_box("a")
    box.add_thing("t")
    (thing,) = last_record(path)["Thing"]
    box.send({"op": "delete", "table": "Box", "where": []}, comment="cleared\nup")
    record = last_record(path)
    assert (record["Box"], record["Thing"]) == ({uuid: None}, {thing: None})
    assert record["_comment"] == "cleared\nup"


def test_ephemeral_columns_are_not_kept(path: Path) -> None:
    box = Shelf(path)
    box.add_box("a", seen=7)
    size = box.file.size
    box.update("Box", seen=8)
    assert box.file.size == size
    box.file.close()
    again = Shelf(path)
    assert [row.seen for row in again.store.tables["Box"].rows()] == [0]


def test_text_that_ovsdb_cannot_hold_spoils_no_record(path: Path) -> None:
    schema = shelf()
    store = Store(Database("Shelf"), schema)
    file = open_file(str(path), store=store)
    thing = schema.tables["Thing"]
    transaction = Transaction()
    for number, name in enumerate(("half \ud800 a pair", "nothing \x00 left", "two\nlines \\u0000 ü")):
        transaction.put(thing(uuid=f"0000000{number}-0000-0000-0000-000000000000", name=name))
    file.append(store.database.apply(transaction))
    file.close()
    names = [row["name"] for row in json.loads(path.read_bytes().splitlines()[-1])["Thing"].values()]
    assert names == ["half \ufffd a pair", "nothing \ufffd left", "two\nlines \\u0000 ü"]


# rows that rules make


def test_logical_flows_are_left_out_of_the_file_unless_somebody_gave_them_a_uuid(path: Path) -> None:
    store = Store(Database("southbound"), SOUTHBOUND)
    file = open_file(str(path), store=store)
    datapath = "00000000-0000-0000-0000-000000000001"
    flow = LogicalFlow(
        pipeline="ingress", table_id=0, priority=1, match="1", actions="next;", logical_datapath=datapath
    )
    given = "00000000-0000-0000-0000-00000000000f"
    transaction = Transaction()
    transaction.put(DatapathBinding(uuid=datapath, tunnel_key=1))
    transaction.put(flow)
    transaction.put(
        LogicalFlow(pipeline="egress", table_id=0, priority=1, match="0", actions="drop;", given_uuid=given)
    )
    file.append(store.database.apply(transaction))
    for _ in range(2):
        kept = read_file(str(path), SOUTHBOUND).database
        assert [row.key() for row in kept.rows(LogicalFlow)] == [given]
        assert [row.uuid for row in kept.rows(DatapathBinding)] == [datapath]
        file.compact()
    file.close()


# a store that somebody brings


def test_a_store_that_already_holds_something_is_written_whole_by_the_first_append(path: Path) -> None:
    first = open_file(str(path), NORTHBOUND)
    first.close()
    store = Store(Database("northbound"), NORTHBOUND)
    switch, port = ("00000000-0000-0000-0000-00000000000" + digit for digit in "12")
    transaction = Transaction()
    transaction.put(LogicalSwitch(uuid=switch, name="s"))
    store.database.apply(transaction)
    file = open_file(str(path), store=store)
    transaction = Transaction()
    transaction.put(LogicalSwitchPort(uuid=port, name="p"))
    transaction.add(LogicalSwitch.ports, switch, port)
    file.append(store.database.apply(transaction))
    file.close()
    assert content(read_file(str(path), NORTHBOUND)) == content(store)


@pytest.mark.parametrize("is_behind", [False, True])
def test_what_is_answered_at_once_is_written_once(tmp_path: Path, is_behind: bool) -> None:
    """A whole set stands in a record, or a whole database, before a listener's answer has a record of its own."""
    shelf = Shelf(tmp_path / "shelf.db")
    shelf.add_box("one", few=1)
    shelf.add_thing("first")
    database, box = shelf.store.database, shelf.store.tables["Box"]
    (uuid,) = content(shelf.store)["Box"]
    things = box.columns["things"].relation
    assert things is not None

    def answer(_: ChangeSet) -> None:
        transaction = Transaction()
        transaction.remove(things, uuid, database.members(things, uuid)[0])
        database.unsubscribe(answer)
        database.apply(transaction)

    database.subscribe(answer)
    database.subscribe(shelf.file.append)
    if is_behind:
        shelf.file.distrust()
    request = [
        "Shelf",
        {"op": "update", "table": "Box", "where": [], "row": {"few": 2}},
        {"op": "insert", "table": "Thing", "uuid-name": "new", "row": {"name": "second"}},
        {"op": "mutate", "table": "Box", "where": [], "mutations": [["things", "insert", ["named-uuid", "new"]]]},
    ]
    transact(shelf.store, request, new_uuid=partial(derive_uuid, "second"))
    assert content(shelf.store)["Box"][uuid]["things"] == ["uuid", derive_uuid("second")]
    assert content(read_file(str(shelf.path)))["Box"] == content(shelf.store)["Box"]
    shelf.close()
