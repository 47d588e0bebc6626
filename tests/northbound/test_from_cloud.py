"""What tenants ask for, and the northbound rows that follow: networks, and what holds for rows of all kinds."""

from brume.cloud.network import networks, ports, security_groups, subnets
from brume.cloud.network.resources import DhcpOption, Network
from brume.northbound.compiler import NorthboundCompiler
from brume.northbound.schema import (
    LogicalSwitch,
    LogicalSwitchPort,
)
from brume.tables.database import Database
from tests.northbound.steps import outside, same


def test_a_network_is_a_logical_switch(world):
    network = world.network()
    switch = world.one(LogicalSwitch)
    assert switch.name == f"neutron-{network.id}"
    assert switch.external_ids["neutron:network_name"] == "net"
    assert switch.external_ids["neutron:mtu"] == "1442"
    assert switch.other_config == {
        "mcast_snoop": "false",
        "mcast_flood_unregistered": "false",
        "vlan-passthru": "false",
    }


def test_a_provider_network_has_a_localnet_port(world):
    network = world.network(provider_network_type="vlan", provider_physical_network="physnet1")
    port = world.one(LogicalSwitchPort, type="localnet")
    assert port.name == f"provnet-{network.segment_id}"
    assert port.tag == 100
    assert port.addresses == {"unknown"}
    assert port.options["network_name"] == "physnet1"


def test_every_row_leads_back_to_what_a_tenant_asked_for(world):
    public, _ = outside(world)
    network = world.network()
    router = world.router()
    world.plug(router, world.subnet(network))
    world.gateway(router, public)
    port = world.port(network)
    world.floating_ip(public, port)
    assert world.compiler.source((LogicalSwitchPort, world.one(LogicalSwitchPort, name=port.id).uuid)) == port
    for change in world.nb.snapshot().rows:
        assert world.compiler.because((change.row_type, change.key))
    switch = world.one(LogicalSwitch, name=f"neutron-{network.id}")
    assert isinstance(world.compiler.source((LogicalSwitch, switch.uuid)), Network)


def test_one_port_costs_a_constant_number_of_rules(world):
    network = world.network()
    world.subnet(network, "10.0.0.0/16")
    counts = []
    for wanted in (5, 300):
        while len(world.nb.rows(LogicalSwitchPort)) < wanted:
            world.port(network)
        world.port(network)
        counts.append(len(world.compiler.engine.ran))
    assert counts == [3, 3]


def test_a_port_that_comes_up_runs_only_its_own_rules(world):
    network = world.network()
    world.subnet(network)
    port = world.port(network)
    world.port(network)
    with world.store.write(world.context) as session:
        ports.set_port_status(world.context, session, port.id, True)
    assert {key for _, key in world.compiler.engine.ran} == {port.id}


def test_following_equals_compiling_from_nothing(world):
    world.chassis("gw1", gateway=True)
    public, _ = outside(world)
    network = world.network()
    subnet = world.subnet(network)
    v6 = world.subnet(network, "fd00:1::/64", ipv6_ra_mode="slaac", ipv6_address_mode="slaac")
    router = world.router()
    world.plug(router, subnet)
    world.plug(router, v6)
    world.gateway(router, public)
    kept = world.port(network)
    gone = world.port(network, extra_dhcp_opts=(DhcpOption("mtu", "1400"),))
    world.floating_ip(public, kept)
    same(world.nb, world.recompiled())
    world.do(ports.delete, gone)
    world.do(lambda c, s, settings: subnets.update(c, s, settings, subnet, {"enable_dhcp": False}))
    world.do(lambda c, s, settings: networks.update(c, s, settings, s.get(Network, network.id), {"mtu": 1400}))
    group = world.group()
    world.do(security_groups.delete, group)
    same(world.nb, world.recompiled())


def test_a_compiler_that_was_away_loads_again(world):
    network = world.network()
    world.subnet(network)
    port = world.port(network)
    away = NorthboundCompiler(Database("OVN_Northbound"))
    away.load(world.store)
    world.do(ports.delete, port)
    world.port(network)
    away.load(world.store)
    same(away.northbound, world.nb)
