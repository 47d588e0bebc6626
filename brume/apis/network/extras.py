"""The smaller resources: what clients ask for on their way, made of rows that are there anyway.

Versions, the list of core resources, extensions, service providers, port bindings, segments, address availability,
external pools, the template of default rules. And, with 501, what Neutron has and this cloud leaves out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from brume.apis.network import access
from brume.apis.network.availability import availability_routes
from brume.apis.network.noun import Noun
from brume.apis.network.views import Json
from brume.apis.rest.messages import Request, Response
from brume.apis.rest.routes import LeftOut, Route
from brume.cloud.errors import NotImplementedHere
from brume.cloud.network import ports
from brume.cloud.network.errors import PortBindingNotFound
from brume.cloud.network.resources import Network, Port, Subnet
from brume.values import derive_uuid

CORE = (("network", "networks"), ("subnet", "subnets"), ("subnetpool", "subnetpools"), ("port", "ports"))

LEFT_OUT = {
    "address-scopes": "Address scopes",
    "address-groups": "Address groups",
    "trunks": "Trunks",
    "rbac-policies": "RBAC policies",
    "flavors": "Flavors",
    "service_profiles": "Service profiles",
    "network_segment_ranges": "Network segment ranges",
    "auto-allocated-topology": "Automatic topologies",
    "qos": "Quality of service",
    "log": "Packet logging",
    "metering": "Metering",
    "vpn": "VPN",
    "fwaas": "Firewalls",
    "local_ips": "Local IPs",
    "ndp_proxies": "NDP proxies",
}
"""First path segments of features that have no routes here."""


def extra_routes(nouns: list[Noun[Any]]) -> list[Route]:
    """The routes."""
    by_name = {noun.singular: noun for noun in nouns}

    def of(name: str, handler: Callable[[Noun[Any], Request], Any]) -> Callable[[Request], Any]:
        return lambda request: handler(by_name[name], request)

    bindings = "/v2.0/ports/{id}/bindings"
    return [
        Route("GET", "/", versions, public=True),
        Route("GET", "/v2.0", core_resources),
        Route("GET", "/v2.0/extensions", list_extensions),
        Route("GET", "/v2.0/extensions/{alias}", show_extension),
        Route("GET", "/v2.0/service-providers", service_providers),
        Route("GET", "/v2.0/subnetpools", lambda request: {"subnetpools": []}),
        Route("POST", "/v2.0/subnetpools", LeftOut("Subnet pools")),
        Route("GET", "/v2.0/default-security-group-rules", default_rules),
        Route("GET", "/v2.0/segments", of("network", segments)),
        Route("GET", "/v2.0/floatingip_pools", of("subnet", floating_ip_pools)),
        Route("GET", "/v2.0/networks/{id}/dhcp-agents", of("network", dhcp_agents)),
        Route("GET", bindings, of("port", list_bindings)),
        Route("POST", bindings, of("port", create_binding)),
        Route("PUT", f"{bindings}/{{host}}/activate", of("port", activate_binding)),
        *availability_routes(by_name["network"]),
        *_left_out_routes(),
    ]


def _left_out_routes() -> list[Route]:
    routes = []
    for segment, what in LEFT_OUT.items():
        for path in (f"/v2.0/{segment}", f"/v2.0/{segment}/{{a}}", f"/v2.0/{segment}/{{a}}/{{b}}"):
            routes += [Route(method, path, LeftOut(what)) for method in ("GET", "POST", "PUT", "DELETE")]
    forwardings = "/v2.0/floatingips/{id}/port_forwardings"
    routes += [Route(method, forwardings, LeftOut("Port forwardings")) for method in ("GET", "POST")]
    return routes


# -- discovery


def versions(request: Request) -> Json:
    """GET /: one version."""
    link = {"rel": "self", "href": f"{request.base}/v2.0/"}
    return {"versions": [{"id": "v2.0", "status": "CURRENT", "links": [link]}]}


def core_resources(request: Request) -> Json:
    """GET /v2.0."""
    return {
        "resources": [
            {"name": name, "collection": many, "links": [{"rel": "self", "href": f"{request.base}/v2.0/{many}"}]}
            for name, many in CORE
        ]
    }


@cache
def extensions() -> dict[str, Json]:
    """What this cloud supports, by alias, as Neutron describes it."""
    text = files(__package__).joinpath("extensions.json").read_bytes()
    return {entry["alias"]: entry for entry in msgspec.json.decode(text)}


def list_extensions(request: Request) -> Json:
    """GET /v2.0/extensions."""
    return {"extensions": list(extensions().values())}


def show_extension(request: Request) -> Json | Response:
    """GET /v2.0/extensions/{alias}: an unknown one is webob's page, not Neutron's JSON."""
    alias = request.parameters["alias"]
    found = extensions().get(alias)
    if found is not None:
        return {"extension": found}
    page = f"404 Not Found\n\nThe resource could not be found.\n\n Extension with alias {alias} does not exist  "
    return Response(404, content=page.encode(), content_type="text/plain; charset=UTF-8")


def service_providers(request: Request) -> Json:
    """GET /v2.0/service-providers: OVN routes."""
    access.enforce(request, "get_service_provider", {})
    return {"service_providers": [{"service_type": "L3_ROUTER_NAT", "name": "ovn", "default": True}]}


# -- things made of other rows


def default_rules(request: Request) -> Json:
    """GET /v2.0/default-security-group-rules: the template, which cannot be changed here."""
    access.enforce(request, "get_default_security_group_rule", {})
    kinds = [(direction, ethertype) for direction in ("egress", "ingress") for ethertype in ("IPv4", "IPv6")]
    return {"default_security_group_rules": [_default_rule(*kind) for kind in kinds]}


def _default_rule(direction: str, ethertype: str) -> Json:
    outward = direction == "egress"
    return {
        "id": derive_uuid("default-security-group-rule", direction, ethertype),
        "ethertype": ethertype,
        "direction": direction,
        "protocol": None,
        "port_range_min": None,
        "port_range_max": None,
        "remote_ip_prefix": None,
        "remote_address_group_id": None,
        "remote_group_id": None if outward else "PARENT",
        "description": f"Legacy default SG rule for {direction} traffic",
        "used_in_default_sg": True,
        "used_in_non_default_sg": outward,
    }


def segments(noun: Noun[Any], request: Request) -> Json:
    """GET /v2.0/segments: each network has one."""
    access.enforce(request, "get_segment", {})
    wanted = request.query.get("network_id")
    found = request.session.find(Network, **({"id": tuple(wanted)} if wanted else {}))
    return {"segments": [_segment(network) for network in found]}


def _segment(network: Network) -> Json:
    return {
        "id": network.segment_id,
        "network_id": network.id,
        "name": None,
        "description": None,
        "physical_network": network.provider_physical_network,
        "network_type": network.provider_network_type,
        "segmentation_id": network.provider_segmentation_id,
        "revision_number": 0,
        "created_at": network.created_at,
        "updated_at": network.created_at,
    }


def floating_ip_pools(noun: Noun[Any], request: Request) -> Json:
    """GET /v2.0/floatingip_pools: the subnets that floating IPs come from."""
    networks = tuple(network.id for network in request.session.find(Network, router_external=True))
    found = request.session.find(Subnet, network_id=networks, ip_version=4) if networks else []
    return {
        "floatingip_pools": [
            {
                "subnet_id": subnet.id,
                "subnet_name": subnet.name,
                "network_id": subnet.network_id,
                "cidr": subnet.cidr,
                "project_id": request.context.project_id,
                "tenant_id": request.context.project_id,
            }
            for subnet in found
        ]
    }


def dhcp_agents(noun: Noun[Any], request: Request) -> Json:
    """GET /v2.0/networks/{id}/dhcp-agents: OVN answers DHCP on every chassis, without agents."""
    noun.visible(request)
    access.enforce(request, "get_dhcp-agents", {})
    return {"agents": []}


def list_bindings(noun: Noun[Port], request: Request) -> Json:
    """GET /v2.0/ports/{id}/bindings: the one binding a port has."""
    port = noun.visible(request)
    access.enforce(request, "get_port_binding", {})
    if not port.binding_host_id:
        return {"bindings": []}
    binding = {
        "host": port.binding_host_id,
        "vif_type": port.binding_vif_type,
        "vnic_type": port.binding_vnic_type,
        "status": "ACTIVE",
        "profile": port.binding_profile,
        "vif_details": port.binding_vif_details,
    }
    return {"bindings": [binding]}


def create_binding(noun: Noun[Port], request: Request) -> None:
    """POST /v2.0/ports/{id}/bindings: a second binding is for live migration."""
    noun.visible(request)
    access.enforce(request, "create_port_binding", {})
    raise NotImplementedHere(what="A second binding of a port")


def activate_binding(noun: Noun[Port], request: Request) -> None:
    """PUT /v2.0/ports/{id}/bindings/{host}/activate."""
    port = ports.load(request.session, request.parameters["id"])
    raise PortBindingNotFound(port_id=port.id, host=request.parameters["host"])
