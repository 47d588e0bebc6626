"""Compute services, hypervisors, availability zones: what an administrator sees of the nodes."""

from __future__ import annotations

from typing import Any

from brume.apis.compute.body import Body
from brume.apis.rest.messages import Request
from brume.cloud.compute import nodes
from brume.cloud.compute.nodes import Usage
from brume.cloud.compute.resources import Node, Server
from brume.cloud.context import iso_seconds
from brume.cloud.errors import BadRequest, NotFound

UUID_SINCE = (2, 53)
FORCED_DOWN_SINCE = (2, 11)
CPU_OBJECT_SINCE = (2, 28)
NO_USAGE_SINCE = (2, 88)


def _all(request: Request) -> list[Node]:
    return sorted(request.session.find(Node), key=lambda node: node.number)


def render_service(request: Request, node: Node) -> dict[str, Any]:
    """A node as a compute service."""
    version = request.version or (2, 1)
    shown: dict[str, Any] = {
        "id": node.id if version >= UUID_SINCE else node.number,
        "binary": "nova-compute",
        "host": node.host,
        "zone": node.zone,
        "status": "enabled" if node.enabled else "disabled",
        "state": "up" if nodes.is_up(node, request.context.now) else "down",
        "updated_at": iso_seconds(node.reported_at).rstrip("Z") + ".000000",
        "disabled_reason": node.disabled_reason,
    }
    if version >= FORCED_DOWN_SINCE:
        shown["forced_down"] = node.forced_down
    return shown


def list_services(request: Request) -> dict[str, Any]:
    """GET /os-services"""
    host, binary = request.first("host"), request.first("binary")
    found = [node for node in _all(request) if host in (None, node.host) and binary in (None, "nova-compute")]
    return {"services": [render_service(request, node) for node in found]}


def update_service(request: Request) -> dict[str, Any]:
    """PUT /os-services/{service_id} (2.53)"""
    wanted = request.parameters["service_id"]
    node = next((node for node in _all(request) if node.id == wanted), None)
    if node is None:
        raise NotFound(f"Service {wanted} not found.")
    body = Body("service", request.object())
    status, reason = body.text("status"), body.text("disabled_reason", longest=255)
    changes: dict[str, Any] = {}
    if status is not None:
        if status not in ("enabled", "disabled"):
            raise BadRequest(f"Invalid input for field/attribute status. Value: {status}.")
        changes = {"enabled": status == "enabled", "disabled_reason": reason if status == "disabled" else None}
    elif reason is not None:
        raise BadRequest("Specifying disabled_reason requires that status is 'disabled'.")
    if "forced_down" in body:
        changes["forced_down"] = body.boolean("forced_down")
    body.finish()
    if not changes:
        raise BadRequest("No valid updates found. Valid keys are status, disabled_reason, forced_down.")
    return {"service": render_service(request, request.session.update(node, **changes))}


def change_service(request: Request) -> dict[str, Any]:
    """PUT /os-services/enable, disable, disable-log-reason, force-down (until 2.52)"""
    body = Body("service", request.object())
    node = nodes.node_of_host(request.session, body.text("host", required=True) or "")
    body.text("binary", required=True)
    action = request.path.rsplit("/", 1)[1]
    changes: dict[str, Any] = {"enabled": action == "enable"}
    if action == "force-down":
        changes = {"forced_down": body.boolean("forced_down")}
    elif action == "disable-log-reason":
        changes["disabled_reason"] = body.text("disabled_reason", required=True, longest=255)
    elif action == "enable":
        changes["disabled_reason"] = None
    body.finish()
    node = request.session.update(node, **changes)
    shown = {"host": node.host, "binary": "nova-compute"}
    if action == "force-down":
        return {"service": {**shown, "forced_down": node.forced_down}}
    return {"service": {**shown, "status": "enabled" if node.enabled else "disabled"}}


def _brief(request: Request, node: Node) -> dict[str, Any]:
    return {
        "id": node.id if (request.version or (2, 1)) >= UUID_SINCE else node.number,
        "hypervisor_hostname": node.host,
        "state": "up" if nodes.is_up(node, request.context.now) else "down",
        "status": "enabled" if node.enabled else "disabled",
    }


