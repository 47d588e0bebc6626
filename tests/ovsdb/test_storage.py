"""Database files: what is written is what is read, whatever happens to the process, the disk and the schema."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from brume.northbound.schema import NORTHBOUND, LogicalSwitch, LogicalSwitchPort
from brume.ovsdb.columns import columns
from brume.ovsdb.data import default_datum, to_field
from brume.ovsdb.schema_reader import read_schema
from brume.ovsdb.storage.file import open_file, read_file
from brume.ovsdb.storage.log import LogError, compose
from brume.ovsdb.store import Store
from brume.ovsdb.transact import transact
from brume.southbound.schema import SOUTHBOUND, DatapathBinding, LogicalFlow
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.values import derive_uuid
from tests.ovsdb.storage_lab import SHELF, Shelf, content, full_disk, reopened, shelf

Json = Any
ONE = "00000000-0000-0000-0000-000000000001"


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


# damage


def test_a_record_torn_at_any_octet_is_left_out_and_cut_off_by_the_next(path: Path) -> None:
    box = Shelf(path)
    box.add_box("a")
    before = content(box.store)
    whole = path.read_bytes()
    box.add_box("b")
    data = path.read_bytes()
    box.close()
    for size in range(len(whole) + 1, len(data)):
        path.write_bytes(data[:size])
        again = Shelf(path)
        assert content(again.store) == before
        assert "used up to there" in again.warnings[0]
        assert len(again.warnings) == 1
        again.add_box("c")
        held = again.close()
        assert path.read_bytes().startswith(whole)
        assert reopened(path) == (held, [])
    assert [name.name for name in path.parent.glob("*cut*")] == []


def test_a_record_whose_octets_changed_is_no_record(path: Path) -> None:
    box = Shelf(path)
    box.add_box("a")
    before = box.close()
    whole = path.read_bytes()
    box = Shelf(path)
    box.add_box("b")
    box.close()
    data = path.read_bytes()
    for position in range(len(whole), len(data)):
        path.write_bytes(data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :])
        held, warnings = reopened(path)
        assert held == before
        assert len(warnings) == 1


def test_whole_records_behind_damage_are_put_aside_before_they_are_cut_off(path: Path) -> None:
    box = Shelf(path)
    box.add_box("a")
    offset = box.file.size
    box.add_box("b")
    box.add_box("c")
    box.close()
    data = bytearray(path.read_bytes())
    data[offset + 100] ^= 1
    path.write_bytes(data)
    again = Shelf(path)
    aside = Path(f"{path}.cut-at-{offset}")
    assert [row.name for row in again.store.tables["Box"].rows()] == ["a"]
    assert str(aside) in again.warnings[0]
    assert aside.read_bytes() == data[offset:]


def test_a_record_that_says_what_cannot_be_ends_the_log(path: Path) -> None:
    box = Shelf(path)
    box.add_box("a")
    before = content(box.store)
    offset = box.file.size
    box.file._log.write(other_record({"Box": {"00000000-0000-0000-0000-000000000009": None}}))
    box.close()
    held, warnings = reopened(path)
    assert held == before
    assert "transaction deletes row 00000000-0000-0000-0000-000000000009 that does not exist" in warnings[0]
    assert f"offset {offset}" in warnings[0]


def other_record(record: Json) -> bytes:
    return compose("JSON", json.dumps(record).encode())


@pytest.mark.parametrize(
    ("octets", "complaint"),
    [
        (b"hello\n", "unexpected file format"),
        (b"\x00" * 4096, "unexpected file format"),
        (other_record({"name": "Shelf"}), "Required 'tables' member is missing"),
        (other_record({**SHELF, "name": "Other"}), "holds database Other, not Shelf"),
        (other_record(SHELF).replace(b"JSON", b"CLUSTER"), "clustered database file"),
        (other_record(SHELF).replace(b"JSON", b"WORDS"), "cannot identify file type"),
        (other_record(SHELF)[:-20], "error reading"),
    ],
)  # fmt: skip
def test_what_is_no_such_database_is_refused_and_left_alone(path: Path, octets: bytes, complaint: str) -> None:
    path.write_bytes(octets)
    for _ in range(2):  # the lock is given back
        with pytest.raises(LogError, match=complaint):
            Shelf(path)
    assert path.read_bytes() == octets


TWO, THREE = (ONE[:-1] + digit for digit in "23")


@pytest.mark.parametrize(
    ("record", "held", "warning"),
    [
        (
            {
                "Box": {ONE: {"name": "a", "lid": ["uuid", TWO], "things": ["set", [["uuid", TWO], ["uuid", THREE]]]}},
                "Thing": {THREE: {}},
            },
            {"Box": [ONE], "Thing": [THREE]},
            f"table Box column lid row {ONE} references nonexistent row {TWO} in table Lid: the reference is left out",
        ),
        (
            {"Thing": {ONE: {"near": ["uuid", TWO]}, TWO: {"near": ["uuid", TWO]}}},
            {"Box": [], "Thing": []},
            "",  # nobody refers to them: they go without a word
        ),
        (
            {"Box": {ONE: {"name": "a", "things": ["uuid", TWO]}}, "Thing": {TWO: {"near": ["uuid", THREE]}}},
            {"Box": [ONE], "Thing": [TWO]},
            "",  # a weak reference to nothing goes so, too
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_put_right_and_the_next_append_writes_it_so(
    path: Path, record: Json, held: dict[str, list[str]], warning: str
) -> None:
    path.write_bytes(other_record(SHELF) + other_record(record))
    box = Shelf(path)
    assert {name: sorted(content(box.store)[name]) for name in held} == held
    assert len(box.warnings) == bool(warning)
    assert warning in "".join(box.warnings)
    box.add_box("more", things=["set", []])
    assert len(box.records()) == 2  # written anew, since what is told as a difference would be told of something else
    after = box.close()
    again, warnings = reopened(path)
    assert (again, warnings) == (after, [])


def test_rows_that_share_what_is_unique_are_kept_with_a_warning(path: Path) -> None:
    path.write_bytes(other_record(SHELF) + other_record({"Box": {ONE: {"name": "same"}, TWO: {"name": "same"}}}))
    held, warnings = reopened(path)
    assert held["Box"].keys() == {ONE, TWO}
    what = f"rows {ONE} and {TWO} of table Box have identical values for index on column(s) name"
    assert warnings == [f"{path}: Shelf: {what}"]


def test_a_row_that_was_put_away_comes_back_as_it_is_written(path: Path) -> None:
    """Its old record is still there when it is inserted again under the same uuid."""
    path.write_bytes(other_record(SHELF) + other_record({"Thing": {TWO: {"name": "old", "near": ["uuid", TWO]}}}))
    box = Shelf(path)
    thing, shelf_of = box.store.tables["Thing"].row_type, box.store.tables["Box"].row_type
    transaction = Transaction()
    transaction.put(make(thing, uuid=TWO, name="new"))
    transaction.put(make(shelf_of, uuid=ONE, name="a"))
    transaction.add(thing.near, TWO, TWO)
    transaction.add(shelf_of.things, ONE, TWO)
    box.file.append(box.store.database.apply(transaction))
    held = box.close()
    assert held["Thing"] == {TWO: {"name": "new", "near": ["uuid", TWO]}}
    assert reopened(path) == (held, [])


def make(row_type: Any, **fields: Any) -> Any:
    """A row with defaults for what is not given."""
    known = columns(row_type).values()
    defaults = {one.attribute: to_field(one.type, default_datum(one.type)) for one in known if one.relation is None}
    return row_type(**{**defaults, **fields})


def test_a_directory_and_a_pipe_are_no_databases(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        with pytest.raises(LogError):
            open_file(str(tmp_path / name), shelf())
    with pytest.raises(LogError, match="No such file or directory"):
        open_file(str(tmp_path / "none.db"), shelf(), create=False)


# the disk is full


def test_a_failed_write_leaves_the_last_whole_record_and_the_next_one_says_everything(path: Path) -> None:
    box = Shelf(path)
    box.add_box("a")
    before, size = path.read_bytes(), box.file.size
    for room in (0, 1, 50, 150):
        with full_disk(size + room), pytest.raises(OSError, match="File too large"):
            box.add_box(f"b{room}")
        assert path.read_bytes() == before
    with full_disk(size), pytest.raises(OSError, match="File too large"):
        box.add_box("still")  # there is no room to write everything either
    assert path.read_bytes() == before
    box.add_box("c")
    held = box.close()
    assert [row["name"] for row in held["Box"].values()] == ["a", "b0", "b1", "b50", "b150", "still", "c"]
    assert reopened(path) == (held, [])
    assert not Path(f"{path}.tmp").exists()


def test_a_compaction_that_fails_leaves_the_file_as_it_is(path: Path) -> None:
    box = Shelf(path)
    for number in range(20):
        box.add_box(f"b{number}")
    before = path.read_bytes()
    with full_disk(500), pytest.raises(OSError, match="File too large"):
        box.file.compact()
    assert path.read_bytes() == before
    box.add_box("more")
    held = box.close()
    assert reopened(path) == (held, [])
    assert sorted(name.name for name in path.parent.iterdir()) == [".shelf.db.~lock~", "shelf.db"]


def test_a_directory_that_is_gone_is_an_error_of_writing(path: Path) -> None:
    box = Shelf(path)
    box.file.distrust()
    shutil.rmtree(path.parent)
    with pytest.raises(FileNotFoundError):
        box.file.compact()
    box.close()


def test_a_file_is_its_owners_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        Shelf(path).close()
    finally:
        os.umask(before)
    assert [name.stat().st_mode & 0o777 for name in path.parent.iterdir()] == [0o600, 0o600]


# the lock


def test_a_file_is_opened_once(path: Path) -> None:
    box = Shelf(path)
    with pytest.raises(LogError, match="failed to lock lockfile"):
        Shelf(path)
    other = path.parent / "link.db"
    other.symlink_to(path)
    with pytest.raises(LogError, match="failed to lock lockfile"):
        Shelf(other)
    assert content(read_file(str(path))) == content(box.store)  # reading asks nobody
    box.close()
    Shelf(other).close()


# compaction


def test_compaction_keeps_everything_in_two_records(path: Path) -> None:
    box = Shelf(path)
    box.add_box("a")
    for number in range(300):
        box.add_thing(f"t{number}")
    path.chmod(0o640)
    large = box.file.size
    box.file.compact()
    assert box.file.size < large / 2
    assert (len(box.records()), box.file.records) == (2, 0)
    assert path.stat().st_mode & 0o777 == 0o640
    box.add_thing("after")
    held = box.close()
    assert len(box.records()) == 3
    assert reopened(path) == (held, [])


def test_what_is_written_while_compacting_is_kept(path: Path) -> None:
    box = Shelf(path)
    box.add_box("a")
    for number in range(1000):
        box.add_thing(f"t{number}")

    async def serve() -> int:
        compaction = asyncio.ensure_future(box.file.compact_while_serving())
        written = 0
        while not compaction.done():
            box.add_thing(f"meanwhile{written}")
            written += 1
            if written == 3:
                assert content(read_file(str(path))) == content(box.store)  # the old file is whole all the time
            await asyncio.sleep(0)
        await compaction
        return written

    written = asyncio.run(serve())
    assert written > 5
    assert len(box.records()) == 2 + written - 1  # the first came before the snapshot
    box.add_thing("after")
    held = box.close()
    assert reopened(path) == (held, [])


def test_closing_or_rewriting_ends_a_compaction(path: Path) -> None:
    box = Shelf(path)
    box.add_box("a")
    for number in range(1000):
        box.add_thing(f"t{number}")

    async def interrupt(action: Any) -> None:
        compaction = asyncio.ensure_future(box.file.compact_while_serving())
        await asyncio.sleep(0)
        action()
        await compaction

    asyncio.run(interrupt(box.file.compact))
    box.add_thing("more")
    asyncio.run(interrupt(box.file.close))
    held = content(box.store)
    assert reopened(path) == (held, [])
    assert sorted(name.name for name in path.parent.iterdir()) == [".shelf.db.~lock~", "shelf.db"]


def test_compaction_is_due_when_a_large_log_has_doubled_and_else_once_a_day(path: Path) -> None:
    now = 1000.0
    box = Shelf(path, clock=lambda: now, chance=lambda: 0.5)
    box.add_box("a")
    now += 86399
    assert not box.file.compaction_due()
    now += 1
    assert box.file.compaction_due()
    box.file.compact()
    now += 2 * 86400
    assert not box.file.compaction_due()  # nothing was written since
    box.file.compact()
    large = ["set", [f"{number:x}" * 1000 for number in range(100)]]
    for number in range(110):
        box.add_box(f"large{number}", labels=large)
    assert not box.file.compaction_due()  # not so soon
    now += 899
    assert not box.file.compaction_due()
    now += 1
    assert box.file.compaction_due()
    box.file.compact()
    now += 1000
    for number in range(100):
        box.add_box(f"small{number}")
    assert not box.file.compaction_due()  # it has not doubled


# other versions of the schema


def changed_shelf() -> Json:
    """No lids and no labels any more, a new table; a weight is a whole number of grams, or nothing."""
    schema = copy.deepcopy(SHELF)
    schema["version"] = "2.0.0"
    tables = schema["tables"]
    tables["Thing"]["columns"]["colour"] = {"type": "string"}
    tables["Label"] = {"columns": {"text": {"type": "string"}}, "isRoot": True}
    del tables["Lid"], tables["Box"]["columns"]["lid"], tables["Box"]["columns"]["labels"]
    del tables["Box"]["columns"]["things"]
    return schema


def test_a_file_with_another_version_of_the_schema_is_converted_and_the_old_one_kept(path: Path) -> None:
    box = Shelf(path)
    box.send(
        {"op": "insert", "table": "Lid", "uuid-name": "lid", "row": {"colour": "red"}},
        {"op": "insert", "table": "Box", "row": {"name": "a", "lid": ["named-uuid", "lid"], "labels": "x"}},
    )
    box.add_thing("t")
    box.close()
    before = path.read_bytes()
    again = Shelf(path, read_schema(changed_shelf()))
    assert again.warnings[0] == f"{path}: converted from version 1.2.3 of the schema to 2.0.0"
    assert "not in version 2.0.0, left out: " in again.warnings[1]
    assert sorted(again.warnings[1].split(": ")[2].split(", ")) == ["Box.labels", "Box.lid", "Box.things", "Lid"]
    held = content(again.store)
    assert [row["name"] for row in held["Box"].values()] == ["a"]
    assert held["Thing"] == {}  # no box refers to it any more
    assert Path(f"{path}.backup1.2.3").read_bytes() == before
    again.close()
    third = Shelf(path, read_schema(changed_shelf()))
    assert (content(third.store), third.warnings) == (held, [])


def test_a_file_that_cannot_be_converted_is_refused_and_left_alone(path: Path) -> None:
    box = Shelf(path)
    box.add_box("a", labels=["set", ["x", "y"]])
    box.close()
    before = path.read_bytes()
    schema = copy.deepcopy(SHELF)
    schema["tables"]["Box"]["columns"]["labels"]["type"] = "string"
    with pytest.raises(LogError, match="set must have exactly one member but 2 are present"):
        Shelf(path, read_schema(schema))
    assert path.read_bytes() == before


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
