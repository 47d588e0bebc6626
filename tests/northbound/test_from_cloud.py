"""What tenants ask for, and the northbound rows that follow: the table of the founding document, pair by pair."""

import pytest

from brume.cloud.network import floating_ips, networks, ports, routers, security_groups, subnets
from brume.cloud.network.resources import AddressPair, DhcpOption, FixedIp, Network, Port, Route
from brume.northbound.compiler import NorthboundCompiler
from brume.northbound.from_cloud.names import group_name
from brume.northbound.schema import (
    ACL,
    NAT,
    DHCPOptions,
    GatewayChassis,
    LogicalRouter,
    LogicalRouterPort,
    LogicalRouterStaticRoute,
    LogicalSwitch,
    LogicalSwitchPort,
    PortGroup,
)
from brume.tables.database import Database


def outside(world):
    """An external network on a physical one, and its subnet."""
    network = world.network(
        name="public",
        router_external=True,
        provider_network_type="flat",
        provider_physical_network="physnet1",
    )
    return network, world.subnet(network, "203.0.113.0/24", enable_dhcp=False)


def same(one, other):
    """Both databases hold the same."""
    mine, theirs = one.snapshot(), other.snapshot()
    assert {c.key: c.new for c in mine.rows} == {c.key: c.new for c in theirs.rows}
    assert {c.member for c in mine.members} == {c.member for c in theirs.members}


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


def test_a_subnet_is_a_row_of_dhcp_options(world):
    network = world.network()
    subnet = world.subnet(network, dns_nameservers=("8.8.8.8",))
    row = world.one(DHCPOptions)
    metadata = world.look(lambda s: s.first(Port, network_id=network.id)).fixed_ips[0].ip_address
    assert row.cidr == "10.0.1.0/24"
    assert row.external_ids["subnet_id"] == subnet.id
    mac = row.options["server_mac"]
    assert mac.startswith("fa:16:3e:")
    assert row.options == {
        "server_id": "10.0.1.1",
        "server_mac": mac,
        "lease_time": "43200",
        "mtu": "1442",
        "router": "10.0.1.1",
        "dns_server": "{8.8.8.8}",
        "classless_static_route": f"{{169.254.169.254/32,{metadata}, 0.0.0.0/0,10.0.1.1}}",
    }


def test_a_port_is_a_logical_switch_port_in_its_groups(world):
    network = world.network()
    world.subnet(network)
    port = world.port(network, name="vm1", binding_host_id="cmp1", device_owner="compute:nova")
    row = world.one(LogicalSwitchPort, name=port.id)
    address = port.fixed_ips[0].ip_address
    assert row.addresses == {f"{port.mac_address} {address}"}
    assert row.port_security == row.addresses
    assert row.options == {"requested-chassis": "cmp1"}
    assert row.up is None
    assert row.dhcpv4_options == world.one(DHCPOptions).uuid
    assert row.external_ids["neutron:cidrs"] == f"{address}/24"
    assert row.external_ids["neutron:port_name"] == "vm1"
    switch = world.one(LogicalSwitch)
    assert row.uuid in world.nb.members(LogicalSwitch.ports, switch.uuid)
    groups = {world.nb.get(PortGroup, uuid).name for uuid in world.nb.owners(PortGroup.ports, row.uuid)}
    assert groups == {"neutron_pg_drop", group_name(world.default_group().id)}


def test_a_port_without_port_security_may_be_anybody(world):
    network = world.network()
    world.subnet(network)
    port = world.port(network, port_security_enabled=False)
    row = world.one(LogicalSwitchPort, name=port.id)
    assert row.port_security == frozenset()
    assert row.addresses == {f"{port.mac_address} {port.fixed_ips[0].ip_address}", "unknown"}
    assert world.nb.owners(PortGroup.ports, row.uuid) == ()


def test_address_pairs_widen_port_security(world):
    network = world.network()
    world.subnet(network)
    pairs = (AddressPair("", "10.0.1.200"), AddressPair("fa:16:3e:00:00:99", "10.0.1.201"))
    port = world.port(network, allowed_address_pairs=pairs)
    row = world.one(LogicalSwitchPort, name=port.id)
    own = f"{port.mac_address} {port.fixed_ips[0].ip_address}"
    assert row.port_security == {f"{own} 10.0.1.200", "fa:16:3e:00:00:99 10.0.1.201"}
    assert row.addresses == {own, "fa:16:3e:00:00:99"}


