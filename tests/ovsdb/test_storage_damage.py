"""Damaged database files, files that are something else, and rows that cannot be: what is kept, and what is said."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from brume.ovsdb.columns import columns
from brume.ovsdb.data import default_datum, to_field
from brume.ovsdb.storage.file import open_file
from brume.ovsdb.storage.log import LogError, compose
from brume.tables.database import Transaction
from tests.ovsdb.storage_lab import SHELF, Shelf, content, reopened, shelf

Json = Any
ONE = "00000000-0000-0000-0000-000000000001"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shelf.db"


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
