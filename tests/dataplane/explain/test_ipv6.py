"""The same questions in IPv6: neighbour discovery instead of ARP, advertised routers, no floating IPs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from brume.cloud.network import routers, security_groups
from brume.cloud.network.resources import Port, SecurityGroupRule
from brume.dataplane.explain.explanation import Explanation, TraceRequest
from brume.dataplane.explain.text import render
from brume.dataplane.explain.tracer import Tracer
from brume.values import InterfaceAddress, Ipv6Address, Prefix
from tests.dataplane.explain.lab import PHYSNET, Lab

SIX = ["emission", "routing", "encapsulation", "underlay", "delivery", "reply"]
SLAAC = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}


def two_families() -> Lab:
    """`blue` has both families, `green` IPv6 only, `public` both; vm1, vm2 in blue, vm3 in green on the other node.
    Let in are ICMPv6 and TCP 22, over IPv6."""
    lab = Lab()
    world = lab.world
    blue, green = world.network(name="blue"), world.network(name="green")
    inside = [
        world.subnet(blue, "192.168.10.0/24", name="blue4"),
        world.subnet(blue, "fd00:1::/64", name="blue6", **SLAAC),
        world.subnet(green, "fd00:2::/64", name="green6", **SLAAC),
    ]
    public = world.network(
        name="public", router_external=True, provider_network_type="flat", provider_physical_network=PHYSNET
    )
    world.subnet(public, "203.0.113.0/24", enable_dhcp=False)
    world.subnet(public, "2001:db8::/64", gateway_ip="2001:db8::1", enable_dhcp=False)
    lab.router = world.router(name="r")
    for subnet in inside:
        world.plug(lab.router, subnet)
    world.gateway(lab.router, public)
    lab.server("vm1", blue, "compute1")
    group = world.default_group()
    world.rule(group.id, ethertype="IPv6", protocol="ipv6-icmp")
    world.rule(group.id, ethertype="IPv6", protocol="tcp", port_range_min=22, port_range_max=22)
    lab.server("vm2", blue, "compute2")
    lab.server("vm3", green, "compute2")
    outside = lab.outside()
    outside.add_address(InterfaceAddress(Ipv6Address.link_local(outside.mac), 64))
    outside.add_address(InterfaceAddress.parse("2001:db8::1/64"))
    lab.networks = {"blue": blue, "green": green, "public": public}
    lab.settle()
    return lab


@pytest.fixture(scope="module")
def lab() -> Lab:
    return two_families()


@pytest.fixture
def own() -> Lab:
    return two_families()


def ask(lab: Lab, source: str, destination: str, protocol: Any = "icmp", port: Any = None, **more: Any) -> Explanation:
    return Tracer(lab.topology()).trace(TraceRequest(source, destination, protocol, port, **more))


def ipv6_of(lab: Lab, name: str) -> str:
    return next(fixed.ip_address for fixed in lab.ports[name].fixed_ips if ":" in fixed.ip_address)


def ipv4_of(lab: Lab, name: str) -> str:
    return next(fixed.ip_address for fixed in lab.ports[name].fixed_ips if ":" not in fixed.ip_address)


def kinds(found: Explanation) -> list[str]:
    return [step.kind for step in found.steps]


def let_outside_know(lab: Lab) -> None:
    """Type the cure of the trace at the operator's router."""
    found = ask(lab, "outside", "vm1", family=6)
    assert found.cause is not None
    (cure,) = found.cause.cure
    assert cure.startswith("brume exec outside ip -6 route add fd00:1::/64 via 2001:db8::")
    job = lab.hosts["outside"].console.run(cure.removeprefix("brume exec outside ").split())
    assert job.exit_code == 0, job.lines


def test_the_picture_of_a_packets_way(lab: Lab, same_as: Callable[[str, str], None]) -> None:
    same_as("ipv6.txt", render(ask(lab, "vm1", "vm3")))


def test_through_the_router_there_are_the_six_steps(lab: Lab) -> None:
    found = ask(lab, "vm1", ipv6_of(lab, "vm3"))
    assert (found.outcome, kinds(found)) == ("answered", SIX)
    emission, routing = found.steps[:2]
    assert any(one.startswith("vm1: the way to fd00:2::") and "gateway fe80::" in one for one in emission.facts)
    assert any(one.startswith("Neighbour discovery: who has fe80::") for one in emission.facts)
    assert "TTL: 64 -> 63" in routing.facts
    assert any(one.startswith("router r: route fd00:2::/64") for one in routing.facts)


