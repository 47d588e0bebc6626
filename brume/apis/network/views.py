"""Rows as JSON: the declared attributes, what Neutron adds from other rows, and empty values of what is left out.

A view takes all rows of an answer at once, so that a list costs as many queries as a single row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from brume.apis.rest.messages import Request
from brume.cloud.context import iso_seconds
from brume.cloud.network import networks, routers, security_groups
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
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.resource import Resource, to_json

Json = dict[str, Any]

EMPTY: Mapping[str, Mapping[str, Any]] = {
    "network": {
        "qos_policy_id": None,
        "qinq": False,
        "ipv4_address_scope": None,
        "ipv6_address_scope": None,
        "l2_adjacency": True,
    },
    "subnet": {},
    "port": {
        "qos_policy_id": None,
        "qos_network_policy_id": None,
        "resource_request": None,
        "ip_allocation": "immediate",
    },
    "router": {"availability_zones": []},
    "floatingip": {"qos_policy_id": None, "port_forwardings": []},
    "security_group": {"shared": False},
    "security_group_rule": {},
}
"""Attributes of features that are left out, as Neutron shows them when they are not used."""


def shown(row: Resource) -> Json:
    """The declared attributes, and the owner under his old name."""
    result = to_json(row)
    result["tenant_id"] = result["project_id"]
    return result


def network_views(request: Request, settings: NetworkSettings, rows: Sequence[Network]) -> list[Json]:
    """Networks with their subnets. `is_default` is shown of external ones, and to who makes one."""
    subnets = networks.subnets_of(request.session, rows) if rows else {}
    result = []
    for row in rows:
        value = {**shown(row), **EMPTY["network"], "subnets": subnets[row.id], "availability_zones": []}
        if not row.router_external and request.method != "POST":
            del value["is_default"]
        result.append(value)
    return result


def subnet_views(request: Request, settings: NetworkSettings, rows: Sequence[Subnet]) -> list[Json]:
    """Subnets; whether their network is external is asked once for each network."""
    identities = tuple({row.network_id for row in rows})
    found = request.session.find(Network, id=identities) if identities else []
    external = {network.id: network.router_external for network in found}
    return [{**shown(row), "router:external": external.get(row.network_id, False)} for row in rows]


def port_views(request: Request, settings: NetworkSettings, rows: Sequence[Port]) -> list[Json]:
    """Ports with the names that DHCP's DNS gives them."""
    empty = EMPTY["port"]
    domain = f"{settings.dns_domain}." if settings.dns_domain else ""
    return [{**shown(row), **empty, "dns_assignment": _names(row, domain)} for row in rows]


def _names(port: Port, domain: str) -> list[Json]:
    names = []
    for fixed in port.fixed_ips:
        address = fixed.ip_address
        host = port.dns_name or f"host-{address.replace('.', '-').replace(':', '-')}"
        names.append({"ip_address": address, "hostname": host, "fqdn": f"{host}.{domain}" if domain else host})
    return names


def router_views(request: Request, settings: NetworkSettings, rows: Sequence[Router]) -> list[Json]:
    """Routers with what their gateway ports say."""
    ports = routers.gateway_ports(request.session, rows)
    return [router_view(row, ports.get(row.gateway_port_id or "")) for row in rows]


def router_view(row: Router, gateway: Port | None) -> Json:
    """A router, given its gateway port."""
    value = {**shown(row), **EMPTY["router"], "external_gateway_info": None, "external_gateways": []}
    if gateway is not None:
        fixed = [{"subnet_id": ip.subnet_id, "ip_address": ip.ip_address} for ip in gateway.fixed_ips]
        own = {"network_id": gateway.network_id, "external_fixed_ips": fixed}
        value["external_gateway_info"] = {**own, "enable_snat": row.enable_snat}
        value["external_gateways"] = [own]
    return value


def rule_views(request: Request, settings: NetworkSettings, rows: Sequence[SecurityGroupRule]) -> list[Json]:
    """Rules standing alone: without tags."""
    return [_without(shown(row), "tags") for row in rows]


def group_views(request: Request, settings: NetworkSettings, rows: Sequence[SecurityGroup]) -> list[Json]:
    """Groups with their rules."""
    rules = security_groups.rules_of(request.session, rows) if rows else {}
    return [
        {
            **shown(row),
            **EMPTY["security_group"],
            "security_group_rules": [_rule_in_group(rule) for rule in rules[row.id]],
        }
        for row in rows
    ]


def _rule_in_group(rule: SecurityGroupRule) -> Json:
    """standard_attr_id is the number of a row in Neutron's database; a number of the rule's identity stands for it."""
    return {**shown(rule), "standard_attr_id": int(rule.id[:7], 16)}


def _without(value: Json, name: str) -> Json:
    del value[name]
    return value


def floating_ip_views(request: Request, settings: NetworkSettings, rows: Sequence[FloatingIp]) -> list[Json]:
    """Floating IPs with a few facts about the port."""
    identities = tuple({row.port_id for row in rows if row.port_id})
    found = request.session.find(Port, id=identities) if identities else []
    ports = {port.id: port for port in found}
    return [
        {**shown(row), **EMPTY["floatingip"], "port_details": _port_details(ports.get(row.port_id or ""))}
        for row in rows
    ]


def _port_details(port: Port | None) -> Json | None:
    if port is None:
        return None
    names = ("name", "network_id", "mac_address", "admin_state_up", "status", "device_id", "device_owner")
    return {name: getattr(port, name) for name in names}


def agent_view(chassis: Chassis, alive: bool) -> Json:
    """A chassis as Neutron shows an agent of ML2/OVN."""
    moment = iso_seconds(chassis.heartbeat)
    return {
        "binary": "ovn-controller",
        "host": chassis.host,
        "heartbeat_timestamp": moment.replace("T", " ").removesuffix("Z"),
        "availability_zone": ", ".join(chassis.availability_zones),
        "topic": "n/a",
        "description": chassis.description,
        "configurations": {
            "chassis_name": chassis.id,
            "bridge-mappings": ",".join(f"{name}:{bridge}" for name, bridge in chassis.bridge_mappings),
        },
        "agent_type": chassis.agent_type,
        "id": chassis.id,
        "alive": alive,
        "admin_state_up": chassis.admin_state_up,
    }