def render_hypervisor(request: Request, node: Node, used: Usage) -> dict[str, Any]:
    """A node as a hypervisor."""
    version = request.version or (2, 1)
    shown = {
        **_brief(request, node),
        "hypervisor_type": "Brume",
        "hypervisor_version": 1000,
        "host_ip": node.address,
        "service": {
            "id": node.id if version >= UUID_SINCE else node.number,
            "host": node.host,
            "disabled_reason": node.disabled_reason,
        },
    }
    if version >= NO_USAGE_SINCE:
        return {**shown, "uptime": None, "servers": _servers(request, node)}
    info: Any = {"arch": "x86_64", "model": "simulated", "vendor": "Brume", "features": [], "topology": {}}
    usage = {
        "vcpus": node.vcpus,
        "vcpus_used": used.vcpus,
        "memory_mb": node.ram,
        "memory_mb_used": used.ram,
        "free_ram_mb": node.ram - used.ram,
        "local_gb": node.disk,
        "local_gb_used": used.disk,
        "free_disk_gb": node.disk - used.disk,
        "disk_available_least": node.disk - used.disk,
        "current_workload": 0,
        "running_vms": used.servers,
        "cpu_info": info if version >= CPU_OBJECT_SINCE else "",
    }
    return {**shown, **usage}


def _servers(request: Request, node: Node) -> list[dict[str, str]]:
    return [{"uuid": server.id, "name": server.name} for server in request.session.find(Server, host=node.host)]


def list_hypervisors(request: Request) -> dict[str, Any]:
    """GET /os-hypervisors"""
    return {"hypervisors": [_brief(request, node) for node in _matching(request)]}


def list_hypervisor_details(request: Request) -> dict[str, Any]:
    """GET /os-hypervisors/detail"""
    used = nodes.usage(request.session)
    return {
        "hypervisors": [render_hypervisor(request, node, used.get(node.host, Usage())) for node in _matching(request)]
    }


def _matching(request: Request) -> list[Node]:
    pattern = request.first("hypervisor_hostname_pattern")
    return [node for node in _all(request) if pattern is None or pattern in node.host]


def show_hypervisor(request: Request) -> dict[str, Any]:
    """GET /os-hypervisors/{hypervisor_id}"""
    wanted = request.parameters["hypervisor_id"]
    node = next((node for node in _all(request) if wanted in (node.id, str(node.number))), None)
    if node is None:
        raise NotFound(f"Hypervisor with ID '{wanted}' could not be found.")
    used = nodes.usage(request.session).get(node.host, Usage())
    return {"hypervisor": render_hypervisor(request, node, used)}


def show_statistics(request: Request) -> dict[str, Any]:
    """GET /os-hypervisors/statistics"""
    used = nodes.usage(request.session)
    found = _all(request)
    shown = [render_hypervisor(request, node, used.get(node.host, Usage())) for node in found]
    names: tuple[str, ...] = (
        "vcpus",
        "vcpus_used",
        "memory_mb",
        "memory_mb_used",
        "free_ram_mb",
        "local_gb",
        "local_gb_used",
    )
    names += ("free_disk_gb", "disk_available_least", "current_workload", "running_vms")
    return {"hypervisor_statistics": {"count": len(found), **{n: sum(one.get(n, 0) for one in shown) for n in names}}}


def list_zones(request: Request) -> dict[str, Any]:
    """GET /os-availability-zone"""
    zones = sorted({node.zone for node in _all(request)})
    return {
        "availabilityZoneInfo": [{"zoneName": zone, "zoneState": {"available": True}, "hosts": None} for zone in zones]
    }


def list_zone_details(request: Request) -> dict[str, Any]:
    """GET /os-availability-zone/detail"""
    found = _all(request)
    shown = []
    for zone in sorted({node.zone for node in found}):
        hosts = {
            node.host: {
                "nova-compute": {
                    "active": node.enabled,
                    "available": nodes.is_up(node, request.context.now),
                    "updated_at": iso_seconds(node.reported_at).rstrip("Z") + ".000000",
                }
            }
            for node in found
            if node.zone == zone
        }
        shown.append({"zoneName": zone, "zoneState": {"available": True}, "hosts": hosts})
    return {"availabilityZoneInfo": shown}
