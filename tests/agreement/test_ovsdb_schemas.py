"""Schemas that are wrong in one place are refused in ovsdb-tool's words; strange but right ones are read as it does.

Each case puts one value (or nothing) into a good schema, at a path. Of several faults ovsdb-tool tells the one that it
meets first, by hash; so each schema has one.
"""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from brume.ovsdb.errors import OvsdbError
from brume.ovsdb.schema_reader import read_schema
from tests.agreement.ovn_lab import short_directory
from tests.agreement.ovsdb_server import environment, missing, run

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"no real ovsdb-tool here: {missing()}")
Json = Any
NOTHING: Json = ...
GOOD: Json = {
    "name": "Shop",
    "version": "1.2.3",
    "cksum": "12 345",
    "tables": {
        "Shelf": {
            "columns": {
                "name": {"type": "string"},
                "room": {"type": {"key": {"type": "integer", "minInteger": 1, "maxInteger": 9}, "min": 0}},
                "seen": {"type": "integer", "ephemeral": True},
                "things": {"type": {"key": {"type": "uuid", "refTable": "Thing"}, "min": 0, "max": "unlimited"}},
            },
            "isRoot": True,
            "indexes": [["name"]],
        },
        "Thing": {
            "columns": {"kind": {"type": {"key": {"type": "string", "enum": ["set", ["red", "blue"]]}}}},
            "maxRows": 7,
        },
    },
}
SHELF, COLUMNS = ("tables", "Shelf"), ("tables", "Shelf", "columns")
ROOM, THINGS = (*COLUMNS, "room", "type"), (*COLUMNS, "things", "type")
KIND = ("tables", "Thing", "columns", "kind", "type")
INDEXES: list[Json] = [[], [[]], ["name"], [["x"]], [["name", "name"]], [["seen"]], {}, None]
DESCRIPTIONS: list[Json] = [None, [], {}, {"type": []}, {"type": "text"}, {"type": "string", "x": 1}]
CASES: list[tuple[tuple[str, ...], Json]] = [
    *(((name,), value) for name in ("name", "version", "tables", "cksum") for value in (NOTHING, None, 5, "", "x y")),
    *((("version",), value) for value in ("1", "1.2", "1.2.3.4", "a.b.c", "1.2.3 ", "01.2.3")),
    *((("name",), value) for value in ("_Shop", "9", "Shöp", "a" * 300)),
    (("more",), 1),
    (("_more",), 1),
    (("tables",), {}),
    *(((*SHELF, "maxRows"), value) for value in (0, -1, 1.0, 1.5, None, "7")),
    *(((*SHELF, "isRoot"), value) for value in (None, 1, "true", False, NOTHING)),
    *(((*SHELF, "mutable"), value) for value in (None, False, True, 0)),
    *(((*SHELF, "indexes"), value) for value in INDEXES),
    (SHELF, {"columns": {}}),
    (SHELF, []),
    ((*SHELF, "more"), []),
    *(
        ((*COLUMNS, name), {"type": "string"})
        for name in ("_uuid", "_x", "9x", "a b", "", "class", "type", "UP", "Name")
    ),
    *(((*COLUMNS, "name"), value) for value in DESCRIPTIONS),
    *(((*COLUMNS, "name", member), value) for member in ("mutable", "ephemeral") for value in (None, 1, True, False)),
    *(((*ROOM, "min"), value) for value in (NOTHING, 1, 2, -1, 0.0, 0.5, 2**32, "unlimited", None)),
    *(
        ((*ROOM, "max"), value)
        for value in (0, 1, 2, -1, 1.0, 4294967294, 4294967295, 2**32, "many", "unlimited", None)
    ),
    *(((*ROOM, "value"), value) for value in (None, "string", "text", {"type": "real", "minReal": 1e300}, 5)),
    *(((*ROOM, "key"), value) for value in (NOTHING, None, "integer", "text", {}, {"type": 1}, [])),
    *(((*ROOM, "key", "minInteger"), value) for value in (9, 10, -(2**63), 2**63, 1.0, 1.5, None, "1")),
    *(((*ROOM, "key", "maxInteger"), value) for value in (2**63 - 1, 2**63, 1, 0)),
    *(((*ROOM, "key", "enum"), value) for value in (1, None)),
    *(((*ROOM, "key"), {"type": "real", "minReal": low, "maxReal": high}) for low, high in ((0, 1), (1, 0), (-0.0, 0))),
    *(((*ROOM, "key"), {"type": "string", "minLength": low}) for low in (0, 1, -1, 4294967295, 2**32, 1.5)),
    *(((*ROOM, "key"), {"type": kind, "minInteger": 1}) for kind in ("string", "boolean", "uuid", "real")),
    *(((*THINGS, "key", "refTable"), value) for value in ("Shelf", "Nothing", "9", 5, None, NOTHING)),
    *(((*THINGS, "key", "refType"), value) for value in ("weak", "strong", "loose", None, 1)),
    *(((*THINGS, "key"), {"type": "string", name: "Thing"}) for name in ("refTable", "refType")),
    *(((*KIND, "key", "enum"), value) for value in ("red", ["set", []], ["set", ["a", "a"]], ["map", []], [], None, 5)),
    *(((*KIND, "key"), {"type": "boolean", "enum": value}) for value in (True, ["set", [True, False]], 1)),
    *(((*KIND, "key"), {"type": "real", "enum": value}) for value in (0.5, ["set", [0, 0.0]], ["set", [1, 2.5]])),
    ((*KIND, "key"), {"type": "uuid", "enum": ["uuid", "5b0c5a9a-22d3-4d55-8c6a-b3b8f7a8a111"]}),
]


def changed(path: tuple[str, ...], value: Json) -> Json:
    """The good schema with another value at a path, or without one."""
    found = copy.deepcopy(GOOD)
    inner = found
    for name in path[:-1]:
        inner = inner[name]
    if value is NOTHING:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return found


def ours(schema: Json) -> Json:
    """The schema as we have read it, or what is wrong with it."""
    try:
        return read_schema(schema).to_json()
    except OvsdbError as error:
        return error.to_json()["details"]


def theirs(directory: Path, schema: Json) -> Json:
    """The same by ovsdb-tool: what it writes into a new file, or what it complains of."""
    file, database = directory / "a.ovsschema", directory / "a.db"
    file.write_text(json.dumps(schema))
    database.unlink(missing_ok=True)
    command = ["ovsdb-tool", "schema-version", str(file)]
    said = subprocess.run(command, env=environment(directory), check=False, capture_output=True, text=True, timeout=60)
    if said.returncode:
        return said.stderr.strip().removeprefix("ovsdb-tool: ").partition(" as ovsdb schema: ")[2]
    run("ovsdb-tool", "create", str(database), str(file), directory=directory)
    return json.loads(database.read_text().split("\n", 1)[1])


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    with short_directory() as name:
        yield Path(name)


@pytest.mark.parametrize(("path", "value"), CASES, ids=lambda part: str(part)[-60:])
def test_a_schema_is_read_or_refused_as_by_ovsdb_tool(directory: Path, path: tuple[str, ...], value: Json) -> None:
    schema = changed(path, value)
    assert ours(schema) == theirs(directory, schema)
