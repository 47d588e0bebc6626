"""Database files go back and forth between us and the real ovsdb-tool and ovsdb-server, and say the same to both."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from brume.northbound.schema import NORTHBOUND
from brume.ovsdb.schema_reader import read_schema
from brume.ovsdb.storage.file import DatabaseFile, open_file, read_file
from brume.ovsdb.storage.log import LogError
from brume.ovsdb.store import Store
from brume.ovsdb.transact import transact
from brume.values import derive_uuid, random_uuid
from tests.agreement.ovn_lab import short_directory
from tests.agreement.ovsdb_server import OvsdbServer, environment, missing, run
from tests.agreement.test_ovsdb_transactions import SCHEMA, operations
from tests.ovsdb.storage_lab import SHELF, Shelf, content

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"no real ovsdb-server here: {missing()}")
Json = Any


@pytest.fixture
def directory() -> Iterator[Path]:
    with short_directory() as name:
        yield Path(name)


def rows_of(tables: Json, results: list[Json]) -> Json:
    """What selects of everything gave, as `content` gives it."""
    found: Json = {}
    for (name, table), result in zip(tables.items(), results, strict=True):
        kept = [column for column, declared in table["columns"].items() if not declared.get("ephemeral")]
        found[name] = {row["_uuid"][1]: {column: row[column] for column in kept} for row in result["rows"]}
    return in_order(found)


def in_order(value: Json) -> Json:
    """Sets and maps come in the order of a hash; whole numbers may be written with a point; reals have 15 digits."""
    if isinstance(value, dict):
        return {name: in_order(item) for name, item in value.items()}
    if isinstance(value, list) and len(value) == 2 and value[0] in ("set", "map"):
        return [value[0], sorted(in_order(value[1]), key=str)]
    if isinstance(value, list):
        return [in_order(item) for item in value]
    return float(f"{value:.15g}") if isinstance(value, float) else value


def select_all(tables: Json) -> list[Json]:
    return [{"op": "select", "table": table, "where": []} for table in tables]


def queried(path: Path, schema: Json) -> Json:
    """What ovsdb-tool finds in a file."""
    request = json.dumps([schema["name"], *select_all(schema["tables"])])
    answer = run("ovsdb-tool", "query", str(path), request, directory=path.parent)
    return rows_of(schema["tables"], json.loads(answer))


def tool(path: Path, *command: str) -> str:
    return run("ovsdb-tool", *command, directory=path.parent)


# ovsdb-tool on our files


def test_ovsdb_tool_shows_what_we_wrote(directory: Path) -> None:
    box = Shelf(directory / "shelf.db", clock=lambda: 1767225600.25)
    box.add_box("a", options=["map", [["k", "v"]]])
    box.add_thing("t", comment="brume: add a thing")
    box.close()
    shown = tool(box.path, "-mmm", "show-log", str(box.path))
    for line in (
        'record 0: "Shelf" schema, version="1.2.3"',
        "record 1: 2026-01-01 00:00:00.250",
        'record 2: 2026-01-01 00:00:00.250 "brume: add a thing"',
        'insert row "a"',
        "options={k=v}",
        'row "a"',
    ):
        assert line in shown
    assert tool(box.path, "db-name", str(box.path)) == "Shelf\n"
    assert tool(box.path, "db-version", str(box.path)) == "1.2.3\n"


def test_ovsdb_tool_compacts_and_changes_our_file_and_we_go_on(directory: Path) -> None:
    box = Shelf(directory / "shelf.db")
    box.add_box("a", labels=["set", ["x", "y"]])
    for number in range(5):
        box.add_thing(f"t{number}")
    box.file.compact()
    box.add_thing("more")
    held = box.close()
    assert queried(box.path, SHELF) == in_order(held)
    tool(box.path, "compact", str(box.path))
    assert len(box.records()) == 2
    change = {"op": "mutate", "table": "Box", "where": [], "mutations": [["labels", "delete", "x"]]}
    tool(box.path, "transact", str(box.path), json.dumps(["Shelf", change, {"op": "comment", "comment": "by hand"}]))
    again = Shelf(box.path)
    held = content(again.store)
    (row,) = held["Box"].values()
    assert (row["labels"], again.warnings) == ("y", [])
    again.update("Box", labels=["set", ["y", "z"]])
    held = again.close()
    assert queried(box.path, SHELF) == in_order(held)


def test_the_northbound_that_the_distribution_makes_needs_no_conversion(directory: Path) -> None:
    """The file that Debian's ovn-ctl makes is opened as it is; so is ours, converted by ovsdb-tool to its schema."""
    schema = Path("/usr/share/ovn/ovn-nb.ovsschema")
    if not schema.exists():
        pytest.skip("the distribution's northbound schema is not installed")
    theirs = directory / "theirs.db"
    tool(theirs, "create", str(theirs), str(schema))
    row = {"op": "insert", "table": "Logical_Switch", "row": {"name": "s"}}
    tool(theirs, "transact", str(theirs), json.dumps(["OVN_Northbound", row]))
    before = theirs.read_bytes()
    warnings: list[str] = []
    with open_file(str(theirs), NORTHBOUND, warn=warnings.append) as file:
        assert [row.name for row in file.store.tables["Logical_Switch"].rows()] == ["s"]
    assert (theirs.read_bytes(), warnings) == (before, [])
    ours = directory / "ours.db"
    with open_file(str(ours), NORTHBOUND) as file:
        outcome = transact(file.store, ["OVN_Northbound", row], new_uuid=random_uuid)
        file.append(outcome.changes)
    tool(ours, "convert", str(ours), str(schema))
    assert tool(ours, "needs-conversion", str(ours), str(schema)) == "no\n"
    assert content(read_file(str(ours), NORTHBOUND))["Logical_Switch"].keys() == {outcome.results[0]["uuid"][1]}


