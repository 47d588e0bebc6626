"""Stories of the derivation engine: who runs again, and who does not."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brume.derive.engine import DerivedFromItself, Engine, OnFault, Reason
from brume.derive.outputs import DerivationConflict
from brume.derive.rules import derived, rule
from brume.derive.view import View
from brume.tables.database import Database, Transaction
from brume.tables.row import Index, Member, Relation, Row


class Switch(Row, frozen=True, kw_only=True):
    name: str
    mtu: int = 1500
    ports: ClassVar[Relation] = Relation("Port")

    def key(self) -> Hashable:
        return self.name


class Port(Row, frozen=True, kw_only=True):
    name: str
    address: str = ""

    def key(self) -> Hashable:
        return self.name


class Flow(Row, frozen=True, kw_only=True):
    name: str
    text: str

    def key(self) -> Hashable:
        return self.name


class Group(Row, frozen=True, kw_only=True):
    name: str
    members: ClassVar[Relation] = Relation("Port")

    def key(self) -> Hashable:
        return self.name


ports_by_address = Index(Port, "address", lambda port: port.address or None)


@derived
def tunnel_mtu(view: View, switch: str) -> int:
    row = view.get(Switch, switch)
    return (row.mtu if row else 0) // 100 * 100


@rule(Port)
def delivery(port: Port, view: View) -> Iterator[Row | Member]:
    for switch in view.owners(Switch.ports, port.name):
        yield Flow(name=f"{switch}/{port.name}", text=f"{port.address} mtu {tunnel_mtu(view, switch)}")
        yield Group(name=f"flood-{switch}")
        yield Member(Group.members, f"flood-{switch}", port.name)


@rule(Port)
def duplicate(port: Port, view: View) -> Iterator[Row]:
    others = [other.name for other in view.find(ports_by_address, port.address) if other.name != port.name]
    if others:
        yield Flow(name=f"duplicate/{port.name}", text=",".join(sorted(others)))


class Lab:
    """A source, a target and the engine between them."""

    def __init__(self, *rules: object, on_fault: OnFault | None = None) -> None:
        self.source = Database("source")
        self.target = Database("target")
        self.engine = Engine([self.source], self.target, rules or (delivery, duplicate), on_fault)  # type: ignore[arg-type]
        self.source.subscribe(self.engine.update)

    def put(self, *rows: Row, ports: dict[str, str] | None = None, gone: dict[str, str] | None = None) -> None:
        transaction = Transaction()
        for row in rows:
            transaction.put(row)
        for port, switch in (ports or {}).items():
            transaction.add(Switch.ports, switch, port)
        for port, switch in (gone or {}).items():
            transaction.remove(Switch.ports, switch, port)
        self.source.apply(transaction)

    def delete(self, row_type: type[Row], key: str) -> None:
        transaction = Transaction()
        transaction.delete(row_type, key)
        self.source.apply(transaction)

    def flows(self) -> dict[str, str]:
        return {flow.name: flow.text for flow in self.target.rows(Flow)}


def lab_with_two_ports() -> Lab:
    lab = Lab()
    lab.put(
        Switch(name="net"),
        Port(name="a", address="10.0.0.1"),
        Port(name="b", address="10.0.0.2"),
        ports={"a": "net", "b": "net"},
    )
    return lab


def test_rows_are_made_from_rows() -> None:
    lab = lab_with_two_ports()
    assert lab.flows() == {"net/a": "10.0.0.1 mtu 1500", "net/b": "10.0.0.2 mtu 1500"}
    assert set(lab.target.members(Group.members, "flood-net")) == {"a", "b"}


def test_one_port_changes_and_only_its_rules_run() -> None:
    lab = lab_with_two_ports()
    lab.put(Port(name="a", address="10.0.0.9"))
    assert [key for _, key in lab.engine.ran] == ["a", "a"]
    assert lab.flows()["net/a"] == "10.0.0.9 mtu 1500"


def test_a_derived_value_that_comes_out_equal_stops_the_change() -> None:
    lab = lab_with_two_ports()
    lab.put(Switch(name="net", mtu=1542))
    assert lab.engine.ran == []
    lab.put(Switch(name="net", mtu=1600))
    assert len(lab.engine.ran) == 2
    assert lab.flows()["net/b"] == "10.0.0.2 mtu 1600"


def test_adding_a_port_does_not_wake_its_neighbours() -> None:
    lab = lab_with_two_ports()
    lab.put(Port(name="c", address="10.0.0.3"), ports={"c": "net"})
    assert {key for _, key in lab.engine.ran} == {"c"}


def test_who_looked_in_an_index_runs_when_its_bucket_changes() -> None:
    lab = lab_with_two_ports()
    lab.put(Port(name="c", address="10.0.0.1"))
    assert lab.flows()["duplicate/a"] == "c"
    lab.delete(Port, "c")
    assert "duplicate/a" not in lab.flows()


def test_what_goes_away_takes_its_rows_along() -> None:
    lab = lab_with_two_ports()
    lab.delete(Port, "a")
    assert lab.flows() == {"net/b": "10.0.0.2 mtu 1500"}
    assert lab.target.members(Group.members, "flood-net") == ("b",)
    lab.put(gone={"b": "net"})
    assert lab.flows() == {}
    assert lab.target.rows(Group) == []


def test_every_row_knows_what_it_came_from() -> None:
    lab = lab_with_two_ports()
    reasons = lab.engine.because((Flow, "net/a"))
    assert [reason.source for reason in reasons] == [Port(name="a", address="10.0.0.1")]
    assert {reason.source.key() for reason in lab.engine.because((Group, "flood-net"))} == {"a", "b"}  # type: ignore[union-attr]
    assert isinstance(reasons[0], Reason)


def test_two_rules_that_disagree_are_told_so() -> None:
    @rule(Port)
    def one(port: Port, view: View) -> Iterator[Row]:
        yield Flow(name="same", text=port.name)

    lab = Lab(one)
    with pytest.raises(DerivationConflict, match="same"):
        lab.put(Port(name="a"), Port(name="b"))


def test_a_conflict_that_is_told_stops_nothing_and_the_first_by_name_counts() -> None:
    @rule(Port)
    def one(port: Port, view: View) -> Iterator[Row]:
        yield Flow(name="same", text=port.address)
        yield Flow(name=port.name, text="own")

    def lab(*ports: Port) -> Lab:
        made = Lab(one, on_fault=lambda instance, error: Flow(name="conflict", text=str(error)))
        made.put(*ports)
        return made

    late, early = Port(name="b", address="2"), Port(name="a", address="1")
    both = lab(late)
    assert both.flows() == {"same": "2", "b": "own"}
    both.put(early)
    assert both.flows() == {"same": "1", "a": "own", "b": "own", "conflict": both.flows()["conflict"]}
    assert "one(a)" in both.flows()["conflict"]
    assert lab(early, late).flows() == both.flows()
    both.put(Port(name="b", address="3"))
    assert both.flows()["same"] == "1"
    both.put(Port(name="b", address="1"))
    assert both.flows() == {"same": "1", "a": "own", "b": "own"}
    both.put(late)
    both.delete(Port, "a")
    assert both.flows() == {"same": "2", "b": "own"}


class Hinted(Row, frozen=True, kw_only=True):
    """Rules may make it with different words: the least counts."""

    name: str
    word: str

    def key(self) -> Hashable:
        return self.name

    def joined(self, other: Hinted) -> Hinted:
        return min(self, other, key=lambda row: row.word)


@rule(Port)
def hinted(port: Port, view: View) -> Iterator[Row]:
    if port.address:
        yield Hinted(name="same", word=port.address)


def test_rows_that_can_be_joined_are_no_conflict_whoever_comes_and_goes() -> None:
    lab = Lab(hinted)

    def words() -> list[str]:
        found = [row.word for row in lab.target.rows(Hinted)]
        wanted = lab.engine.wanted([(Hinted, "same")])
        assert [row.word for row in wanted.values()] == found  # type: ignore[union-attr]
        return found

    lab.put(Port(name="a", address="5"))
    lab.put(Port(name="b", address="3"), Port(name="c", address="5"))
    assert words() == ["3"]
    lab.put(Port(name="a", address="1"))
    assert words() == ["1"]
    lab.put(Port(name="a", address=""), Port(name="d", address="4"))
    assert words() == ["3"]
    lab.delete(Port, "b")
    assert words() == ["4"]
    lab.put(Port(name="c"), Port(name="d"), Port(name="e", address="2"))
    assert words() == ["2"]
    lab.delete(Port, "e")
    assert words() == []


STEPS = st.lists(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["", "1", "2", "3"])), max_size=3))


@given(STEPS)
def test_what_rows_are_joined_to_does_not_depend_on_what_came_when(steps: list[list[tuple[str, str]]]) -> None:
    lab, words = Lab(hinted), dict[str, str]()
    for step in steps:
        words |= dict(step)
        lab.put(*(Port(name=name, address=word) for name, word in dict(step).items()))
        said = [word for word in words.values() if word]
        assert [row.word for row in lab.target.rows(Hinted)] == ([min(said)] if said else [])
        assert [*lab.engine.wanted([(Hinted, "same")]).values()] == lab.target.rows(Hinted)


def test_a_value_that_reads_itself_is_refused() -> None:
    @derived
    def loop(view: View, name: str) -> int:
        return loop(view, name)

    @rule(Port)
    def reader(port: Port, view: View) -> Iterator[Row]:
        yield Flow(name=port.name, text=str(loop(view, port.name)))

    with pytest.raises(DerivedFromItself, match="loop"):
        Lab(reader).put(Port(name="a"))


def test_a_mistake_about_one_row_does_not_stop_the_others() -> None:
    @rule(Port)
    def careless(port: Port, view: View) -> Iterator[Row]:
        yield Flow(name=port.name, text=str(1 / len(port.address)))

    source, target = Database("source"), Database("target")
    engine = Engine([source], target, [careless], lambda instance, error: Flow(name=f"fault {instance.key}", text="x"))
    source.subscribe(engine.update)
    transaction = Transaction()
    transaction.put(Port(name="good", address="12"))
    transaction.put(Port(name="bad"))
    source.apply(transaction)
    assert sorted(flow.name for flow in target.rows(Flow)) == ["fault bad", "good"]
    transaction = Transaction()
    transaction.put(Port(name="bad", address="1"))
    source.apply(transaction)
    assert sorted(flow.name for flow in target.rows(Flow)) == ["bad", "good"]
