"""Whatever others do to a derived target, what the rules make of it comes back, and what is not the rules' stays."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant
from hypothesis.stateful import rule as step

from brume.derive.engine import Engine
from brume.derive.keeper import Keeper
from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.tables.database import Database, Transaction
from brume.tables.row import Member, Relation, Row


class Source(Row, frozen=True, kw_only=True):
    name: int
    weight: int = 0

    def key(self) -> Hashable:
        return self.name


class Thing(Row, frozen=True, kw_only=True):
    """A derived row; `up` is written by agents. Names from 100 on are nobody's but the hand's."""

    OBSERVED: ClassVar[tuple[str, ...]] = ("up",)

    name: int
    weight: int = 0
    colour: str = ""
    up: bool = False
    parts: ClassVar[Relation] = Relation("Thing")

    def key(self) -> Hashable:
        return self.name


@rule(Source)
def thing(source: Source, view: View) -> Iterator[Row | Member]:
    yield Thing(name=source.name, weight=source.weight)
    yield Thing(name=50)
    yield Member(Thing.parts, 50, source.name)


def belongs(output: Output) -> bool:
    if isinstance(output, Member):
        return max(output.parent, output.child) < 100  # type: ignore[type-var,operator]
    return output.key() < 100  # type: ignore[operator]


class Lab:
    def __init__(self) -> None:
        self.source, self.target = Database("source"), Database("target")
        self.engine = Engine([self.source], self.target, [thing])
        self.touches = 0
        self.keeper = Keeper(self.engine, belongs, self.touched)
        self.keeper.start()
        self.source.subscribe(self.engine.update)

    def touched(self) -> None:
        self.touches += 1

    def want(self, *rows: Source) -> None:
        transaction = Transaction()
        for row in rows:
            transaction.put(row)
        self.source.apply(transaction)

    def by_hand(self, *rows: Thing, deleted: tuple[int, ...] = (), parts: dict[tuple[int, int], bool] | None = None):  # type: ignore[no-untyped-def]
        transaction = Transaction()
        for row in rows:
            transaction.put(row)
        for name in deleted:
            transaction.delete(Thing, name)
        for (parent, child), is_there in (parts or {}).items():
            (transaction.add if is_there else transaction.remove)(Thing.parts, parent, child)
        self.target.apply(transaction)


def test_a_changed_column_is_put_back_and_told() -> None:
    lab = Lab()
    lab.want(Source(name=1, weight=7))
    lab.by_hand(Thing(name=1, weight=7, colour="red", up=True))
    (correction,) = lab.keeper.put_right(12.5)
    assert lab.target.get(Thing, 1) == Thing(name=1, weight=7, up=True)
    assert correction[:2] == (12.5, "put back")
    assert (correction.column, correction.found, correction.put) == ("colour", "red", "")
    assert list(lab.keeper.corrections) == [correction]


def test_a_deleted_row_comes_back_with_what_agents_knew_and_its_elements_untold() -> None:
    lab = Lab()
    lab.want(Source(name=1))
    lab.by_hand(Thing(name=1, up=True))
    lab.by_hand(deleted=(1,), parts={(50, 1): False})
    (correction,) = lab.keeper.put_right(0)
    assert correction.action == "written again"
    assert lab.target.get(Thing, 1) == Thing(name=1, up=True)
    assert lab.target.members(Thing.parts, 50) == (1,)


def test_an_element_added_or_taken_by_hand_is_put_right() -> None:
    lab = Lab()
    lab.want(Source(name=1), Source(name=2))
    lab.by_hand(parts={(50, 1): False, (1, 2): True, (1, 100): True})
    assert [one.action for one in lab.keeper.put_right(0)] == ["written again", "removed"]
    assert set(lab.target.members(Thing.parts, 50)) == {1, 2}
    assert lab.target.members(Thing.parts, 1) == (100,)


def test_what_no_rule_makes_goes_if_it_is_the_rules_and_stays_if_not() -> None:
    lab = Lab()
    lab.want(Source(name=1))
    lab.by_hand(Thing(name=99), Thing(name=100))
    assert [one.subject.key() for one in lab.keeper.put_right(0) if isinstance(one.subject, Row)] == [99]
    assert {row.name for row in lab.target.rows(Thing)} == {1, 50, 100}


def test_nothing_is_looked_at_but_what_others_touched() -> None:
    lab = Lab()
    lab.want(*(Source(name=name) for name in range(40)))
    assert lab.touches == 0
    lab.by_hand(Thing(name=3, up=True))  # an agent's column
    lab.by_hand(Thing(name=100))  # the hand's row
    assert lab.touches == 0
    lab.by_hand(Thing(name=3, up=True, weight=5), Thing(name=4, weight=1))
    assert lab.touches == 1
    assert len(lab.keeper.put_right(0)) == 2
    assert lab.keeper.put_right(0) == []


def test_what_could_not_be_written_is_put_right_the_next_time() -> None:
    source, target = Database("source"), Database("target")
    is_broken = False

    def complete(_: Transaction) -> None:
        if is_broken:
            raise RuntimeError("nothing can be written")

    engine = Engine([source], target, [thing], complete=complete)
    keeper = Keeper(engine, belongs)
    keeper.start()
    transaction = Transaction()
    transaction.put(Source(name=1))
    source.apply(transaction)
    engine.update(source.snapshot())
    by_hand = Transaction()
    by_hand.delete(Thing, 1)
    target.apply(by_hand)
    is_broken = True
    with pytest.raises(RuntimeError):
        keeper.put_right(0)
    is_broken = False
    assert keeper.is_due
    assert [one.action for one in keeper.put_right(0)] == ["written again"]
    assert target.get(Thing, 1) is not None


def test_a_row_that_several_make_comes_back_too() -> None:
    lab = Lab()
    lab.want(Source(name=1), Source(name=2))
    lab.by_hand(deleted=(50,))
    lab.keeper.put_right(0)
    assert lab.target.get(Thing, 50) is not None


def test_a_row_that_the_rules_let_go_meanwhile_is_not_brought_back() -> None:
    lab = Lab()
    lab.want(Source(name=1), Source(name=2))
    lab.by_hand(Thing(name=1, colour="red"))
    transaction = Transaction()
    transaction.delete(Source, 1)
    lab.source.apply(transaction)
    lab.by_hand(Thing(name=1, colour="blue"))
    assert [one.action for one in lab.keeper.put_right(0)] == ["removed"]
    assert lab.target.get(Thing, 1) is None


names = st.integers(0, 5)
anything = names | st.sampled_from([50, 99, 100, 101])


class Vandals(RuleBasedStateMachine):
    """The rules' world changes, agents report, others write whatever they like; then it is put right."""

    def __init__(self) -> None:
        super().__init__()
        self.lab = Lab()

    @step(name=names, weight=st.integers(0, 3))
    def want(self, name: int, weight: int) -> None:
        self.lab.want(Source(name=name, weight=weight))

    @step(name=names)
    def give_up(self, name: int) -> None:
        transaction = Transaction()
        transaction.delete(Source, name)
        self.lab.source.apply(transaction)

    @step(name=anything, weight=st.integers(0, 3), colour=st.sampled_from(["", "red"]), up=st.booleans())
    def scribble(self, name: int, weight: int, colour: str, up: bool) -> None:
        self.lab.by_hand(Thing(name=name, weight=weight, colour=colour, up=up))

    @step(name=anything)
    def tear_out(self, name: int) -> None:
        self.lab.by_hand(deleted=(name,))

    @step(parent=anything, child=anything, is_there=st.booleans())
    def pin(self, parent: int, child: int, is_there: bool) -> None:
        self.lab.by_hand(parts={(parent, child): is_there})

    @step()
    def put_right(self) -> None:
        hands = {row.name: row for row in self.lab.target.rows(Thing) if row.name >= 100}
        pinned = {member for member in self.lab.target.all_members(Thing.parts) if not belongs(member)}
        self.lab.keeper.put_right(0)
        fresh = Database("fresh")
        Engine([self.lab.source], fresh, [thing]).update(self.lab.source.snapshot())
        expected = {row.name: (row.weight, row.colour) for row in [*fresh.rows(Thing), *hands.values()]}
        assert {row.name: (row.weight, row.colour) for row in self.lab.target.rows(Thing)} == expected
        assert set(self.lab.target.all_members(Thing.parts)) == set(fresh.all_members(Thing.parts)) | pinned

    @invariant()
    def is_bounded(self) -> None:
        assert len(self.lab.keeper.corrections) <= 1000


TestVandals = Vandals.TestCase
TestVandals.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
