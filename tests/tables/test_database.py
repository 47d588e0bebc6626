"""Stories of a database in memory: what a transaction reports, and in which order listeners hear of it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

import pytest

from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.row import Index, Relation, Row


class Thing(Row, frozen=True, kw_only=True):
    name: str
    colour: str = ""
    parts: ClassVar[Relation] = Relation("Thing")

    def key(self) -> Hashable:
        return self.name


by_colour = Index(Thing, "colour", lambda thing: thing.colour or None)


def put(database: Database, *rows: Thing) -> ChangeSet:
    transaction = Transaction()
    for row in rows:
        transaction.put(row)
    return database.apply(transaction)


def test_what_changes_nothing_is_not_reported() -> None:
    database = Database("things")
    assert put(database, Thing(name="a"))
    assert not put(database, Thing(name="a"))


def test_an_index_follows_its_rows() -> None:
    database = Database("things")
    put(database, Thing(name="a", colour="red"), Thing(name="b", colour="red"))
    assert [row.name for row in database.find(by_colour, "red")] == ["a", "b"]
    put(database, Thing(name="a", colour="blue"))
    assert [row.name for row in database.find(by_colour, "red")] == ["b"]
    assert [row.name for row in database.find(by_colour, "blue")] == ["a"]


def test_a_relation_is_read_from_both_sides() -> None:
    database = Database("things")
    transaction = Transaction()
    transaction.add(Thing.parts, "car", "wheel")
    transaction.add(Thing.parts, "bike", "wheel")
    database.apply(transaction)
    assert database.members(Thing.parts, "car") == ("wheel",)
    assert database.owners(Thing.parts, "wheel") == ("car", "bike")


def test_every_listener_hears_changes_in_the_order_in_which_they_happened() -> None:
    database = Database("things")
    heard: list[str] = []

    def paint_what_is_new(changes: ChangeSet) -> None:
        for change in changes.rows:
            if isinstance(change.new, Thing) and not change.new.colour:
                put(database, Thing(name=change.new.name, colour="red"))

    def write_down(changes: ChangeSet) -> None:
        heard.extend(change.new.colour or "bare" for change in changes.rows if isinstance(change.new, Thing))

    database.subscribe(paint_what_is_new)
    database.subscribe(write_down)
    put(database, Thing(name="a"))
    assert heard == ["bare", "red"]


def test_a_snapshot_is_everything_as_a_change_from_nothing() -> None:
    database = Database("things")
    put(database, Thing(name="a", colour="red"))
    copy = Database("copy")
    transaction = Transaction()
    for change in database.snapshot().rows:
        if change.new is not None:
            transaction.put(change.new)
    copy.apply(transaction)
    assert copy.rows(Thing) == database.rows(Thing)


def test_a_listener_knows_whose_change_it_hears_of_even_one_made_while_it_is_told() -> None:
    database = Database("things")
    heard: list[tuple[str, object]] = []

    def answer(changes: ChangeSet) -> None:
        if changes.rows[0].key == "question":
            put(database, Thing(name="answer"))

    database.subscribe(answer)
    database.subscribe(lambda changes: heard.append((str(changes.rows[0].key), database.author)))
    transaction = Transaction("somebody")
    transaction.put(Thing(name="question"))
    database.apply(transaction)
    assert heard == [("question", "somebody"), ("answer", None)]


def test_a_listener_that_fails_stops_no_other_and_is_told_of_at_the_end() -> None:
    database = Database("things")
    heard: list[Hashable] = []

    def fail(changes: ChangeSet) -> None:
        if changes.rows[0].key == "bad":
            put(database, Thing(name="after"))
            raise RuntimeError("a rule has a fault")

    database.subscribe(fail)
    database.subscribe(lambda changes: heard.append(changes.rows[0].key))
    with pytest.raises(RuntimeError, match="a rule has a fault"):
        put(database, Thing(name="bad"))
    put(database, Thing(name="good"))
    assert heard == ["bad", "after", "good"]
