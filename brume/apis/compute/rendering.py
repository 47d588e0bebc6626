"""A server as each microversion shows it (Nova's `views.servers`)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from brume.apis.rest.messages import Request
from brume.cloud.compute import interfaces, nodes, reaching
from brume.cloud.compute.resources import Node, Server
from brume.cloud.network.resources import FloatingIp, Network, Port, SecurityGroup

Version = tuple[int, int]

STATUS = {
    ("active", "rebooting"): "REBOOT",
    ("active", "rebooting_hard"): "HARD_REBOOT",
    ("stopped", "rebooting_hard"): "HARD_REBOOT",
    ("error", "rebooting_hard"): "HARD_REBOOT",
    "active": "ACTIVE",
    "building": "BUILD",
    "stopped": "SHUTOFF",
    "error": "ERROR",
}
"""(vm_state, task_state), or vm_state alone -> the status users see."""

FLAVOR_EMBEDDED_SINCE = (2, 47)


class Surroundings:
    """What several servers' JSON needs beside their rows, fetched in one go."""

    def __init__(self, request: Request, servers: Sequence[Server]) -> None:
        session = request.session
        self.ports = interfaces.ports_of(session, servers)
        every = [port for group in self.ports.values() for port in group]
        self.floating = reaching.floating_of(session, every)
        networks = tuple({port.network_id for port in every})
        self.networks = {row.id: row.name for row in session.find(Network, id=networks)} if networks else {}
        groups = tuple({group for port in every for group in port.security_groups})
        self.groups = {row.id: row.name for row in session.find(SecurityGroup, id=groups)} if groups else {}
        self.nodes = {node.host: node for node in session.find(Node)}


def status_of(server: Server) -> str:
    """The status users see."""
    return STATUS.get((server.vm_state, server.task_state or "")) or STATUS[server.vm_state]


def links(request: Request, server: Server) -> list[dict[str, str]]:
    """The links of a server."""
    return [
        {"rel": "self", "href": f"{request.base}/v2.1/servers/{server.id}"},
        {"rel": "bookmark", "href": f"{request.base}/servers/{server.id}"},
    ]


def addresses(server: Server, around: Surroundings) -> dict[str, list[dict[str, Any]]]:
    """The addresses by network name: fixed ones, each followed by its floating ones."""
    shown: dict[str, list[dict[str, Any]]] = {}
    for port in around.ports[server.id]:
        entries = shown.setdefault(around.networks.get(port.network_id, port.network_id), [])
        for fixed in port.fixed_ips:
            entries.append(_address(port, fixed.ip_address, "fixed"))
            for floating in around.floating.get((port.id, fixed.ip_address), ()):
                entries.append(_floating(port, floating))
    return {name: entries for name, entries in shown.items() if entries}


def _address(port: Port, address: str, kind: str) -> dict[str, Any]:
    return {
        "version": 6 if ":" in address else 4,
        "addr": address,
        "OS-EXT-IPS:type": kind,
        "OS-EXT-IPS-MAC:mac_addr": port.mac_address,
    }


def _floating(port: Port, floating: FloatingIp) -> dict[str, Any]:
    return _address(port, floating.floating_ip_address, "floating")


def _groups(server: Server, around: Surroundings) -> list[dict[str, str]]:
    names = {around.groups[group] for port in around.ports[server.id] for group in port.security_groups}
    return [{"name": name} for name in sorted(names)]


def _flavor(request: Request, server: Server, version: Version) -> dict[str, Any]:
    flavor = server.flavor
    if version >= FLAVOR_EMBEDDED_SINCE:
        names = ("vcpus", "ram", "disk", "ephemeral", "swap", "original_name", "extra_specs")
        return {name: flavor[name] for name in names}
    link = {"rel": "bookmark", "href": f"{request.base}/flavors/{flavor['id']}"}
    return {"id": flavor["id"], "links": [link]}


