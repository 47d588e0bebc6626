"""Open vSwitch's own tests of transactions, played by a client to a server: the answers that `transact` alone gives.

A watcher follows what is changed, and after each transaction its copy holds what the database holds. (The tests are of
`ovsdb-tool`, which gives up a `wait` at once; here the clock is moved until it does.)
"""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from brume.ovsdb.json_text import print_json
from brume.ovsdb.schema_reader import read_schema
from brume.ovsdb.server.host import Host
from brume.ovsdb.store import Store
from brume.tables.database import Database
from tests.ovsdb.conversations import Client, Clock
from tests.ovsdb.test_execute_vectors import CASES, NEWER, named

Json = Any


def unexpected(error: Exception) -> None:
    """Nothing goes wrong at the server."""
    raise error


class Scene:
    """A host with the database of a case; it has what `Client` asks of a lab."""

    def __init__(self, schema: Json) -> None:
        numbers = itertools.count()
        self.clock = Clock()
        # Ever larger: the cases print sets in the order in which their rows were inserted.
        self.host = Host(
            new_uuid=lambda: f"{next(numbers):08x}-0000-4000-8000-000000000000",
            now=self.clock.now,
            timer=self.clock.timer,
            report=unexpected,
        )
        self.store = Store(Database("test"), read_schema(schema))
        self.host.add(self.store)

    def client(self, *, read_only: bool = False) -> Client:
        return Client(self, read_only=read_only)  # type: ignore[arg-type]


def waits(request: Json) -> bool:
    """Whether a request may wait for another client; `ovsdb-tool` says at once that there is none."""
    return any(isinstance(one, dict) and one.get("op") == "wait" for one in request)


@pytest.mark.parametrize("case", CASES, ids=[case["title"].removeprefix("ovsdb - ") for case in CASES])
def test_the_answers_on_the_wire_are_those_of_open_vswitch(case: dict[str, Any]) -> None:
    scene = Scene(case["schema"])
    client = scene.client(read_only=case["mode"] == "execute-readonly")
    watcher = scene.client()
    name = scene.store.schema.name
    copy: dict[str, dict[str, Json]] = {}
    follow(copy, watcher.ask("monitor", name, "all", {table: {} for table in scene.store.schema.tables}))
    answers, expected = [], []
    for request, wanted in zip(case["transactions"], case["expected"], strict=True):
        operations = json.loads(request) if isinstance(request, str) else request
        told = client.say({"id": 1, "method": "transact", "params": operations})
        scene.clock.advance(2**40 if waits(operations) else 0)
        told += client.read()
        (answer,) = told
        answers.append(print_json(answer["result"] if answer["error"] is None else answer["error"]))
        expected.append(print_json(wanted))
        for update in watcher.read():
            follow(copy, update["params"][1])
        assert copy == dump(scene, name)
    text = "\n".join(expected).replace(*NEWER)
    assert named("\n".join(answers), text) == text


def follow(copy: dict[str, dict[str, Json]], updates: Json) -> None:
    """Do to a copy what updates say was done."""
    for table, rows in updates.items():
        for uuid, row in rows.items():
            if "new" in row:
                copy.setdefault(table, {})[uuid] = row["new"]
            else:
                del copy[table][uuid]
        if not copy[table]:
            del copy[table]


def dump(scene: Scene, name: str) -> dict[str, dict[str, Json]]:
    """All rows, as a new watcher is told."""
    found: dict[str, dict[str, Json]] = {}
    follow(found, scene.client().ask("monitor", name, 1, {table: {} for table in scene.store.schema.tables}))
    return found
