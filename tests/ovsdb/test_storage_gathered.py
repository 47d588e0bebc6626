"""What rules derive is written later, and as one: the file says the same, and nobody sees what is not in it."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from brume.northbound.schema import NORTHBOUND, LogicalSwitch
from brume.ovsdb.server.keeping import GATHERED
from brume.ovsdb.storage.file import open_file, read_file
from brume.ovsdb.storage.gathering import Gathered
from brume.ovsdb.transact import transact
from brume.tables.database import Transaction
from brume.values import derive_uuid
from tests.ovsdb.conversations import NB, Lab, add_switch
from tests.ovsdb.storage_lab import Shelf, content, full_disk, reopened

Json = Any


def some_change(shelf: Shelf, chance: random.Random, number: int) -> Json:
    """Rows and elements that come and go, and sets that ovsdb-server would misread as differences."""
    where = [["name", "==", f"box{chance.randrange(number + 1)}"]]
    things = sorted(content(shelf.store)["Thing"])
    thing = ["uuid", chance.choice(things)] if things else ["set", []]
    return chance.choice(
        [
            [{"op": "insert", "table": "Box", "row": {"name": f"box{number}", "few": ["set", [1, 2]]}}],
            [{"op": "update", "table": "Box", "where": where, "row": {"few": number, "weight": number}}],
            [{"op": "update", "table": "Box", "where": where, "row": {"labels": ["set", ["a", str(number % 3)]]}}],
            [{"op": "delete", "table": "Box", "where": where}],
            [{"op": "mutate", "table": "Box", "where": where, "mutations": [["things", "delete", thing]]}],
            [
                {"op": "insert", "table": "Thing", "uuid-name": "new", "row": {"name": f"{number}"}},
                {
                    "op": "mutate",
                    "table": "Box",
                    "where": [],
                    "mutations": [["things", "insert", ["named-uuid", "new"]]],
                },
            ],
        ]
    )


@pytest.mark.parametrize("seed", range(6))
def test_the_file_says_the_same_whenever_it_is_written(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    shelf = Shelf(tmp_path / "shelf.db")
    for number in range(120):
        request = ["Shelf", *some_change(shelf, chance, number)]
        changes = transact(shelf.store, request, new_uuid=partial(derive_uuid, "gathered", seed, number)).changes
        if chance.random() < 0.7:
            shelf.file.later(changes)
        else:
            shelf.file.append(changes)
            assert content(read_file(str(shelf.path))) == content(shelf.store)
        if chance.random() < 0.1:
            chance.choice([shelf.file.flush, shelf.file.compact])()
            assert content(read_file(str(shelf.path))) == content(shelf.store)
    kept = shelf.close()
    assert reopened(shelf.path) == (kept, [])


def test_what_came_and_went_is_nothing(tmp_path: Path) -> None:
    with open_file(str(tmp_path / "nb.db"), NORTHBOUND) as file:
        gathered = Gathered()
        file.store.database.subscribe(gathered.add)
        switch = LogicalSwitch(uuid=derive_uuid("switch"), name="left")
        came, went = Transaction(), Transaction()
        came.put(switch)
        came.add(LogicalSwitch.ports, switch.uuid, derive_uuid("port"))
        went.delete(LogicalSwitch, switch.uuid)
        went.remove(LogicalSwitch.ports, switch.uuid, derive_uuid("port"))
        for transaction in (came, went):
            file.store.database.apply(transaction)
        assert not gathered
        assert not gathered.take()


def test_what_the_disk_had_no_room_for_is_written_with_what_comes_next(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf.db")
    shelf.add_box("a")
    shelf.store.database.subscribe(shelf.file.later)
    request = ["Shelf", {"op": "insert", "table": "Box", "row": {"name": "b"}}]
    transact(shelf.store, request, new_uuid=lambda: derive_uuid("b"))
    with full_disk(shelf.file.size + 20), pytest.raises(OSError):
        shelf.file.flush()
    request = ["Shelf", {"op": "update", "table": "Box", "where": [], "row": {"weight": 3}}]
    transact(shelf.store, request, new_uuid=lambda: "")
    shelf.file.flush()
    assert content(read_file(str(shelf.path))) == content(shelf.store)


class Derived:
    """A served database whose rows a compiler writes."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.lab = Lab()
        self.lab.host.remove(NB)
        self.file = open_file(self.path, store=self.lab.store)
        self.served = self.lab.host.add(self.lab.store, self.file)

    def derive(self, name: str) -> None:
        transaction = Transaction()
        transaction.put(LogicalSwitch(uuid=derive_uuid(name), name=name))
        self.lab.store.database.apply(transaction)

    def kept(self) -> list[str]:
        return [row.name for row in read_file(self.path, NORTHBOUND).database.rows(LogicalSwitch)]


@pytest.fixture
def derived(tmp_path: Path) -> Any:
    made = Derived(tmp_path / "nb.db")
    yield made
    made.file.close()


def test_what_nobody_watches_is_written_a_moment_later_as_one_record(derived: Derived) -> None:
    before = derived.file.records
    derived.derive("a")
    derived.derive("b")
    assert derived.kept() == []
    derived.lab.clock.advance(GATHERED)
    assert derived.kept() == ["a", "b"]
    assert derived.file.records == before + 1
    derived.derive("c")
    derived.lab.clock.advance(GATHERED)
    assert derived.kept() == ["a", "b", "c"]


def test_a_client_sees_nothing_that_is_not_in_the_file(derived: Derived) -> None:
    client = derived.lab.client()
    derived.derive("a")
    client.transact({"op": "select", "table": "Logical_Switch", "where": []})
    assert derived.kept() == ["a"]
    derived.derive("b")
    client.transact(add_switch("by hand"))
    assert derived.kept() == ["a", "b", "by hand"]
    derived.derive("c")
    client.ask("monitor", NB, 1, {"Logical_Switch": {"columns": ["name"]}})
    assert derived.kept() == ["a", "b", "by hand", "c"]
    derived.derive("d")
    assert derived.kept() == ["a", "b", "by hand", "c", "d"]


def test_a_server_that_ends_has_written_everything(derived: Derived) -> None:
    derived.derive("a")
    derived.lab.host.close()
    assert derived.kept() == ["a"]


def test_no_history_is_kept_before_anybody_can_ask_for_it(derived: Derived) -> None:
    first = derived.served.watchers.history.last_id
    derived.derive("a")
    assert derived.served.watchers.history.last_id == first
    client = derived.lab.client()
    known = client.ask("monitor_cond_since", NB, "m", {"Logical_Switch": [{"columns": ["name"]}]}, "0" * 8 + first[8:])[
        1
    ]
    client.ask("monitor_cancel", "m")
    derived.derive("b")
    found, _, missed = client.ask("monitor_cond_since", NB, "n", {"Logical_Switch": [{"columns": ["name"]}]}, known)
    assert found
    assert list(missed["Logical_Switch"].values()) == [{"insert": {"name": "b"}}]