def test_in_one_network_a_stage_answers_for_the_neighbour(lab: Lab) -> None:
    found = ask(lab, "vm1", "vm2", family=6)
    assert found.outcome == "answered"
    assert found.steps[0].facts[1].startswith(f"Neighbour discovery: who has {ipv6_of(lab, 'vm2')}?")
    assert found.steps[0].facts[1].endswith("says ls_in_arp_rsp on compute1")


@pytest.mark.parametrize(
    ("source", "destination", "family", "chosen"),
    [
        ("vm1", "vm2", None, 4),
        ("vm1", "vm2", 6, 6),
        ("vm1", "vm3", None, 6),
        ("vm3", "vm1", None, 6),
    ],
)
def test_the_family_is_ipv4_where_both_have_it(
    lab: Lab, source: str, destination: str, family: Any, chosen: int
) -> None:
    assert ask(lab, source, destination, family=family).request.family == chosen


def test_the_routers_addresses_answer_pings(lab: Lab) -> None:
    ports = lab.world.look(lambda session: session.find(Port, device_owner="network:router_interface"))
    own = [fixed.ip_address for port in ports for fixed in port.fixed_ips if ":" in fixed.ip_address]
    assert len(own) == 2
    for address in own:
        found = ask(lab, "vm1", address)
        assert (found.outcome, found.verdict) == ("answered", f"answered by the router that has {address}")


def test_a_closed_port_refuses(lab: Lab) -> None:
    lab.world.rule(lab.world.default_group().id, ethertype="IPv6", protocol="udp")
    lab.settle()
    found = ask(lab, "vm1", "vm3", "udp", 9)
    assert (found.outcome, found.notes) == (
        "answered",
        ("nothing listens on udp/9 of vm3: it answers, but refuses",),
    )


def test_a_refused_packet_names_the_group_and_the_cure_cures(own: Lab) -> None:
    stranger = own.world.group(name="alone")
    own.set_port("vm3", security_groups=(stranger.id,))
    found = ask(own, "vm1", "vm3", "tcp", 80)
    assert found.cause is not None
    assert found.cause.who == f"security group alone of port vm3 ({ipv6_of(own, 'vm3')}): no rule allows tcp/80"
    assert found.cause.cure == (
        "openstack security group rule create --ethertype IPv6 --protocol tcp --dst-port 80 alone",
    )
    echo = ask(own, "vm1", "vm3").cause
    assert echo is not None
    assert echo.who.endswith("no rule allows ICMPv6 echo")
    assert echo.cure == ("openstack security group rule create --ethertype IPv6 --protocol ipv6-icmp alone",)
    own.world.rule(stranger.id, ethertype="IPv6", protocol="ipv6-icmp")
    own.settle()
    assert ask(own, "vm1", "vm3").passed


def test_no_egress_rule(own: Lab) -> None:
    group = own.world.default_group().id
    for rule in own.world.look(lambda s: s.find(SecurityGroupRule, security_group_id=group, direction="egress")):
        own.world.do(security_groups.delete_rule, rule)
    own.settle()
    found = ask(own, "vm1", "vm3")
    assert found.cause is not None
    assert found.cause.cure == (
        "openstack security group rule create --egress --ethertype IPv6 --protocol ipv6-icmp default",
    )


def test_a_forged_source_is_port_securitys(own: Lab) -> None:
    host = own.hosts["vm1"]
    for address in host.addresses:
        if address.prefix == Prefix.parse("fd00:1::/64"):
            host.remove_address(address)
    host.add_address(InterfaceAddress.parse("fd00:1::99/64"))
    found = ask(own, "vm1", "vm2", family=6)
    assert found.cause is not None
    assert found.cause.who.endswith("it may not send from fd00:1::99")


