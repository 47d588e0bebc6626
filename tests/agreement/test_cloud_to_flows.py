"""What tenants ask for becomes the same southbound, whether our compiler or ovn-northd reads our northbound."""

from __future__ import annotations

from pathlib import Path

import pytest

from brume.northbound.schema import NBGlobal
from brume.southbound.compiler import Compiler
from brume.tables.database import Transaction
from brume.tables.map import Map
from tests.agreement.ovn_lab import OvnLab, difference, short_directory, why_not
from tests.agreement.test_logical_flows import comparable
from tests.northbound.conftest import World
from tests.northbound.steps import outside
from tests.southbound.builder import chassis

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")


def a_whole_network() -> World:
    """Two networks behind a router with a gateway, one of them with IPv6; a floating IP; rules of the default group."""
    world = World()
    world.chassis("compute1", gateway=True)
    world.chassis("compute2")
    private, other = world.network(), world.network(name="other")
    subnets = [world.subnet(private), world.subnet(other, "10.0.2.0/24")]
    world.subnet(private, "fd00:1::/64", ipv6_address_mode="dhcpv6-stateful", ipv6_ra_mode="dhcpv6-stateful")
    public, _ = outside(world)
    router = world.router()
    for subnet in subnets:
        world.plug(router, subnet)
    world.gateway(router, public)
    port = world.port(private)
    world.port(other)
    world.port(private, port_security_enabled=False)
    group = world.default_group()
    world.rule(group.id, protocol="icmp", remote_ip_prefix="0.0.0.0/0")
    world.rule(group.id, protocol="tcp", port_range_min=22, port_range_max=22)
    world.rule(group.id, protocol="udp", port_range_min=100, port_range_max=220, remote_ip_prefix="10.0.0.0/8")
    world.floating_ip(public, port)
    return world


def test_a_cloud_has_the_same_flows_as_with_northd() -> None:
    northbound = a_whole_network().nb
    transaction = Transaction()
    transaction.put(NBGlobal(uuid="global", options=Map({"svc_monitor_mac": "0a:00:00:00:00:01"})))
    northbound.apply(transaction)
    ours = chassis("compute1", "compute2")
    Compiler(northbound, ours).start()
    with short_directory() as directory:
        lab = OvnLab(Path(directory))
        try:
            theirs = lab.compile(northbound, chassis("compute1", "compute2"))
        finally:
            lab.stop()
    assert difference(comparable(ours), comparable(theirs)) == ""
