"""Why a packet is dropped, in the tenant's words: a network, what is wrong with it, who is said to be to blame."""

from __future__ import annotations

from typing import Any

import pytest

from brume.cloud.network import routers, security_groups
from brume.cloud.network.resources import SecurityGroupRule
from brume.dataplane.explain.causes import cause_of
from brume.dataplane.explain.explanation import Cause, TraceRequest
from brume.dataplane.explain.failure import failure
from brume.dataplane.explain.journey import Travel
from brume.dataplane.explain.packets import Ends
from brume.dataplane.explain.tables import Tables
from brume.dataplane.explain.tracer import Tracer
from brume.packets import icmp4, tcp
from brume.packets.build import stack
from brume.packets.icmp4 import Echo, Icmp4
from brume.packets.ipv4 import Ipv4
from brume.packets.tcp import Tcp
from brume.values import InterfaceAddress, Ipv4Address, MacAddress
from tests.dataplane.explain.lab import Lab, documented


@pytest.fixture
def lab() -> Lab:
    return documented()


def cause(lab: Lab, source: str, destination: str, protocol: Any = "icmp", port: int | None = None) -> Cause:
    found = Tracer(lab.topology()).trace(TraceRequest(source, destination, protocol, port))
    assert not found.passed, found.verdict
    assert found.cause is not None
    assert found.cause.who in found.verdict
    return found.cause


def update_router(lab: Lab, **values: Any) -> None:
    lab.world.do(lambda c, s, settings: routers.update(c, s, settings, routers.load(s, lab.router.id), values))
    lab.settle()


# security groups


def test_no_rule_allows(lab: Lab) -> None:
    found = cause(lab, "outside", "vm1", "tcp", 80)
    assert found.who == "security group default of port vm1 (192.168.10.11): no rule allows tcp/80"
    assert found.cure == ("openstack security group rule create --protocol tcp --dst-port 80 default",)


def test_the_cure_cures(lab: Lab) -> None:
    lab.world.rule(lab.world.default_group().id, protocol="tcp", port_range_min=80, port_range_max=80)
    lab.settle()
    found = Tracer(lab.topology()).trace(TraceRequest("outside", "vm1", "tcp", 80))
    assert found.passed


def test_no_egress_rule_allows(lab: Lab) -> None:
    group = lab.world.default_group().id
    rules = lab.world.look(lambda s: s.find(SecurityGroupRule, security_group_id=group, direction="egress"))
    for rule in rules:
        lab.world.do(security_groups.delete_rule, rule)
    lab.settle()
    found = cause(lab, "vm1", "vm2")
    assert found.who == "security group default of port vm1 (192.168.10.11): no egress rule allows ICMP echo"
    assert found.cure == ("openstack security group rule create --egress --protocol icmp default",)


def test_no_security_group_at_all(lab: Lab) -> None:
    lab.set_port("vm2", security_groups=())
    assert "no security group: nothing is allowed" in cause(lab, "vm1", "vm2").who


# ports


def test_a_spoofed_source(lab: Lab) -> None:
    host = lab.hosts["vm1"]
    host.remove_address(host.addresses[0])
    host.add_address(InterfaceAddress.parse("192.168.10.99/24"))
    found = cause(lab, "vm1", "vm2")
    assert found.who == "port security of port vm1 (192.168.10.11): it may not send from 192.168.10.99"
    assert found.cure[0] == f"openstack port set --allowed-address ip-address=192.168.10.99 {lab.ports['vm1'].id}"


@pytest.mark.parametrize("name", ["vm1", "vm2"])
def test_a_port_is_down_by_its_owners_wish(lab: Lab, name: str) -> None:
    lab.set_port(name, admin_state_up=False)
    found = cause(lab, "vm1", "vm2")
    assert found.who.startswith(f"port {name} (")
    assert found.who.endswith("is administratively down")
    assert found.cure == (f"openstack port set --enable {lab.ports[name].id}",)


def test_nothing_is_plugged_in(lab: Lab) -> None:
    lab.server("vm5", lab.networks["other-net"], "compute2", plugged=False, address="10.0.1.15")
    found = cause(lab, "vm1", "vm5")
    assert found.who == "port vm5 (10.0.1.15) is on no chassis: nothing is plugged in there"
    assert found.cure == ("openstack server start vm5",)


def test_a_host_got_no_address(lab: Lab) -> None:
    lab.server("vm5", lab.networks["private-net"], "compute2", dhcp=False, address="192.168.10.15")
    assert cause(lab, "vm5", "vm1").who == "vm5 has no IPv4 address: it got none by DHCP"
    assert cause(lab, "vm1", "vm5").who == "vm5 gets the packet, but does not have the address 192.168.10.15"


def test_nobody_has_the_address(lab: Lab) -> None:
    found = cause(lab, "vm1", "192.168.10.77")
    assert found.who == "vm1 asks for the MAC address of 192.168.10.77, and nobody answers"


# routers


def test_no_router_has_the_gateway_address(lab: Lab) -> None:
    lonely = lab.world.network(name="lonely")
    lab.world.subnet(lonely, "10.9.0.0/24", name="lonely-subnet")
    lab.server("vm5", lonely, "compute1", address="10.9.0.5")
    found = cause(lab, "vm5", "vm1")
    assert "no router has the gateway address of subnet lonely-subnet" in found.who
    assert found.cure == ("openstack router add subnet ROUTER lonely-subnet",)


def test_the_router_is_down(lab: Lab) -> None:
    update_router(lab, admin_state_up=False)
    found = cause(lab, "vm1", "vm4")
    assert "router myrouter is" in found.who
    assert found.cure == ("openstack router set --enable myrouter",)