def test_a_reserved_address_that_others_may_use_is_a_virtual_port(world):
    network = world.network()
    world.subnet(network)
    shared = world.port(network)
    address = shared.fixed_ips[0].ip_address
    row = world.one(LogicalSwitchPort, name=shared.id)
    assert row.type == ""
    pairs = (AddressPair("", address),)
    parents = [world.port(network, allowed_address_pairs=pairs) for _ in range(2)]
    row = world.one(LogicalSwitchPort, name=shared.id)
    assert row.type == "virtual"
    assert row.options == {"virtual-ip": address, "virtual-parents": ",".join(sorted(one.id for one in parents))}
    assert row.addresses == {f"{shared.mac_address} {address}"}
    assert row.dhcpv4_options
    world.port(world.network(name="other"), allowed_address_pairs=pairs)
    assert world.one(LogicalSwitchPort, name=shared.id) == row


def test_a_port_of_a_server_is_nobody_elses(world):
    """And one's own address among one's own pairs says nothing."""
    network = world.network()
    world.subnet(network)
    bound = world.port(network, binding_host_id="cmp1", device_owner="compute:nova")
    pairs = (AddressPair("", bound.fixed_ips[0].ip_address),)
    other = world.port(network, allowed_address_pairs=pairs)
    assert world.one(LogicalSwitchPort, name=bound.id).type == ""
    assert world.one(LogicalSwitchPort, name=other.id).type == ""
    own = (FixedIp(ip_address="10.0.1.77"),)
    alone = world.port(network, fixed_ips=own, allowed_address_pairs=(AddressPair("", "10.0.1.77"),))
    assert world.one(LogicalSwitchPort, name=alone.id).type == ""


def test_extra_dhcp_options_make_a_row_of_their_own(world):
    network = world.network()
    world.subnet(network)
    options = (DhcpOption("bootfile-name", "pxe.0"), DhcpOption("66", "10.0.1.9"))
    port = world.port(network, extra_dhcp_opts=options)
    row = world.nb.get(DHCPOptions, world.one(LogicalSwitchPort, name=port.id).dhcpv4_options)
    assert row.external_ids["port_id"] == port.id
    assert row.options["bootfile_name"] == '"pxe.0"'
    assert row.options["tftp_server"] == '"10.0.1.9"'
    assert row.options["server_id"] == "10.0.1.1"


@pytest.mark.parametrize(
    ("name", "value", "printed"),
    [
        ("domain-name", "example.org", '"example.org"'),
        ("domain-name", '"example.org"', '"example.org"'),
        ("domain-name", '"', None),
        ("domain-name", 'x"); outport = "lsp"; output; ("', None),
        ("domain-name", '"x"); outport = "lsp"; output; ("', None),
        ("domain-name", "x\\", None),
        ("domain-name", "x\n", None),
        ("ntp-server", "192.0.2.1", "192.0.2.1"),
        ("ntp-server", "192.0.2.1,192.0.2.2", "{192.0.2.1, 192.0.2.2}"),
        ("ntp-server", "{192.0.2.1}", "192.0.2.1"),
        ("ntp-server", "fd00::5", None),
        ("ntp-server", "192.0.2.1); output; (", None),
        ("mtu", "1300", "1300"),
        ("mtu", "70000", None),
        ("mtu", "1300, router = 10.0.1.9", None),
        ("ip-forward-enable", "1", "1"),
        ("ip-forward-enable", "2", None),
        ("249", "10.9.0.0/16,10.0.1.9", "{10.9.0.0/16,10.0.1.9}"),
        ("249", "10.9.0.0/16", None),
        ("249", "fd00::/16,10.0.1.9", None),
        ("no-such-option", "1", None),
    ],
)
def test_options_are_printed_anew_or_left_out(world, name, value, printed):
    """What a tenant writes never gets into an action as it is; and a mistake does not cost the port its DHCP."""
    network = world.network()
    world.subnet(network)
    port = world.port(network, extra_dhcp_opts=(DhcpOption("lease-time", "600"), DhcpOption(name, value)))
    row = world.nb.get(DHCPOptions, world.one(LogicalSwitchPort, name=port.id).dhcpv4_options)
    assert row.options["lease_time"] == "600"
    common = {"server_id", "server_mac", "lease_time", "mtu", "router", "classless_static_route"}
    own = set(row.options) - common | ({"mtu"} if row.options["mtu"] != "1442" else set())
    assert [row.options[one] for one in own] == ([] if printed is None else [printed])


