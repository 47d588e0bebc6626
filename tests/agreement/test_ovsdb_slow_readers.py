"""A client that does not read while tens of thousands of rows change, and then reads: of a real ovsdb-server and of
ours it hears of fewer updates than there were transactions, and what it has then is what there is. Others notice
nothing."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from brume.ovsdb.schema_reader import read_schema
from brume.ovsdb.server.history import History
from brume.ovsdb.store import Store
from brume.tables.database import Database
from brume.values import derive_uuid, random_uuid
from tests.agreement.our_server import OurServer
from tests.agreement.ovn_lab import short_directory
from tests.agreement.ovsdb_server import OvsdbServer, missing
from tests.agreement.wire_peer import WirePeer

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"no real ovsdb-server here: {missing()}")
Json = Any
STRINGS = {"key": "string", "min": 0, "max": "unlimited"}
SCHEMA = {
    "name": "Log",
    "version": "1.0.0",
    "tables": {
        "Entry": {
            "columns": {"text": {"type": "string"}, "number": {"type": "integer"}, "tags": {"type": STRINGS}},
            "isRoot": True,
        }
    },
}
WATCH = {"Entry": [{"columns": ["text", "number", "tags"]}]}
METHODS = {"update": "monitor", "update2": "monitor_cond", "update3": "monitor_cond_since"}
ZERO = "00000000-0000-0000-0000-000000000000"
LONG = "x" * 300
TRANSACTIONS, TOGETHER = 600, 50
REMEMBERED = 50
"""Transactions that our server keeps one by one."""


@pytest.fixture(params=["ours", "theirs"])
def path(request: pytest.FixtureRequest) -> Iterator[Path]:
    """The socket of a server."""
    with short_directory() as name:
        directory = Path(name)
        if request.param == "ours":
            with OurServer(directory, Store(Database("log"), read_schema(SCHEMA))) as ours:
                watchers = ours.host.served["Log"].watchers
                watchers.history = History(random_uuid, transactions=REMEMBERED)
                yield Path(ours.unix.removeprefix("unix:"))
                assert ours.call(lambda: watchers.history.held) <= REMEMBERED * TOGETHER * 3
        else:
            (directory / "log.ovsschema").write_text(json.dumps(SCHEMA))
            theirs = OvsdbServer(directory, "log", directory / "log.ovsschema")
            yield theirs.socket
            theirs.stop()


def operation(draw: random.Random, number: int) -> Json:
    """One change: rows come, change and go, so that much of it comes to nothing."""
    uuid = derive_uuid("entry", draw.randrange(300))
    where = [["_uuid", "==", ["uuid", uuid]]]
    text = f"{number} {LONG}"
    tags = ["set", draw.sample("abcde", draw.randrange(3))]
    return [
        {"op": "insert", "table": "Entry", "row": {"text": text, "number": number}},
        {"op": "update", "table": "Entry", "where": where, "row": {"text": text, "tags": tags}},
        {"op": "update", "table": "Entry", "where": where, "row": {"number": number}},
        {"op": "mutate", "table": "Entry", "where": where, "mutations": [["tags", "insert", tags]]},
        {"op": "delete", "table": "Entry", "where": [["number", "==", number - draw.randrange(1, 50)]]},
    ][min(draw.randrange(6), 4)]


class Copy:
    """What a client has that was told so much."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    def take(self, updates: Json) -> None:
        """Change it as an update says; what does not fit fails."""
        for uuid, update in updates.get("Entry", {}).items():
            is_old = bool(update.keys() & {"old", "new"})
            ((kind, row),) = [("new", update.get("new"))] if is_old else update.items()
            if row is None:
                del self.rows[uuid]
            elif kind == "modify":
                self._modify(self.rows[uuid], row)
            else:
                assert kind == "new" or uuid not in self.rows
                self.rows[uuid] = {"text": row.get("text", ""), "number": row.get("number", 0), "tags": tags_of(row)}

    def _modify(self, present: dict[str, Any], row: Json) -> None:
        present["tags"] ^= tags_of(row)
        present.update({name: row[name] for name in ("text", "number") if name in row})


def tags_of(row: Json) -> set[str]:
    tags = row.get("tags", ["set", []])
    return set(tags[1]) if isinstance(tags, list) else {tags}


@pytest.mark.parametrize("update", METHODS)
def test_who_reads_late_has_what_there_is(path: Path, update: str) -> None:
    draw = random.Random(update)
    with ExitStack() as stack:
        late, maker, other = (stack.enter_context(closing(WirePeer(path))) for _ in range(3))
        last = [ZERO] if update == "update3" else []
        maker.result("transact", "Log", *(
            {"op": "insert", "table": "Entry", "uuid": derive_uuid("entry", number), "row": {"number": -number}}
            for number in range(300)
        ))  # fmt: skip
        copy = Copy()
        dump = late.result(METHODS[update], "Log", "m", WATCH, *last)
        copy.take(dump[2] if update == "update3" else dump)
        for start in range(0, TRANSACTIONS * TOGETHER, TOGETHER):
            changes = [operation(draw, start + number) for number in range(TOGETHER)]
            results = maker.result("transact", "Log", *changes)
            assert not [result for result in results if result and "error" in result]
            assert other.result("echo", start) == [start]
        told = late.settle()
        for message in told:
            assert message["method"] == update
            copy.take(message["params"][-1])
        (everything,) = maker.result("transact", "Log", {"op": "select", "table": "Entry", "where": []})
        there = {row["_uuid"][1]: row | {"tags": tags_of(row)} for row in everything["rows"]}
        assert copy.rows == {
            uuid: {name: row[name] for name in ("text", "number", "tags")} for uuid, row in there.items()
        }
        assert len(told) < TRANSACTIONS