def test_an_answer_that_is_lost_is_said(lab: Lab) -> None:
    """Port security of OVN 23.03 lets nobody say that it has a link-local address."""
    target = Ipv6Address.link_local(lab.hosts["vm2"].mac)
    found = ask(lab, "vm1", str(target))
    assert found.cause is not None
    assert found.cause.who == (
        f"vm2 says that it has {target}, but the answer is lost: port security of port vm2 "
        f"({ipv4_of(lab, 'vm2')}): it may not send from {target}"
    )


def test_no_route_names_the_router(lab: Lab) -> None:
    found = ask(lab, "vm1", "2001:db8:ffff::1")  # the default route leads outside, where nobody is it
    assert found.cause is not None
    assert "neither has the address 2001:db8:ffff::1 nor routes on" in found.cause.who


def test_a_router_without_gateway_has_no_route(own: Lab) -> None:
    own.world.do(
        lambda c, s, settings: routers.update(
            c, s, settings, routers.load(s, own.router.id), {"external_gateway_info": None}
        )
    )
    own.settle()
    found = ask(own, "vm1", "2001:db8:ffff::1")
    assert found.cause is not None
    assert found.cause.who == "router r has no route to 2001:db8:ffff::1"
    assert "destination=2001:db8:ffff::1/128,gateway=NEXT_HOP r" in found.cause.cure[1]


def test_a_router_that_is_down(own: Lab) -> None:
    own.world.do(
        lambda c, s, settings: routers.update(c, s, settings, routers.load(s, own.router.id), {"admin_state_up": False})
    )
    own.settle()
    found = ask(own, "vm1", "vm3")
    assert found.cause is not None
    assert found.cause.who.endswith("router r is down")
    assert found.cause.cure == ("openstack router set --enable r",)


def test_nobody_has_the_address(lab: Lab) -> None:
    found = ask(lab, "vm1", "fd00:1::77")
    assert found.cause is not None
    assert found.cause.who == "vm1 asks for the MAC address of fd00:1::77, and nobody answers"


def test_a_host_without_router_has_no_address(own: Lab) -> None:
    alone = own.world.network(name="alone")
    own.world.subnet(alone, "fd00:3::/64", name="alone6", **SLAAC)
    own.server("vm4", alone, "compute1", dhcp=False)
    found = ask(own, "vm4", "fd00:1::1")
    assert found.cause is not None
    assert found.cause.who == "vm4 has no route to fd00:1::1: no router has advertised itself"
    own.hosts["vm4"].remove_address(own.hosts["vm4"].addresses[0])
    found = ask(own, "vm4", "fd00:1::1")
    assert found.cause is not None
    assert found.cause.who == "vm4 has no IPv6 address: no router advertises subnet alone6"
    assert found.cause.cure == ("openstack router add subnet ROUTER alone6",)


def test_outside_needs_a_route_since_nothing_is_translated(own: Lab) -> None:
    there = ask(own, "vm1", "2001:db8::1")
    assert there.outcome == "delivered"
    assert "outside has no way back to fd00:1::" in there.verdict
    back = ask(own, "outside", "vm1", "tcp", 22, family=6)
    assert back.outcome == "dropped"
    assert "outside has no route to fd00:1::" in back.verdict
    let_outside_know(own)
    assert ask(own, "vm1", "2001:db8::1").passed
    found = ask(own, "outside", "vm1", "tcp", 22, family=6)
    assert found.passed
    assert found.steps[0].title == "Arrival from the physical network"


def test_outside_without_ipv6(own: Lab) -> None:
    host = own.hosts["outside"]
    for address in [one for one in host.addresses if one.address.VERSION == 6]:
        host.remove_address(address)
    found = ask(own, "vm1", "outside", family=6)
    assert found.cause is not None
    assert found.cause.who == "outside has no IPv6 address: no external network has an IPv6 subnet with a gateway"
    assert ask(own, "vm1", "outside").request.family == 4


def test_any_pair_can_be_asked_about(own: Lab) -> None:
    let_outside_know(own)
    hosts = ("vm1", "vm2", "vm3", "outside")
    for source in hosts:
        for destination in (*hosts, "fd00:1::1", "2001:db8::1", "fd00:1::ffff", "2001:db8:1::"):
            for protocol, port in (("icmp", None), ("tcp", 22), ("udp", 53)):
                found = ask(own, source, destination, protocol, port, family=6)
                assert found.steps
                assert found.passed or found.cause is not None, found.verdict
                assert render(found)