def test_the_metadata_port_is_on_every_chassis(world):
    world.subnet(world.network())
    row = world.one(LogicalSwitchPort)
    assert row.type == "localport"
    assert row.external_ids["neutron:mtu"] == "1442"
    assert row.dhcpv4_options is None


def test_a_router_and_its_interface(world):
    network = world.network()
    subnet = world.subnet(network)
    router = world.router()
    port = world.plug(router, subnet).port
    row = world.one(LogicalRouter)
    assert row.name == f"neutron-{router.id}"
    assert row.options["always_learn_from_arp_request"] == "false"
    assert row.options["dynamic_neigh_routers"] == "true"
    side = world.one(LogicalRouterPort)
    assert (side.name, side.networks, side.mac) == (f"lrp-{port.id}", {"10.0.1.1/24"}, port.mac_address)
    assert world.nb.members(LogicalRouter.ports, row.uuid) == (side.uuid,)
    other = world.one(LogicalSwitchPort, name=port.id)
    assert (other.type, other.addresses, other.options) == (
        "router",
        {"router"},
        {"router-port": f"lrp-{port.id}"},
    )


def test_a_gateway_has_chassis_routes_and_translates(world):
    world.chassis("cmp1")
    world.chassis("gw1", gateway=True)
    world.chassis("gw2", gateway=True)
    public, _ = outside(world)
    subnet = world.subnet(world.network())
    router = world.router()
    world.plug(router, subnet)
    world.gateway(router, public)
    gateway = world.look(lambda s: s.first(Port, device_owner="network:router_gateway"))
    address = gateway.fixed_ips[0].ip_address
    side = world.one(LogicalRouterPort, name=f"lrp-{gateway.id}")
    assert side.networks == {f"{address}/24"}
    assert {(c.chassis_name, c.name) for c in world.nb.rows(GatewayChassis)} == {
        (name, f"lrp-{gateway.id}_{name}") for name in ("gw1", "gw2")
    }
    assert {c.priority for c in world.nb.rows(GatewayChassis)} == {1, 2}
    route = world.one(LogicalRouterStaticRoute)
    assert (route.ip_prefix, route.nexthop) == ("0.0.0.0/0", "203.0.113.1")
    nat = world.one(NAT)
    assert (nat.type, nat.external_ip, nat.logical_ip) == ("snat", address, "10.0.1.0/24")
    assert world.one(LogicalSwitchPort, name=gateway.id).options["nat-addresses"] == "router"


def test_a_gateway_knows_what_every_network_of_its_router_carries(world):
    """Whoever sends more is told so (Neutron: set_gateway_mtu)."""
    public, _ = outside(world)
    router = world.router()
    world.gateway(router, public)
    gateway = world.look(lambda s: s.first(Port, device_owner="network:router_gateway"))

    def side():
        return world.one(LogicalRouterPort, name=f"lrp-{gateway.id}").options

    assert side() == {"reside-on-redirect-chassis": "true", "gateway_mtu": "1500"}
    subnet = world.subnet(world.network())
    interface = world.plug(router, subnet).port
    assert side()["gateway_mtu"] == "1442"
    assert "gateway_mtu" not in world.one(LogicalRouterPort, name=f"lrp-{interface.id}").options


def test_without_snat_nothing_is_translated(world):
    public, _ = outside(world)
    subnet = world.subnet(world.network())
    router = world.router()
    world.plug(router, subnet)
    world.gateway(router, public, enable_snat=False)
    assert world.nb.rows(NAT) == []


