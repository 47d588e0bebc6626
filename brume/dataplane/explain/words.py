"""What tenants call things: a row of the cloud, a northbound row, a packet, each in a few words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from brume.cloud.network.addresses import ROUTER_GATEWAY, ROUTER_INTERFACE
from brume.cloud.network.resources import (
    FloatingIp,
    Network,
    Port,
    Router,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
)
from brume.cloud.resource import Resource
from brume.tables.database import Database
from brume.tables.row import Row


def resource_label(row: Resource, cloud: Database, server_name: Callable[[str], str | None]) -> str:
    """A row of the cloud, as its owner would speak of it."""
    match row:
        case Port():
            return port_label(row, cloud, server_name)
        case SecurityGroupRule():
            group = cloud.get(SecurityGroup, row.security_group_id)
            return f"security group {group_name(group, row.security_group_id)}: {rule_label(row)}"
        case SecurityGroup():
            return f"security group {group_name(row, row.id)}"
        case FloatingIp():
            return f"floating IP {row.floating_ip_address}"
        case Subnet():
            return f"subnet {row.name or row.cidr}"
        case Network() | Router():
            return f"{row.DECLARATION.name} {row.name or row.id}"
    return f"{row.DECLARATION.name} {row.key()}"


def port_label(port: Port, cloud: Database, server_name: Callable[[str], str | None]) -> str:
    """A port by whose it is."""
    address = port.fixed_ips[0].ip_address if port.fixed_ips else "no address"
    if port.device_owner in (ROUTER_INTERFACE, ROUTER_GATEWAY):
        router = cloud.get(Router, port.device_id)
        name = router.name if router is not None and router.name else port.device_id
        word = "gateway" if port.device_owner == ROUTER_GATEWAY else "interface"
        return f"{word} {address} of router {name}"
    server = server_name(port.device_id) if port.device_id else None
    name = server or port.name or port.id
    return f"port {name} ({address})"


def group_name(group: SecurityGroup | None, identity: str) -> str:
    """A security group's name, or what there is of it."""
    return group.name if group is not None and group.name else identity


def rule_label(rule: SecurityGroupRule) -> str:
    """A security group rule: `ingress tcp/22 from 0.0.0.0/0`."""
    low, high = rule.port_range_min, rule.port_range_max
    ports = "" if low is None else f"/{low}" if high in (None, low) else f"/{low}-{high}"
    side = "from" if rule.direction == "ingress" else "to"
    remote = rule.normalized_cidr or ("its own group" if rule.remote_group_id == rule.security_group_id else None)
    remote = remote or (f"group {rule.remote_group_id}" if rule.remote_group_id else "anywhere")
    return f"{rule.direction} {rule.ethertype} {rule.protocol or 'any'}{ports} {side} {remote}"


def northbound_label(row: Row) -> str:
    """A northbound row by what tells it from its like."""
    known: Any = row
    kind = type(row).__name__
    if kind == "ACL":
        return f"{known.direction} {known.priority} {known.action}: {known.match}"
    if kind == "QoS":
        return f"{known.direction} {known.priority}: {known.match}"
    if kind == "LogicalRouterPolicy":
        return f"{known.priority} {known.action}: {known.match}"
    if kind == "DHCPOptions":
        return str(known.cidr)
    if kind == "NAT":
        return f"{known.type} {known.logical_ip} <-> {known.external_ip}"
    if kind == "LogicalRouterStaticRoute":
        return f"{known.ip_prefix} via {known.nexthop}"
    if kind == "LogicalRouterPort":
        return f"{known.name} {known.mac} {' '.join(sorted(known.networks))}"
    return str(getattr(row, "name", "") or getattr(row, "uuid", ""))
