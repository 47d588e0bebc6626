"""What tenants ask of routers, and the northbound rows that follow: ports, gateways, routes and translations."""

from brume.cloud.network import floating_ips, routers
from brume.cloud.network.resources import Port, Route
from brume.northbound.schema import (
    NAT,
    GatewayChassis,
    LogicalRouter,
    LogicalRouterPort,
    LogicalRouterStaticRoute,
    LogicalSwitchPort,
)
from tests.northbound.steps import outside


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
