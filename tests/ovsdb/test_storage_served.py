"""A served database and its file: what a client was told is in the file; what is not there it was not told."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from brume.ovsdb.server.served import Served
from brume.ovsdb.storage.file import DatabaseFile, open_file, read_file
from brume.ovsdb.transact import Outcome
from brume.values import derive_uuid
from tests.ovsdb.storage_lab import content, full_disk, shelf

Json = Any


class ServedShelf:
    """A server's database with a file, and a client."""

    def __init__(self, path: Path) -> None:
        self.file: DatabaseFile = open_file(str(path), shelf())
        numbers = count()
        self.served = Served(
            self.file.store,
            self.file,
            new_uuid=lambda: derive_uuid("served", next(numbers)),
            timer=never,
            report=never_so,
        )

    def send(self, *operations: Json) -> Outcome:
        return self.served.transact(["Shelf", *operations], locks=(), read_only=False)

    def change(self, chance: random.Random, number: int) -> Outcome:
        """A box more, one less, or one that is changed."""
        name, some = f"box{number}", [["name", "==", f"box{chance.randrange(number + 1)}"]]
        size = chance.choice([1, 10, 200])
        options = ["map", [[f"k{chance.randrange(5)}", "v" * size]]]
        return self.send(
            chance.choice(
                [
                    {"op": "insert", "table": "Box", "row": {"name": name, "options": options}},
                    {"op": "mutate", "table": "Box", "where": some, "mutations": [["options", "insert", options]]},
                    {"op": "update", "table": "Box", "where": some, "row": {"options": options, "weight": number}},
                    {"op": "delete", "table": "Box", "where": some},
                ]
            ),
            *[{"op": "commit", "durable": True}] * (number % 2),
        )

    def kept(self) -> Json:
        return content(read_file(self.file.path))


def never_so(error: Exception) -> None:
    """Nothing goes wrong at the server."""
    raise error


def never(_: int, __: Callable[[], None]) -> Callable[[], None]:
    """A timer that does not come."""
    return lambda: None


@pytest.fixture
def box(tmp_path: Path) -> Any:
    box = ServedShelf(tmp_path / "shelf.db")
    yield box
    box.file.close()


def test_comments_and_rows_reach_the_file_before_the_answer(box: ServedShelf) -> None:
    box.send(
        {"op": "insert", "table": "Box", "row": {"name": "a"}},
        {"op": "comment", "comment": "ctl: add"},
        {"op": "comment", "comment": "by hand"},
        {"op": "commit", "durable": True},
    )
    assert [row["name"] for row in box.kept()["Box"].values()] == ["a"]
    assert b'"_comment":"ctl: add\\nby hand"' in Path(box.file.path).read_bytes()


def test_a_transaction_that_cannot_be_kept_is_refused_and_undone(box: ServedShelf) -> None:
    box.send({"op": "insert", "table": "Box", "row": {"name": "a"}})
    before = content(box.file.store)
    with full_disk(box.file.size + 20):
        refused = box.send({"op": "insert", "table": "Box", "row": {"name": "b"}})
    assert refused.results[-1]["error"] == "I/O error"
    assert box.kept() == content(box.file.store) == before
    box.send({"op": "insert", "table": "Box", "row": {"name": "c"}})
    assert box.kept() == content(box.file.store)
    assert [row["name"] for row in box.kept()["Box"].values()] == ["a", "c"]


@pytest.mark.parametrize("seed", range(4))
def test_memory_and_file_agree_while_the_disk_fills_up_and_is_cleared_at_random(box: ServedShelf, seed: int) -> None:
    chance = random.Random(seed)
    refused = 0
    for number in range(150):
        if chance.random() < 0.2:
            with full_disk(box.file.size + chance.choice([0, 30, 100, 400])):
                outcome = box.change(chance, number)
        else:
            outcome = box.change(chance, number)
        failed = any("error" in (result or {}) for result in outcome.results)
        refused += failed
        assert box.kept() == content(box.file.store)
    assert 0 < refused < 50
