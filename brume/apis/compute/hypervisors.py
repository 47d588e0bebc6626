"""Hypervisors: each node with what it has and what is used of it. For administrators."""

from __future__ import annotations

from typing import Any

from brume.apis.compute.body import FALSE, TRUE, UUID
from brume.apis.compute.nodes import UUID_SINCE, every_node
from brume.apis.compute.query import check_names, invalid_query, limit, next_link, version_of
from brume.apis.rest.messages import Request
from brume.cloud.compute import nodes
from brume.cloud.compute.nodes import Usage
from brume.cloud.compute.resources import Node, Server
from brume.cloud.errors import BadRequest, NotFound, NotImplementedHere

PAGES_SINCE = (2, 33)
CPU_OBJECT_SINCE = (2, 28)
SERVERS_SINCE = (2, 75)
NO_USAGE_SINCE = (2, 88)

COUNTED = (
    *("vcpus", "vcpus_used", "memory_mb", "memory_mb_used", "free_ram_mb", "local_gb", "local_gb_used"),
    *("free_disk_gb", "disk_available_least", "current_workload", "running_vms"),
)


def render_brief(request: Request, node: Node) -> dict[str, Any]:
    """A node as a list shows it."""
    return {
        "id": node.id if version_of(request) >= UUID_SINCE else node.number,
        "hypervisor_hostname": node.host,
        "state": "up" if nodes.is_up(node, request.context.now) else "down",
        "status": "enabled" if node.enabled else "disabled",
    }


def render(request: Request, node: Node, used: Usage) -> dict[str, Any]:
    """A node in full, without its servers."""
    version = version_of(request)
    shown = {
        **render_brief(request, node),
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
        return {**shown, "uptime": None}
    info: Any = {"arch": "x86_64", "model": "simulated", "vendor": "Brume", "features": [], "topology": {}}
    return {**shown, **_usage(node, used), "cpu_info": info if version >= CPU_OBJECT_SINCE else ""}


def _usage(node: Node, used: Usage) -> dict[str, int]:
    return {
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
    }


def _servers(request: Request, node: Node) -> list[dict[str, str]]:
    found = request.session.find(Server, host=node.host)
    return [{"uuid": server.id, "name": server.name} for server in sorted(found, key=lambda one: one.created_at)]


def _with_servers(request: Request) -> bool:
    """Whether the servers of each node are asked for (2.53)."""
    text = request.first("with_servers")
    if text is None or version_of(request) < UUID_SINCE:
        return False
    if text not in (*TRUE, *FALSE):
        raise invalid_query("with_servers", text, f"'{text}' is not one of {[*TRUE, *FALSE]}")
    return text in TRUE


def _add_servers(request: Request, node: Node, shown: dict[str, Any], wanted: bool) -> dict[str, Any]:
    """The servers, where they are asked for; before 2.75 nothing stands for none."""
    servers = _servers(request, node) if wanted else []
    if servers or (wanted and version_of(request) >= SERVERS_SINCE):
        return {**shown, "servers": servers}
    return shown


def _page(request: Request) -> tuple[list[Node], dict[str, Any]]:
    """The nodes asked for, and the link to more."""
    check_names(request, ("limit", "marker", "hypervisor_hostname_pattern", "with_servers"))
    found, version = every_node(request), version_of(request)
    if version >= UUID_SINCE:
        pattern = request.first("hypervisor_hostname_pattern")
        if pattern is not None:
            if "limit" in request.query or "marker" in request.query:
                raise BadRequest(
                    "Paging over hypervisors with the hypervisor_hostname_pattern query parameter is not supported."
                )
            return _matching(found, pattern), {}
    if version < PAGES_SINCE:
        return found, {}
    marker, most = request.first("marker"), limit(request)
    if marker is not None:
        at = next((at for at, node in enumerate(found) if marker == str(render_brief(request, node)["id"])), None)
        if at is None:
            raise BadRequest(f"marker [{marker}] not found")
        found = found[at + 1 :]
    more = {}
    if 0 < most < len(found):
        more = next_link(request, "hypervisors", str(render_brief(request, found[most - 1])["id"]))
    return found[:most], more


def _matching(found: list[Node], pattern: str) -> list[Node]:
    matching = [node for node in found if pattern in node.host]
    if not matching:
        raise NotFound(f"No hypervisor matching '{pattern}' could be found.")
    return matching


def list_hypervisors(request: Request) -> dict[str, Any]:
    """GET /os-hypervisors"""
    wanted = _with_servers(request)
    page, more = _page(request)
    shown = [_add_servers(request, node, render_brief(request, node), wanted) for node in page]
    return {"hypervisors": shown, **more}


def list_details(request: Request) -> dict[str, Any]:
    """GET /os-hypervisors/detail"""
    wanted, used = _with_servers(request), nodes.usage(request.session)
    page, more = _page(request)
    shown = [_add_servers(request, node, render(request, node, used.get(node.host, Usage())), wanted) for node in page]
    return {"hypervisors": shown, **more}


def _node(request: Request) -> Node:
    """The node that the path names, by its uuid (2.53) or its number."""
    wanted = request.parameters["hypervisor_id"]
    by_uuid = version_of(request) >= UUID_SINCE
    if by_uuid and not UUID.match(wanted):
        raise BadRequest(f"Invalid uuid {wanted}")
    for node in every_node(request):
        if wanted == (node.id if by_uuid else str(node.number)):
            return node
    raise NotFound(f"Hypervisor with ID '{wanted}' could not be found.")


def show(request: Request) -> dict[str, Any]:
    """GET /os-hypervisors/{hypervisor_id}"""
    check_names(request, ("with_servers",))
    wanted, node = _with_servers(request), _node(request)
    used = nodes.usage(request.session).get(node.host, Usage())
    return {"hypervisor": _add_servers(request, node, render(request, node, used), wanted)}


def show_uptime(request: Request) -> dict[str, Any]:
    """GET /os-hypervisors/{hypervisor_id}/uptime (until 2.87): a simulated node has none."""
    _node(request)
    raise NotImplementedHere("Virt driver does not support uptime function.")


def search(request: Request) -> dict[str, Any]:
    """GET /os-hypervisors/{pattern}/search (until 2.52)"""
    found = _matching(every_node(request), request.parameters["hypervisor_id"])
    return {"hypervisors": [render_brief(request, node) for node in found]}


def list_servers(request: Request) -> dict[str, Any]:
    """GET /os-hypervisors/{pattern}/servers (until 2.52)"""
    found = _matching(every_node(request), request.parameters["hypervisor_id"])
    return {"hypervisors": [_add_servers(request, node, render_brief(request, node), True) for node in found]}


def show_statistics(request: Request) -> dict[str, Any]:
    """GET /os-hypervisors/statistics (until 2.87)"""
    used = nodes.usage(request.session)
    shown = [_usage(node, used.get(node.host, Usage())) for node in every_node(request)]
    return {"hypervisor_statistics": {"count": len(shown), **{n: sum(one[n] for one in shown) for n in COUNTED}}}
