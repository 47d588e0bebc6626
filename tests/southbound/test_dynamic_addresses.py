"""Addresses that ports ask their switch for. What ovn-northd gives is compared in tests/agreement."""

from __future__ import annotations

from msgspec.structs import replace

from brume.derive.rules import Problem
from brume.northbound.schema import LogicalSwitch, LogicalSwitchPort
from brume.southbound.compiler import Compiler
from brume.southbound.dynamic_addresses import DynamicAddresses
from brume.southbound.from_northbound.facts.ports import SwitchPort
from brume.tables.database import Database, Transaction
from brume.tables.map import Map

SUBNET = Map({"subnet": "10.0.0.0/24", "exclude_ips": "10.0.0.2..10.0.0.9"})


class Bench:
    """A northbound in which addresses are given, and its compiler."""

    def __init__(self) -> None:
        self.northbound = Database("OVN_Northbound")
        self.addresses = DynamicAddresses(self.northbound)
        self.compiler = Compiler(self.northbound, Database("OVN_Southbound"))
        self.compiler.start()
        self.northbound.subscribe(self.addresses.follow)
        self.northbound.subscribe(self.compiler.update)

    def switch(self, name: str, config: Map[str, str], ports: int = 0) -> None:
        transaction = Transaction()
        transaction.put(LogicalSwitch(uuid=name, name=name, other_config=config))
        for number in range(ports):
            port = LogicalSwitchPort(uuid=f"{name}{number}", name=f"{name}{number}", addresses=frozenset({"dynamic"}))
            transaction.put(port)
            transaction.add(LogicalSwitch.ports, name, port.uuid)
        self.northbound.apply(transaction)

    def given(self, port: str) -> str | None:
        row = self.northbound.get(LogicalSwitchPort, port)
        assert row is not None
        return row.dynamic_addresses

    def known(self, port: str) -> list[str]:
        """The addresses that flows are made of."""
        fact = self.compiler.facts.target.get(SwitchPort, port)
        assert fact is not None
        return [address for one in fact.addresses for address in one.ipv4]


def test_flows_are_made_of_what_was_given() -> None:
    bench = Bench()
    bench.switch("s", SUBNET, 2)
    assert [bench.known("s0"), bench.known("s1")] == [["10.0.0.10"], ["10.0.0.11"]]
    assert not bench.compiler.southbound.rows(Problem)


def test_a_switch_that_has_none_to_give_is_told() -> None:
    bench = Bench()
    bench.switch("s", Map({}), 1)
    (problem,) = bench.compiler.southbound.rows(Problem)
    assert "other_config:subnet" in problem.message
    assert bench.given("s0") is None


def test_the_prefix_of_macs_is_the_same_after_a_restart() -> None:
    one, other = Bench(), Bench()
    for bench in (one, other):
        bench.switch("s", SUBNET, 1)
    assert one.given("s0") == other.given("s0")
    assert str(one.given("s0")).startswith("0a:")


def test_what_was_given_stays_over_a_restart() -> None:
    bench = Bench()
    bench.switch("s", SUBNET, 3)
    transaction = Transaction()
    transaction.delete(LogicalSwitchPort, "s0")
    transaction.remove(LogicalSwitch.ports, "s", "s0")
    bench.northbound.apply(transaction)
    kept = bench.given("s2")
    again = DynamicAddresses(bench.northbound)
    again.start()
    assert bench.given("s2") == kept
    assert kept is not None
    assert kept.endswith(" 10.0.0.12")


def test_two_ports_of_two_switches_have_two_macs() -> None:
    bench = Bench()
    bench.switch("s", SUBNET, 1)
    bench.switch("t", SUBNET, 1)
    first, second = str(bench.given("s0")).split(), str(bench.given("t0")).split()
    assert first[1] == second[1] == "10.0.0.10"
    assert first[0] != second[0]


def test_a_port_that_asks_no_more_has_none() -> None:
    bench = Bench()
    bench.switch("s", SUBNET, 1)
    port = bench.northbound.get(LogicalSwitchPort, "s0")
    assert port is not None
    transaction = Transaction()
    transaction.put(replace(port, addresses=frozenset({"0a:00:00:00:00:01 10.0.0.77"})))
    bench.northbound.apply(transaction)
    assert bench.given("s0") is None
    assert bench.known("s0") == ["10.0.0.77"]
