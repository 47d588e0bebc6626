"""After any random changes, what was kept up to date equals what is made from nothing."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant
from hypothesis.stateful import rule as step

from brume.derive.engine import Engine
from brume.derive.nodes import Instance
from brume.derive.rules import derived, rule
from brume.derive.view import View
from brume.tables.database import Database, Transaction
from brume.tables.row import Index, Member, Relation, Row


class Node(Row, frozen=True, kw_only=True):
    name: int
    parent: int | None = None
    weight: int = 0
    friends: ClassVar[Relation] = Relation("Node")

    def key(self) -> Hashable:
        return self.name


class Fact(Row, frozen=True, kw_only=True):
    name: Hashable
    value: Hashable
    tags: ClassVar[Relation] = Relation("Node")

    def key(self) -> Hashable:
        return self.name


by_parent = Index(Node, "parent", lambda node: node.parent)


@derived
def weight_class(view: View, name: int) -> int:
    node = view.get(Node, name)
    return -1 if node is None else node.weight // 3


@derived
def family_class(view: View, name: int) -> int:
    return sum(weight_class(view, child.name) for child in view.find(by_parent, name)) // 2


@rule(Node)
def describe(node: Node, view: View) -> Iterator[Row | Member]:
    yield Fact(name=node.name, value=(node.parent, family_class(view, node.name)))
    if node.parent is not None:
        yield Member(Fact.tags, weight_class(view, node.parent), node.name)


@rule(Node)
def befriend(node: Node, view: View) -> Iterator[Row | Member]:
    for friend in view.members(Node.friends, node.name):
        if weight_class(view, friend) > 0:
            yield Fact(name=("friend of", friend), value=weight_class(view, friend))


@rule(Node.friends)
def pairs(member: Member, view: View) -> Iterator[Row | Member]:
    if family_class(view, member.parent) == family_class(view, member.child):  # type: ignore[arg-type]
        yield Fact(name=("alike", member.parent, member.child), value=True)


@rule(Node)
def quarrel(node: Node, view: View) -> Iterator[Row | Member]:
    """Nodes of one weight make different rows under one key."""
    yield Fact(name=("quarrel", node.weight), value=node.parent)


def said(instance: Instance, error: Exception) -> Fact:
    return Fact(name=("said", str(error)), value=instance.key)


RULES = (describe, befriend, pairs, quarrel)
names = st.integers(0, 5)


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.source = Database("source")
        self.target = Database("target")
        self.engine = Engine([self.source], self.target, RULES, said)
        self.source.subscribe(self.engine.update)
        self.transaction = Transaction()

    @step(name=names, parent=st.none() | names, weight=st.integers(0, 9))
    def put(self, name: int, parent: int | None, weight: int) -> None:
        self.transaction.put(Node(name=name, parent=parent, weight=weight))

    @step(name=names)
    def delete(self, name: int) -> None:
        self.transaction.delete(Node, name)

    @step(parent=names, child=names, added=st.booleans())
    def befriend(self, parent: int, child: int, added: bool) -> None:
        change = self.transaction.add if added else self.transaction.remove
        change(Node.friends, parent, child)

    @step()
    def commit(self) -> None:
        self.source.apply(self.transaction)
        self.transaction = Transaction()

    @invariant()
    def incremental_equals_full(self) -> None:
        fresh = Database("fresh")
        Engine([self.source], fresh, RULES, said).update(self.source.snapshot())
        for row_type in (Fact,):
            assert fresh.table(row_type).rows == self.target.table(row_type).rows
        assert set(fresh.all_members(Fact.tags)) == set(self.target.all_members(Fact.tags))


TestIncrementalEqualsFull = Machine.TestCase
TestIncrementalEqualsFull.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