def test_a_floating_ip_is_a_nat_row_while_it_is_associated(world):
    public, _ = outside(world)
    network = world.network()
    subnet = world.subnet(network)
    router = world.router()
    world.plug(router, subnet)
    world.gateway(router, public)
    port = world.port(network)
    floating = world.floating_ip(public, port)
    nat = world.one(NAT, type="dnat_and_snat")
    assert (nat.external_ip, nat.logical_ip) == (floating.floating_ip_address, port.fixed_ips[0].ip_address)
    assert (nat.logical_port, nat.external_mac) == (port.id, None)
    assert nat.external_ids["neutron:fip_id"] == floating.id
    world.do(floating_ips.update, floating, {"port_id": None})
    assert [row for row in world.nb.rows(NAT) if row.type == "dnat_and_snat"] == []


def test_extra_routes(world):
    subnet = world.subnet(world.network())
    router = world.router()
    world.plug(router, subnet)
    routes = (Route("10.55.0.0/24", "10.0.1.50"),)
    world.do(lambda c, s, settings: routers.update(c, s, settings, routers.load(s, router.id), {"routes": routes}))
    row = world.one(LogicalRouterStaticRoute)
    assert (row.ip_prefix, row.nexthop) == ("10.55.0.0/24", "10.0.1.50")
    assert row.external_ids == {"neutron:is_static_route": "true"}


RULES = [
    ({"protocol": "tcp", "port_range_min": 22, "port_range_max": 22}, "ip4 && tcp && tcp.dst == 22"),
    (
        {"protocol": "udp", "port_range_min": 1, "port_range_max": 9},
        "ip4 && udp && udp.dst >= 1 && udp.dst <= 9",
    ),
    ({"protocol": "icmp"}, "ip4 && icmp4"),
    (
        {"protocol": "icmp", "port_range_min": 8, "port_range_max": 0},
        "ip4 && icmp4 && icmp4.type == 8 && icmp4.code == 0",
    ),
    ({"protocol": "icmp", "ethertype": "IPv6"}, "ip6 && icmp6"),
    ({"protocol": "vrrp"}, "ip4 && ip.proto == 112"),
    ({"protocol": "6", "port_range_min": 80, "port_range_max": 80}, "ip4 && tcp && tcp.dst == 80"),
    ({"remote_ip_prefix": "192.0.2.7/24"}, "ip4 && ip4.src == 192.0.2.0/24"),
    ({"ethertype": "IPv6", "remote_ip_prefix": "fd00::/8"}, "ip6 && ip6.src == fd00::/8"),
]


@pytest.mark.parametrize(("values", "match"), RULES, ids=[match for _, match in RULES])
def test_a_security_group_rule_is_an_acl(world, values, match):
    group = world.group()
    rule = world.rule(group.id, **values)
    acl = world.one(ACL, external_ids={"neutron:security_group_rule_id": rule.id})
    assert acl.match == f"outport == @{group_name(group.id)} && {match}"
    assert (acl.priority, acl.direction, acl.action) == (1002, "to-lport", "allow-related")


def test_a_remote_group_is_an_address_set(world):
    web, database = world.group(), world.group(name="database")
    rule = world.rule(database.id, protocol="tcp", remote_group_id=web.id)
    acl = world.one(ACL, external_ids={"neutron:security_group_rule_id": rule.id})
    assert f"ip4.src == ${group_name(web.id)}_ip4 && tcp" in acl.match


def test_stateless_groups_do_not_remember(world):
    group = world.group(stateful=False)
    actions = {
        world.nb.get(ACL, uuid).action
        for row in world.nb.rows(PortGroup)
        if row.name == group_name(group.id)
        for uuid in world.nb.members(PortGroup.acls, row.uuid)
    }
    assert actions == {"allow-stateless"}


def test_what_no_rule_allows_is_dropped(world):
    group = world.one(PortGroup, name="neutron_pg_drop")
    acls = [world.nb.get(ACL, uuid) for uuid in world.nb.members(PortGroup.acls, group.uuid)]
    assert {(a.direction, a.match, a.priority, a.action) for a in acls} == {
        ("from-lport", "inport == @neutron_pg_drop && ip", 1001, "drop"),
        ("to-lport", "outport == @neutron_pg_drop && ip", 1001, "drop"),
    }


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
