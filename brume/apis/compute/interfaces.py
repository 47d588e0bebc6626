"""What hangs on a server: interfaces, addresses, security groups, what was done to it."""

from __future__ import annotations

from typing import Any

from brume.apis.compute.body import Body
from brume.apis.compute.rendering import Surroundings, addresses
from brume.apis.compute.servers import find
from brume.apis.rest.messages import Request, Response
from brume.cloud.compute import interfaces
from brume.cloud.compute.interfaces import InterfaceWish, Plugging
from brume.cloud.compute.resources import ServerAction
from brume.cloud.errors import BadRequest, NotFound
from brume.cloud.network import security_groups
from brume.cloud.network.resources import Port, SecurityGroup
from brume.cloud.network.settings import NetworkSettings


def render(port: Port) -> dict[str, Any]:
    """A port as a server's interface."""
    return {
        "port_id": port.id,
        "net_id": port.network_id,
        "mac_addr": port.mac_address,
        "port_state": port.status,
        "fixed_ips": [{"subnet_id": fixed.subnet_id, "ip_address": fixed.ip_address} for fixed in port.fixed_ips],
    }


def list_interfaces(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/os-interface"""
    server = find(request)
    found = interfaces.ports_of(request.session, [server.id])[server.id]
    return {"interfaceAttachments": [render(port) for port in found]}


def show_interface(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/os-interface/{port_id}"""
    port = interfaces.find_port(request.session, find(request), request.parameters["port_id"])
    return {"interfaceAttachment": render(port)}


def attach(request: Request) -> dict[str, Any]:
    """POST /servers/{server_id}/os-interface"""
    body = Body("interfaceAttachment", request.object().get("interfaceAttachment") or {})
    network_id, port_id = body.text("net_id"), body.text("port_id")
    fixed = [str(item.get("ip_address")) for item in body.objects("fixed_ips")]
    body.raw("tag")
    body.finish()
    if network_id and port_id:
        raise BadRequest("Must not input both network_id and port_id")
    if fixed and not network_id:
        raise BadRequest("Must input network_id when request IP address")
    wishes = [InterfaceWish(network_id, port_id, fixed[0] if fixed else None)]
    if not network_id and not port_id:
        wishes = interfaces.only_network(request.context, request.session)
    if not wishes:
        raise BadRequest("There is no network to attach the server to.")
    plugging = Plugging(request.cloud.need(NetworkSettings))
    port = interfaces.plug(request.context, request.session, plugging, find(request), wishes[0])
    return {"interfaceAttachment": render(port)}


def detach(request: Request) -> Response:
    """DELETE /servers/{server_id}/os-interface/{port_id}"""
    server = find(request)
    port = interfaces.find_port(request.session, server, request.parameters["port_id"])
    interfaces.unplug(request.context, request.session, request.cloud.need(NetworkSettings), server, port)
    return Response(202)


def list_addresses(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/ips"""
    server = find(request)
    return {"addresses": _plain(addresses(server, Surroundings(request, [server])))}


def show_addresses(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/ips/{network}"""
    server, name = find(request), request.parameters["network"]
    found = _plain(addresses(server, Surroundings(request, [server])))
    if name not in found:
        raise NotFound("Instance is not a member of specified network")
    return {name: found[name]}


def _plain(found: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [{"version": one["version"], "addr": one["addr"]} for one in entries] for name, entries in found.items()
    }


def list_groups(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/os-security-groups"""
    server = find(request)
    found = interfaces.ports_of(request.session, [server.id])[server.id]
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


def render_action(action: ServerAction) -> dict[str, Any]:
    """One entry of a server's history."""
    return {
        "action": action.action,
        "instance_uuid": action.server_id,
        "request_id": action.request_id,
        "user_id": action.user_id,
        "project_id": action.project_id,
        "start_time": action.started_at.rstrip("Z") + ".000000",
        "message": action.message,
    }


def list_actions(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/os-instance-actions"""
    found = request.session.find(ServerAction, server_id=find(request).id)
    found.sort(key=lambda action: action.started_at, reverse=True)
    return {"instanceActions": [render_action(action) for action in found]}


def show_action(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/os-instance-actions/{request_id}"""
    action = request.session.get(ServerAction, find(request).id, request.parameters["request_id"])
    if action is None:
        raise NotFound(f"Action for request_id {request.parameters['request_id']} not found")
    return {"instanceAction": {**render_action(action), "events": []}}