def render(request: Request, server: Server, around: Surroundings) -> dict[str, Any]:
    """A server in full."""
    version = request.version or (2, 1)
    image: Any = ""
    if server.image_id:
        link = {"rel": "bookmark", "href": f"{request.base}/images/{server.image_id}"}
        image = {"id": server.image_id, "links": [link]}
    shown: dict[str, Any] = {
        "id": server.id,
        "name": server.name,
        "status": status_of(server),
        "tenant_id": server.project_id,
        "user_id": server.user_id,
        "metadata": server.metadata,
        "hostId": host_id(server),
        "image": image,
        "flavor": _flavor(request, server, version),
        "created": server.created_at,
        "updated": server.updated_at,
        "addresses": addresses(server, around),
        "accessIPv4": server.access_ipv4,
        "accessIPv6": server.access_ipv6,
        "links": links(request, server),
        "OS-DCF:diskConfig": server.disk_config,
        "OS-EXT-AZ:availability_zone": server.zone or "",
        "config_drive": "True" if server.config_drive else "",
        "key_name": server.key_name,
        "OS-SRV-USG:launched_at": None if server.launched_at is None else server.launched_at.rstrip("Z") + ".000000",
        "OS-SRV-USG:terminated_at": None,
        "OS-EXT-STS:task_state": server.task_state,
        "OS-EXT-STS:vm_state": server.vm_state,
        "OS-EXT-STS:power_state": server.power_state,
        "os-extended-volumes:volumes_attached": [],
        "security_groups": _groups(server, around),
    }
    if status_of(server) in ("ACTIVE", "BUILD", "REBOOT", "HARD_REBOOT"):
        shown["progress"] = 0
    if server.fault is not None and server.vm_state == "error":
        shown["fault"] = server.fault
    if not shown["security_groups"]:
        del shown["security_groups"]
    return shown | _since(server, version) | _for_administrators(request, server, around, version)


def render_one(request: Request, server: Server) -> dict[str, Any]:
    """What show tells: what a list of details does, and the server groups (2.71)."""
    shown = render(request, server, Surroundings(request, [server]))
    if (request.version or (2, 1)) >= (2, 71):
        shown["server_groups"] = []
    return shown


def render_updated(request: Request, server: Server) -> dict[str, Any]:
    """What an update answers: less than show before 2.75."""
    shown = render_one(request, server)
    if (request.version or (2, 1)) >= (2, 75):
        return shown
    shown["addresses"] = plain(shown["addresses"])
    return {name: value for name, value in shown.items() if not name.startswith(LEFT_OUT_OF_UPDATES)}


LEFT_OUT_OF_UPDATES = (
    "OS-EXT-AZ:",
    "OS-EXT-SRV-ATTR:",
    "OS-EXT-STS:",
    "OS-SRV-USG:",
    "config_drive",
    "host_status",
    "key_name",
    "os-extended-volumes:",
    "security_groups",
)


def plain(found: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Addresses without what was added to them."""
    return {
        name: [{"version": one["version"], "addr": one["addr"]} for one in entries] for name, entries in found.items()
    }


def host_id(server: Server) -> str:
    """An opaque name for the host, different for each project (Nova's hostId)."""
    if server.host is None:
        return ""
    return hashlib.sha224(f"{server.project_id}{server.host}".encode()).hexdigest()


def _since(server: Server, version: Version) -> dict[str, Any]:
    """What later microversions added for everybody."""
    additions: tuple[tuple[Version, str, Any], ...] = (
        ((2, 9), "locked", server.locked),
        ((2, 19), "description", server.description),
        ((2, 26), "tags", list(server.tags)),
        ((2, 63), "trusted_image_certificates", None),
        ((2, 73), "locked_reason", server.locked_reason),
        ((2, 90), "OS-EXT-SRV-ATTR:hostname", server.hostname),
        ((2, 96), "pinned_availability_zone", server.pinned_zone),
    )
    return {name: value for since, name, value in additions if version >= since}


def _for_administrators(request: Request, server: Server, around: Surroundings, version: Version) -> dict[str, Any]:
    if not request.context.is_admin:
        return {}
    shown: dict[str, Any] = {
        "OS-EXT-SRV-ATTR:host": server.host,
        "OS-EXT-SRV-ATTR:instance_name": f"instance-{server.id[:8]}",
        "OS-EXT-SRV-ATTR:hypervisor_hostname": server.host,
    }
    if version >= (2, 3):
        shown |= {
            "OS-EXT-SRV-ATTR:reservation_id": server.reservation_id,
            "OS-EXT-SRV-ATTR:launch_index": server.launch_index,
            "OS-EXT-SRV-ATTR:hostname": server.hostname,
            "OS-EXT-SRV-ATTR:kernel_id": "",
            "OS-EXT-SRV-ATTR:ramdisk_id": "",
            "OS-EXT-SRV-ATTR:root_device_name": "/dev/vda",
            "OS-EXT-SRV-ATTR:user_data": server.user_data,
        }
    if version >= (2, 16):
        shown["host_status"] = _host_status(around.nodes.get(server.host or ""), request.context.now)
    return shown


def _host_status(node: Node | None, now: float) -> str:
    if node is None:
        return ""
    if not nodes.is_up(node, now):
        return "DOWN"
    return "UP" if node.enabled else "MAINTENANCE"
