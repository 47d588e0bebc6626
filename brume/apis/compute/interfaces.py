"""What hangs on a server: interfaces, addresses, security groups."""

from __future__ import annotations

from typing import Any

from brume.apis.compute.body import invalid, read
from brume.apis.compute.creating import tag
from brume.apis.compute.query import version_of
from brume.apis.compute.rendering import Surroundings, addresses, plain
from brume.apis.compute.servers import find
from brume.apis.rest.messages import Request, Response
from brume.cloud.compute import interfaces, servers
from brume.cloud.compute.interfaces import InterfaceWish, NetworkAmbiguous, Plugging
from brume.cloud.errors import BadRequest, NotFound
from brume.cloud.network import security_groups
from brume.cloud.network.resources import Port, SecurityGroup
from brume.cloud.network.settings import NetworkSettings


def render(request: Request, port: Port) -> dict[str, Any]:
    """A port as a server's interface."""
    shown: dict[str, Any] = {
        "port_id": port.id,
        "net_id": port.network_id,
        "mac_addr": port.mac_address,
        "port_state": port.status,
        "fixed_ips": [{"subnet_id": fixed.subnet_id, "ip_address": fixed.ip_address} for fixed in port.fixed_ips],
    }
    if version_of(request) >= (2, 70):
        shown["tag"] = None
    return shown


def list_interfaces(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/os-interface"""
    server = find(request)
    found = interfaces.ports_of_server(request.session, server)
    return {"interfaceAttachments": [render(request, port) for port in found]}


def show_interface(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/os-interface/{port_id}"""
    port = interfaces.find_port(request.session, find(request), request.parameters["port_id"])
    return {"interfaceAttachment": render(request, port)}


def attach(request: Request) -> dict[str, Any]:
    """POST /servers/{server_id}/os-interface"""
    wish = _wish(request)
    server = find(request)
    servers.require(request.context, server, "attach_interface", *servers.SETTLED)
    if wish is None:
        wish = _any_network(request)
    plugging = Plugging(request.cloud.need(NetworkSettings))
    port = interfaces.plug(request.context, request.session, plugging, server, wish)
    return {"interfaceAttachment": render(request, port)}


def _wish(request: Request) -> InterfaceWish | None:
    """What the request asks for; None: a port on the only network there is."""
    if not request.body or request.json() is None:
        return None
    body = read(request, "interfaceAttachment")
    network_id, port_id = body.uuid("net_id"), body.uuid("port_id")
    fixed = body.objects("fixed_ips")
    if len(fixed) > 1:
        raise invalid("fixed_ips", body.raw("fixed_ips"), f"{body.raw('fixed_ips')!r} is too long")
    addresses = [one.address("ip_address", required=True) for one in fixed]
    if version_of(request) >= (2, 49) and "tag" in body:
        tag(body.raw("tag"))
    for one in fixed:
        one.finish()
    body.finish()
    if network_id and port_id:
        raise BadRequest("Must not input both network_id and port_id")
    if addresses and not network_id:
        raise BadRequest("Must input network_id when request IP address")
    wanted = InterfaceWish(network_id, port_id, addresses[0] if addresses else None)
    return wanted if network_id or port_id else None


def _any_network(request: Request) -> InterfaceWish:
    try:
        wishes = interfaces.only_network(request.context, request.session)
    except NetworkAmbiguous as error:
        raise BadRequest(error.message) from error
    if not wishes:
        raise BadRequest("No specific network was requested and none are available for project")
    return wishes[0]


def detach(request: Request) -> Response:
    """DELETE /servers/{server_id}/os-interface/{port_id}"""
    server = find(request)
    servers.require(request.context, server, "detach_interface", *servers.SETTLED)
    port = interfaces.find_port(request.session, server, request.parameters["port_id"])
    interfaces.unplug(request.context, request.session, request.cloud.need(NetworkSettings), server, port)
    return Response(202)


def list_addresses(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/ips"""
    server = find(request)
    return {"addresses": plain(addresses(server, Surroundings(request, [server])))}


def show_addresses(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/ips/{network}"""
    server, name = find(request), request.parameters["network"]
    found = plain(addresses(server, Surroundings(request, [server])))
    if name not in found:
        raise NotFound("Instance is not a member of specified network")
    return {name: found[name]}


def list_groups(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/os-security-groups"""
    server = find(request)
    found = interfaces.ports_of_server(request.session, server)
    identities = tuple({group for port in found for group in port.security_groups})
    groups = request.session.find(SecurityGroup, id=identities) if identities else []
    rules = security_groups.rules_of(request.session, groups)
    return {
        "security_groups": [
            {
                "id": group.id,
                "name": group.name,
                "description": group.description,
                "tenant_id": group.project_id,
                "rules": [
                    {
                        "id": rule.id,
                        "parent_group_id": group.id,
                        "ip_protocol": rule.protocol,
                        "from_port": rule.port_range_min,
                        "to_port": rule.port_range_max,
                        "ip_range": {"cidr": rule.remote_ip_prefix} if rule.remote_ip_prefix else {},
                        "group": {},
                    }
                    for rule in rules[group.id]
                    if rule.direction == "ingress"
                ],
            }
            for group in sorted(groups, key=lambda group: group.name)
        ]
    }