def test_no_route() -> None:
    lab = Lab()
    network = lab.world.network(name="net")
    subnet = lab.world.subnet(network, "10.0.0.0/24")
    lab.world.plug(lab.world.router(name="inner"), subnet)
    lab.server("vm1", network, "compute1")
    found = cause(lab, "vm1", "198.51.100.10")
    assert found.who == "router inner has no route to 198.51.100.10"
    assert found.cure[0] == "openstack router set --external-gateway NETWORK inner"


def test_the_routers_own_address_has_no_services(lab: Lab) -> None:
    found = cause(lab, "vm1", "10.0.1.1", "tcp", 80)
    assert found.who.startswith("10.0.1.1 is router myrouter's own address")


def test_the_next_hop_is_unknown(lab: Lab) -> None:
    found = cause(lab, "vm1", "203.0.113.77")
    assert found.who == "router myrouter asks for the MAC address of 203.0.113.77, and nobody answers"


def test_the_next_hop_is_not_who_was_meant(lab: Lab) -> None:
    assert "neither has the address 192.0.2.9 nor routes on" in cause(lab, "vm1", "192.0.2.9").who


def test_the_time_to_live_is_used_up(lab: Lab) -> None:
    target = Ipv4Address.parse("10.0.1.14")
    ends = Ends(MacAddress(0), MacAddress(0), Ipv4Address.parse("192.168.10.11"), target)
    found = stopped(lab, ends, Ipv4(ttl=1, source=ends.source, destination=target))
    assert found.who == "router myrouter: the packet's time to live is used up; it answers ICMP time exceeded"


def stopped(lab: Lab, ends: Ends, ip: Ipv4, *rest: Any) -> Cause:
    """What is said of a packet of our own making, from vm1 to its gateway's MAC address."""
    topology = lab.topology()
    (station,) = topology.stations("vm1")
    gateway = next(
        port for port in topology.provenance.cloud.rows(type(lab.ports["vm1"]))
        if any(fixed.ip_address == "192.168.10.1" for fixed in port.fixed_ips)
    )  # fmt: skip
    ends = ends._replace(source_mac=station.mac, target_mac=ends.target_mac or MacAddress.parse(gateway.mac_address))
    if not ends.target_mac.value:
        ends = ends._replace(target_mac=MacAddress.parse(gateway.mac_address))
    layers = rest or (Icmp4(type=icmp4.ECHO_REQUEST), Echo(1, 1), b"data")
    journey = Travel(topology).send(station, stack(ends.link(), ip, *layers))
    found = failure(journey, TraceRequest("vm1", "vm4"), Tables(topology.provenance), None)
    assert found is not None
    return cause_of(found)


def test_a_packet_fits_no_connection(lab: Lab) -> None:
    target = Ipv4Address.parse("10.0.1.14")
    ends = Ends(MacAddress(0), MacAddress(0), Ipv4Address.parse("192.168.10.11"), target)
    answer = Tcp(source=1000, destination=2000, flags=tcp.SYN | tcp.ACK | tcp.FIN)
    found = stopped(lab, ends, Ipv4(ttl=64, source=ends.source, destination=target), answer)
    assert "the packet fits no connection it has seen begin" in found.who


def test_nobody_has_the_mac_address(lab: Lab) -> None:
    target = Ipv4Address.parse("192.168.10.12")
    ends = Ends(MacAddress(0), MacAddress.parse("fa:16:3e:00:00:99"), Ipv4Address.parse("192.168.10.11"), target)
    found = stopped(lab, ends, Ipv4(ttl=64, source=ends.source, destination=target))
    assert found.who == "nobody in network private-net has the MAC address fa:16:3e:00:00:99"


# outside


def test_no_floating_ip(lab: Lab) -> None:
    found = cause(lab, "outside", "vm2")
    assert found.who == "vm2 cannot be reached from outside: it has no floating IP"
    assert found.cure == ("openstack floating ip create public-net", "openstack server add floating ip vm2 ADDRESS")


def test_the_router_does_not_translate(lab: Lab) -> None:
    from brume.cloud.network.resources import GatewayInfo

    update_router(lab, external_gateway_info=GatewayInfo(lab.networks["public-net"].id, enable_snat=False))
    found = cause(lab, "vm2", "outside")
    assert found.who.endswith("has no way back to 192.168.10.12: the router does not translate it (SNAT is off)")


# between chassis


def test_the_underlay_is_too_narrow(lab: Lab) -> None:
    lab.underlay.mtu = 100
    found = cause(lab, "vm1", "vm4")
    assert found.who == "underlay: the outer packet has 142 octets, the underlay carries 100"


def test_a_chassis_has_gone(lab: Lab) -> None:
    del lab.chassis["compute2"]
    found = cause(lab, "vm1", "192.168.10.12")
    assert found.who == "underlay: no chassis has the tunnel address 192.168.56.12"


def test_a_subnet_of_another_project_with_the_same_addresses_is_not_blamed(lab: Lab) -> None:
    """Two networks with 10.0.1.0/24: only one is behind the router, and it is not the one that asks."""
    twin = lab.world.network(name="twin-net")
    lab.world.subnet(twin, "10.0.1.0/24", name="twin-subnet")
    lab.server("vm5", twin, "compute1", address="10.0.1.15")
    assert "no router has the gateway address of subnet twin-subnet" in cause(lab, "vm5", "vm1").who
    assert cause(lab, "vm5", "vm4").who == "vm5 asks for the MAC address of 10.0.1.14, and nobody answers"
