"""All rules from the cloud to the northbound, and the kinds of rows they read."""

from __future__ import annotations

from brume.cloud.network.resources import (
    Chassis,
    FloatingIp,
    Network,
    Port,
    Router,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
)
from brume.cloud.resource import Resource
from brume.derive.rules import Rule
from brume.northbound.from_cloud import (
    dhcp,
    floating_ips,
    networks,
    ports,
    router_ports,
    routers,
    security_groups,
)

KINDS: tuple[type[Resource], ...] = (
    Chassis,
    Network,
    Subnet,
    SecurityGroup,
    SecurityGroupRule,
    Router,
    Port,
    FloatingIp,
)
"""What the rules read; other kinds of the journal do not concern the network."""

RULES: tuple[Rule, ...] = (
    networks.logical_switch,
    networks.localnet_port,
    dhcp.subnet_options,
    dhcp.port_options,
    ports.switch_port,
    routers.logical_router,
    routers.extra_routes,
    router_ports.router_side,
    floating_ips.floating_nat,
    security_groups.drop_group,
    security_groups.port_group,
    security_groups.allow,
)
