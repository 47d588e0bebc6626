"""A lab in this process: containers inside hosts, and hosts that get their IPv6 addresses in every way there is."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from brume.dataplane.explain.by_hand import without_openstack
from brume.dataplane.explain.explanation import Explanation, TraceRequest
from brume.dataplane.explain.tracer import Tracer
from brume.northbound.schema import LogicalRouterPort
from brume.packets.describe import describe
from brume.service.control import ControlError
from brume.service.lab.lab import Lab
from brume.service.lab.settings import LabSettings
from brume.service.topology import LiveTopology
from brume.tables.database import Transaction
from brume.tables.map import Map
from tests.agreement.test_exchange_northd import everything
from tests.southbound.builder import Builder


class Bench:
    """A lab, and what is typed at it."""

    def __init__(self, directory: Path, build: Builder) -> None:
        self.lab = Lab(LabSettings(data_directory=directory), lambda: 0.0)
        self.lab.network.northbound.apply(everything(build.apply()))
        self.lab.start()
        self.lab.scheduler.run_for(1)

    def bind(self, port: str, chassis: str) -> str:
        bound = self.lab.bind(port, chassis)
        self.lab.scheduler.run_for(5)
        assert self.lab.is_up(bound), self.lab.why_not_up(port)
        return str(bound.card)

    def run(self, port: str, command: str) -> tuple[int | None, list[str]]:
        guest = self.lab.at_port(port)
        assert guest is not None
        job = guest.host.console.run(command.split())
        self.lab.scheduler.run_while(lambda: not job.done, 100)
        return job.exit_code, job.lines

    def pings(self, port: str, address: str) -> bool:
        return self.run(port, f"ping -c 1 -W 2 {address}")[0] == 0

    def addresses(self, port: str) -> list[str]:
        guest = self.lab.at_port(port)
        assert guest is not None
        return [str(one) for one in guest.host.addresses if not one.address.is_link_local]

    def trace(self, source: str, destination: str, family: int | None = None) -> Explanation:
        request = TraceRequest(source, destination, family=family)  # type: ignore[arg-type]
        return without_openstack(Tracer(LiveTopology(self.lab)).trace(request))


# containers


@pytest.fixture
def nested(tmp_path: Path) -> Bench:
    """`big` on the switch `outer`; `web` and `db` inside it with VLANs 10 and 20, and `far`, on the switch `inner`."""
    build = Builder()
    build.switch("outer")
    build.switch("inner")
    build.port("outer", "big", "0a:00:00:00:05:01 10.0.0.1")
    for number, (name, tag) in enumerate((("web", 10), ("db", 20)), 1):
        own = f"0a:00:00:00:01:0{number} 10.0.1.{number} fd00::{number}"
        build.port("inner", name, own, parent_name="big", tag=tag)
    build.port("inner", "far", "0a:00:00:00:01:09 10.0.1.9 fd00::9")
    return Bench(tmp_path, build)


def test_containers_talk_through_their_parents_card(nested: Bench) -> None:
    nested.bind("big", "compute1")
    assert nested.bind("web", "compute1") == "0a:00:00:00:01:01 10.0.1.1/24 fd00::1/64 inside big, VLAN 10"
    nested.bind("db", "compute1")
    nested.bind("far", "compute2")
    frames: list[str] = []
    big = nested.lab.at_port("big")
    assert big is not None
    big.link.tap(lambda time, frame: frames.append(describe(frame)))
    assert nested.pings("web", "10.0.1.9")
    assert any("vlan 10" in line and "10.0.1.1 > 10.0.1.9: ICMP echo request" in line for line in frames)
    assert any("vlan 10" in line and "ICMP echo reply" in line for line in frames)
    assert nested.pings("far", "fd00::2")
    assert nested.pings("web", "10.0.1.2"), "two containers of one host"
    assert not nested.pings("big", "10.0.1.1"), "they are not on its network"


@pytest.mark.parametrize(("source", "goal", "family"), [("web", "far", 4), ("far", "web", 6), ("web", "db", 4)])
def test_traces_follow_containers(nested: Bench, source: str, goal: str, family: int) -> None:
    for port, chassis in (("big", "compute1"), ("web", "compute1"), ("db", "compute1"), ("far", "compute2")):
        nested.bind(port, chassis)
    found = nested.trace(source, goal, family)
    assert found.passed, found.verdict
    assert found.verdict.startswith(f"delivered to {goal} on ")


def test_a_container_needs_its_parent(nested: Bench) -> None:
    with pytest.raises(ControlError, match=r"inside big; first: brume ovn bind big compute1"):
        nested.lab.bind("web", "compute1")
    nested.bind("big", "compute1")
    with pytest.raises(ControlError, match="inside big, which is bound on compute1"):
        nested.lab.bind("web", "compute2")
    nested.bind("web", "compute1")
    with pytest.raises(ControlError, match=r"web is inside big; first: brume ovn unbind web"):
        nested.lab.unbind("big")
    nested.bind("far", "compute2")
    nested.lab.unbind("web")
    nested.lab.scheduler.run_for(1)
    assert not nested.pings("far", "10.0.1.1")
    nested.bind("web", "compute1")
    assert nested.pings("far", "10.0.1.1")


def test_containers_are_there_again_after_a_restart(nested: Bench, tmp_path: Path) -> None:
    for port, chassis in (("big", "compute1"), ("web", "compute1"), ("far", "compute2")):
        nested.bind(port, chassis)
    again = Lab(LabSettings(data_directory=tmp_path), lambda: 0.0)
    again.network.northbound.apply(everything(nested.lab.network.northbound))
    again.start()
    again.scheduler.run_for(5)
    guest = again.at_port("far")
    assert guest is not None
    job = guest.host.console.run(["ping", "-c", "1", "10.0.1.1"])
    again.scheduler.run_while(lambda: not job.done, 20)
    assert job.exit_code == 0


# IPv6 addresses


def with_mode(directory: Path, mode: str, *, stateless: bool | None = None, ra: bool = True) -> Bench:
    """A switch behind a router that advertises itself; vma and vmb get their addresses in one of the ways."""
    build = Builder()
    build.switch("ls1")
    build.router("lr1")
    key = build.interface("lr1", "ls1", "0a:00:00:00:ff:01", "fd00::1/64")
    if ra:
        port = build.transaction.rows[LogicalRouterPort, key]
        build.transaction.put(replace(port, ipv6_ra_configs=Map({"address_mode": mode})))  # type: ignore[type-var]
    options = None
    if stateless is not None:
        more = {"dhcpv6_stateless": "true"} if stateless else {}
        options = build.dhcp("six", "fd00::/64", server_id="0a:00:00:00:ff:02", dns_server="fd00::53", **more)
    for number, name in enumerate(("vma", "vmb"), 1):
        build.port("ls1", name, f"0a:00:00:00:05:0{number} fd00::{number}1", dhcpv6_options=options)
    bench = Bench(directory, build)
    bench.bind("vma", "compute1")
    bench.bind("vmb", "compute2")
    return bench


def test_stateful_dhcpv6_gives_the_ports_address(tmp_path: Path) -> None:
    bench = with_mode(tmp_path, "dhcpv6_stateful", stateless=False)
    assert bench.addresses("vma") == ["fd00::11/128"]
    assert bench.pings("vma", "fd00::21")
    assert bench.trace("vma", "vmb").passed
    assert "asks by DHCPv6" in "\n".join(bench.lab.status())


def test_stateful_dhcpv6_without_a_router_gives_an_address_and_no_way(tmp_path: Path) -> None:
    bench = with_mode(tmp_path, "", stateless=False, ra=False)
    assert bench.addresses("vma") == ["fd00::11/128"]
    found = bench.trace("vma", "vmb")
    assert found.cause is not None
    assert found.cause.who == "vma has no route to fd00::21: no gateway is known to it"


def test_stateless_dhcpv6_gives_the_rest(tmp_path: Path) -> None:
    bench = with_mode(tmp_path, "dhcpv6_stateless", stateless=True)
    assert bench.addresses("vma") == ["fd00::11/64", "fd00::800:ff:fe00:501/64"]
    guest = bench.lab.at_port("vma")
    assert guest is not None
    assert [str(one) for one in guest.host.name_servers] == ["fd00::53"]


def test_slaac_adds_to_what_the_port_says(tmp_path: Path) -> None:
    bench = with_mode(tmp_path, "slaac")
    assert bench.addresses("vma") == ["fd00::11/64", "fd00::800:ff:fe00:501/64"]
    assert bench.pings("vma", "fd00::21")


# traces of what does not work


def by_hand(directory: Path, change: str) -> Bench:
    """Two switches with IPv6 only, a router between them; something is wrong."""
    build = Builder()
    for number, name in enumerate(("ls1", "ls2")):
        build.switch(name)
        secured = f"0a:00:00:00:05:0{number} fd00:{number}::10"
        build.port(name, f"vm{'ab'[number]}", secured, secured=False)
    build.router("lr1")
    for number, name in enumerate(("ls1", "ls2")):
        build.interface("lr1", name, f"0a:00:00:00:ff:0{number}", f"fd00:{number}::1/64")
    if change == "acl":
        group = build.group("pg1", "vmb")
        build.acl(group, "to-lport", "outport == @pg1 && ip6", "drop")
    if change == "discard":
        build.route("lr1", "fd00:77::/64", "discard")
    bench = Bench(directory, build)
    bench.bind("vma", "compute1")
    bench.bind("vmb", "compute2")
    return bench


@pytest.mark.parametrize(
    ("change", "goal", "who", "cure"),
    [
        (
            "acl",
            "vmb",
            "port group pg1: ACL to-lport 1002 drop: outport == @pg1 && ip6",
            "ovn-nbctl acl-add pg1 to-lport 1003 'ip6.src == fd00::10 && ip6.dst == fd00:1::10' allow-related",
        ),
        (
            "nothing",
            "fd00:99::1",
            "router router-lr1 has no route to fd00:99::1",
            "",
        ),
        (
            "discard",
            "fd00:77::1",
            "router router-lr1: the route to fd00:77::/64 discards packets",
            "ovn-nbctl lr-route-del router-lr1 fd00:77::/64",
        ),
        ("nothing", "fd00::99", "vma asks for the MAC address of fd00::99, and nobody answers", ""),
    ],
)
def test_traces_in_ipv6_name_the_culprit(tmp_path: Path, change: str, goal: str, who: str, cure: str) -> None:
    found = by_hand(tmp_path, change).trace("vma", goal)
    assert found.cause is not None, found.verdict
    assert found.cause.who == who
    assert cure in (*found.cause.cure, "")


def test_a_router_port_that_is_disabled_later_is_named(tmp_path: Path) -> None:
    """The host remembers the router by its link-local address."""
    bench = with_mode(tmp_path, "slaac")
    assert bench.trace("vma", "fd00:9::1").cause is not None
    northbound, transaction = bench.lab.network.northbound, Transaction()
    (port,) = northbound.rows(LogicalRouterPort)
    transaction.put(replace(port, enabled=False))
    northbound.apply(transaction)
    bench.lab.scheduler.run_for(1)
    found = bench.trace("vma", "fd00:9::1")
    assert found.cause is not None
    assert found.cause.who == f"logical router port {port.name} is disabled"
    assert found.cause.cure == (f"ovn-nbctl lrp-set-enabled {port.name} enabled",)


def test_a_host_that_was_bound_before_its_router_has_no_route(tmp_path: Path) -> None:
    build = Builder()
    build.switch("ls1")
    build.port("ls1", "vma", "0a:00:00:00:05:01 fd00::11")
    bench = Bench(tmp_path, build)
    bench.bind("vma", "compute1")
    found = bench.trace("vma", "fd00:9::1")
    assert found.cause is not None
    assert found.cause.who == "vma has no route to fd00:9::1: no gateway is known to it"
    build.router("lr1")
    build.interface("lr1", "ls1", "0a:00:00:00:ff:01", "fd00::1/64")
    bench.lab.network.northbound.apply(everything(build.apply()))
    bench.lab.scheduler.run_for(1)
    found = bench.trace("vma", "fd00:9::1")
    assert found.cause is not None
    (cure,) = found.cause.cure
    assert cure == "brume ovn exec vma ip -6 route add default via fd00::1"
    assert bench.run("vma", cure.removeprefix("brume ovn exec vma "))[0] == 0
    found = bench.trace("vma", "fd00:9::1")
    assert found.cause is not None
    assert found.cause.who == "router router-lr1 has no route to fd00:9::1"


def test_two_switches_in_ipv6_reach_each_other(tmp_path: Path) -> None:
    bench = by_hand(tmp_path, "nothing")
    assert bench.trace("vma", "vmb").passed
    assert bench.pings("vma", "fd00:1::10")
