"""A router's Port -> Logical_Router_Port, gateway chassis, default routes, and SNAT of the subnets behind it."""

from __future__ import annotations

from collections.abc import Iterator

from brume.cloud.network.addresses import ROUTER_GATEWAY
from brume.cloud.network.gateway_scheduling import rank
from brume.cloud.network.resources import Port
from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.northbound.from_cloud import names
from brume.northbound.from_cloud.facts import (
    distributes_floating_ips,
    gateway_candidates,
    gateway_facts,
    least_mtu,
    network_facts,
    settings,
    subnet_facts,
    with_length,
)
from brume.northbound.schema import (
    NAT,
    GatewayChassis,
    LogicalRouter,
    LogicalRouterPort,
    LogicalRouterStaticRoute,
)
from brume.tables.map import EMPTY_MAP, Map
from brume.tables.row import Member
from brume.values import derive_uuid

METADATA6 = "fe80::a9fe:a9fe/128"
EVERYWHERE = {4: "0.0.0.0/0", 6: "::/0"}
RA_MODES = {"slaac": "slaac", "dhcpv6-stateful": "dhcpv6_stateful", "dhcpv6-stateless": "dhcpv6_stateless"}


@rule(Port)
def router_side(port: Port, view: View) -> Iterator[Output]:
    """All that a router's port brings. One rule and not four: a network has thousands of ports that are none."""
    router_id = port.router_id
    networks = networks_of(port, view) if router_id is not None else frozenset()
    if router_id is None or not networks:  # OVN knows no router port without an address
        return
    yield from router_port(port, router_id, networks, view)
    if port.device_owner == ROUTER_GATEWAY:
        yield from gateway_chassis(port, router_id, view)
        yield from default_routes(port, router_id, view)
    else:
        yield from source_nat(port, router_id, view)


def networks_of(port: Port, view: View) -> frozenset[str]:
    """The router's addresses on this port."""
    found = ((fixed.ip_address, subnet_facts(view, fixed.subnet_id)) for fixed in port.fixed_ips)
    return frozenset(with_length(address, subnet) for address, subnet in found if subnet is not None)


def router_port(
    port: Port, router_id: str, networks: frozenset[str], view: View
) -> Iterator[LogicalRouterPort | Member]:
    """The router's side of the port."""
    uuid = names.router_port_uuid(port.id)
    is_gateway = port.device_owner == ROUTER_GATEWAY
    yield LogicalRouterPort(
        uuid=uuid,
        name=names.router_port_name(port.id),
        mac=port.mac_address,
        networks=networks,
        options=_options(port, router_id, view),
        ipv6_ra_configs=_advertised(port, view),
        external_ids=Map(
            {
                "neutron:revision_number": str(port.revision_number),
                "neutron:subnet_ids": " ".join(fixed.subnet_id for fixed in port.fixed_ips),
                "neutron:network_name": names.switch_name(port.network_id),
                "neutron:is_ext_gw": str(is_gateway),
                "neutron:router_name": names.router_name(router_id),
            }
        ),
    )
    yield Member(LogicalRouter.ports, names.router_uuid(router_id), uuid)


def _options(port: Port, router_id: str, view: View) -> Map[str, str]:
    """On a physical network, routing happens where the gateway is, unless floating IPs are distributed: a VLAN's
    other members must see the router's MAC in one place. A gateway tells senders of packets that are too long for
    any network of the router (ICMP "fragmentation needed")."""
    found = {}
    network = network_facts(view, port.network_id)
    if network is not None and network.is_provider:
        found["reside-on-redirect-chassis"] = "false" if distributes_floating_ips(view) else "true"
    mtu = least_mtu(view, router_id) if port.device_owner == ROUTER_GATEWAY else None
    if mtu is not None:
        found["gateway_mtu"] = str(mtu)
    return Map(found)


def _advertised(port: Port, view: View) -> Map[str, str]:
    """Router advertisements, where a subnet's hosts wait for them."""
    network = network_facts(view, port.network_id)
    for fixed in port.fixed_ips:
        subnet = subnet_facts(view, fixed.subnet_id)
        if subnet is None or network is None or subnet.address_mode is None:
            continue
        quiet = port.device_owner == ROUTER_GATEWAY and network.external
        result = {
            "address_mode": RA_MODES[subnet.address_mode],
            "send_periodic": "false" if quiet else "true",
            "mtu": str(network.mtu),
        }
        if settings(view).metadata_port:
            result["route_info"] = f"MEDIUM-{METADATA6}"
        return Map(result)
    return EMPTY_MAP


def gateway_chassis(port: Port, router_id: str, view: View) -> Iterator[GatewayChassis | Member]:
    """Which chassis carry a gateway on a physical network, with their priorities."""
    network = network_facts(view, port.network_id)
    if network is None or network.physical_network is None:
        return
    for chassis, priority in rank(router_id, gateway_candidates(view, network.physical_network)):
        name = f"{names.router_port_name(port.id)}_{chassis}"
        uuid = derive_uuid("Gateway_Chassis", name)
        yield GatewayChassis(uuid=uuid, name=name, chassis_name=chassis, priority=priority)
        yield Member(LogicalRouterPort.gateway_chassis, names.router_port_uuid(port.id), uuid)


def default_routes(port: Port, router_id: str, view: View) -> Iterator[LogicalRouterStaticRoute | Member]:
    """A gateway's way on: the gateway of each subnet it has an address in."""
    for fixed in port.fixed_ips:
        subnet = subnet_facts(view, fixed.subnet_id)
        if subnet is None or subnet.gateway is None:
            continue
        prefix = EVERYWHERE[subnet.version]
        uuid = derive_uuid("Logical_Router_Static_Route", router_id, prefix, subnet.gateway)
        yield LogicalRouterStaticRoute(
            uuid=uuid,
            ip_prefix=prefix,
            nexthop=subnet.gateway,
            external_ids=Map(
                {
                    "neutron:is_ext_gw": "true",
                    "neutron:subnet_id": fixed.subnet_id,
                    "neutron:is_static_route": "true",
                }
            ),
        )
        yield Member(LogicalRouter.static_routes, names.router_uuid(router_id), uuid)


def source_nat(port: Port, router_id: str, view: View) -> Iterator[Output]:
    """Hosts of a subnet behind the router appear outside with the gateway's address: one row a subnet."""
    gateway = gateway_facts(view, router_id)
    if gateway is None or not gateway.translates:
        return
    for address in gateway.addresses:
        if ":" in address:
            continue
        for fixed in port.fixed_ips:
            subnet = subnet_facts(view, fixed.subnet_id)
            if subnet is None or subnet.version != 4:
                continue
            uuid = derive_uuid("NAT", "snat", router_id, address, subnet.cidr)
            yield NAT(uuid=uuid, type="snat", logical_ip=subnet.cidr, external_ip=address)
            yield Member(LogicalRouter.nat, names.router_uuid(router_id), uuid)