def test_a_file_of_an_older_schema_is_converted_as_ovsdb_tool_does(directory: Path) -> None:
    """The northbound of an OVN before 23.03, as far as columns go: what is newer has its default."""
    old = NORTHBOUND.to_json()
    old["version"] = "6.3.0"
    del old["tables"]["Chassis_Template_Var"], old["tables"]["Logical_Switch_Port"]["columns"]["mirror_rules"]
    del old["tables"]["Mirror"]
    old["tables"]["Logical_Switch"]["columns"]["gone"] = {"type": "string"}
    path = directory / "nb.db"
    schema, new = directory / "old.ovsschema", directory / "new.ovsschema"
    schema.write_text(json.dumps(old))
    new.write_text(json.dumps(NORTHBOUND.to_json()))
    tool(path, "create", str(path), str(schema))
    request = [
        "OVN_Northbound",
        {"op": "insert", "table": "Logical_Switch_Port", "uuid-name": "p", "row": {"name": "p"}},
        {"op": "insert", "table": "Logical_Switch", "row": {"name": "s", "gone": "x", "ports": ["named-uuid", "p"]}},
    ]
    tool(path, "transact", str(path), json.dumps(request))
    copy = directory / "copy.db"
    copy.write_bytes(path.read_bytes())
    warnings: list[str] = []
    with open_file(str(path), NORTHBOUND, warn=warnings.append) as file:
        held = content(file.store)
    assert warnings[1:] == [f"{path}: not in version 7.0.0, left out: Logical_Switch.gone"]
    tool(copy, "convert", str(copy), str(new))
    assert queried(copy, NORTHBOUND.to_json()) == in_order(held) == queried(path, NORTHBOUND.to_json())


# the lock


