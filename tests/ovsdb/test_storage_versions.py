"""Database files with another version of the schema: converted, or refused and left alone."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from brume.ovsdb.schema_reader import read_schema
from brume.ovsdb.storage.log import LogError
from tests.ovsdb.storage_lab import SHELF, Shelf, content

Json = Any


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shelf.db"


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