def test_one_of_us_at_a_time(directory: Path) -> None:
    box = Shelf(directory / "shelf.db")
    for command in (["ovsdb-tool", "compact", str(box.path)], ["ovsdb-server", "--remote=punix:x.sock", str(box.path)]):
        done = subprocess.run(
            command, env=environment(directory), cwd=directory, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode != 0
        assert "failed to lock lockfile" in done.stderr
    box.close()
    schema = directory / "shelf.ovsschema"
    schema.write_text(json.dumps(SHELF))
    server = OvsdbServer(directory, "server", schema)
    try:
        with pytest.raises(LogError, match="failed to lock lockfile"):
            open_file(str(directory / "server.db"), read_schema(SHELF))
    finally:
        server.stop()
    open_file(str(directory / "server.db"), read_schema(SHELF)).close()


# the same transactions


def fuzz_file(path: Path) -> DatabaseFile:
    return open_file(str(path), read_schema(SCHEMA))


def run_ours(file: DatabaseFile, transactions: list[list[Json]]) -> Store:
    numbers = iter(range(10**6))
    for transaction in transactions:
        outcome = transact(file.store, ["Fuzz", *transaction], new_uuid=lambda: derive_uuid("made", next(numbers)))
        file.append(outcome.changes)
    return file.store


def test_a_file_goes_back_and_forth_between_servers(directory: Path) -> None:
    schema = directory / "shelf.ovsschema"
    schema.write_text(json.dumps(SHELF))
    path = directory / "shelf.db"
    held: Json = {}
    for turn in range(3):
        box = Shelf(path)
        assert (in_order(content(box.store)) == held or turn == 0, box.warnings) == (True, [])
        if turn == 1:
            box.file.compact()
        box.add_box(f"ours{turn}", labels=["set", [f"a{turn}", f"b{turn}"]])
        for number in range(3):
            box.add_thing(f"t{turn}{number}", durable=True)
        held = box.close()
        server = OvsdbServer(directory, "shelf", schema)
        everything = select_all(SHELF["tables"])
        assert rows_of(SHELF["tables"], server.transact(*everything)) == in_order(held)
        server.transact(
            {"op": "insert", "table": "Box", "row": {"name": f"theirs{turn}", "options": ["map", [["k", "v"]]]}},
            {"op": "mutate", "table": "Box", "where": [], "mutations": [["labels", "insert", f"c{turn}"]]},
        )
        server.transact({"op": "delete", "table": "Box", "where": [["name", "==", f"ours{turn - 1}"]]})
        held = rows_of(SHELF["tables"], server.transact(*everything))
        server.stop()


transactions = st.lists(st.lists(operations(), min_size=1, max_size=3), min_size=1, max_size=12)
THIRD = {"op": "insert", "table": "Root", "row": {"name": "a", "real": 1 / 3, "words": ["map", []]}}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(transactions, st.integers(0, 12))
@example([[THIRD]], 0)
def test_what_we_wrote_they_read(transactions: list[list[Json]], compacted: int) -> None:
    with short_directory() as name:
        path = Path(name) / "fuzz.db"
        with fuzz_file(path) as file:
            run_ours(file, transactions[:compacted])
            if compacted % 2:
                file.compact()
            held = content(run_ours(file, transactions[compacted:]))
        assert queried(path, SCHEMA) == in_order(held)
        assert content(read_file(str(path))) == held


@pytest.fixture(scope="module")
def server() -> Iterator[OvsdbServer]:
    with short_directory() as name:
        schema = Path(name) / "fuzz.ovsschema"
        schema.write_text(json.dumps(SCHEMA))
        server = OvsdbServer(Path(name), "fuzz", schema)
        yield server
        server.stop()


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(transactions)
def test_what_they_wrote_we_read(server: OvsdbServer, transactions: list[list[Json]]) -> None:
    for transaction in transactions:
        server.transact(*transaction)
    held = rows_of(SCHEMA["tables"], server.transact(*select_all(SCHEMA["tables"])))
    warnings: list[str] = []
    store = read_file(str(server.directory / "fuzz.db"), warn=warnings.append)
    assert (in_order(content(store)), warnings) == (held, [])
