"""Compute services and availability zones: what an administrator sees of the nodes."""

from __future__ import annotations

import re
from typing import Any

from brume.apis.compute.body import UUID, Body
from brume.apis.compute.creating import FQDN
from brume.apis.compute.query import check_names, version_of
from brume.apis.rest.messages import Request
from brume.cloud.compute import nodes
from brume.cloud.compute.resources import Node
from brume.cloud.context import iso_seconds
from brume.cloud.errors import BadRequest, Conflict, NotFound

UUID_SINCE = (2, 53)
FORCED_DOWN_SINCE = (2, 11)
BINARY = "nova-compute"
OLD_ACTIONS = ("enable", "disable", "disable-log-reason", "force-down")


def every_node(request: Request) -> list[Node]:
    """All nodes, oldest first."""
    return sorted(request.session.find(Node), key=lambda node: node.number)


def render_service(request: Request, node: Node) -> dict[str, Any]:
    """A node as a compute service."""
    version = version_of(request)
    shown: dict[str, Any] = {
        "id": node.id if version >= UUID_SINCE else node.number,
        "binary": BINARY,
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
    check_names(request, ("host", "binary"))
    host, binary = request.first("host") or None, request.first("binary") or None
    found = [node for node in every_node(request) if host in (None, node.host) and binary in (None, BINARY)]
    return {"services": [render_service(request, node) for node in found]}


def _service(request: Request) -> Node:
    """The service that the path names, by its uuid (2.53) or its number."""
    wanted = request.parameters["service_id"]
    by_uuid = version_of(request) >= UUID_SINCE
    if by_uuid and not UUID.match(wanted):
        raise BadRequest(f"Invalid uuid {wanted}")
    if not by_uuid and not re.fullmatch("[0-9]{1,18}", wanted):
        raise BadRequest(f"Invalid input received: id must be an integer, not {wanted}")
    for node in every_node(request):
        if wanted == (node.id if by_uuid else str(node.number)):
            return node
    raise NotFound(f"Service {wanted} not found.")


def update_service(request: Request) -> dict[str, Any]:
    """PUT /os-services/{service_id} (2.53)"""
    body = Body("body", request.json() if request.body else None)
    status = body.choice("status", ("enabled", "disabled"))
    reason = body.text("disabled_reason", shortest=1, longest=255)
    changes: dict[str, Any] = {}
    if reason is not None and status != "disabled":
        raise BadRequest(
            "Specifying 'disabled_reason' requires that 'status' is 'disabled'."
            if status is None
            else "'disabled_reason' can only be specified when 'status' is 'disabled'."
        )
    if status is not None:
        changes = {"enabled": status == "enabled", "disabled_reason": reason}
    if "forced_down" in body:
        changes["forced_down"] = body.boolean("forced_down")
    body.finish()
    if not changes:
        raise BadRequest("No updates were requested. Fields 'status' or 'forced_down' should be specified.")
    return {"service": render_service(request, request.session.update(_service(request), **changes))}


def change_service(request: Request) -> dict[str, Any]:
    """PUT /os-services/enable, disable, disable-log-reason, force-down (until 2.52)"""
    action, version = request.parameters["action"], version_of(request)
    body = Body("body", request.json() if request.body else None)
    host = body.text("host", required=True, shortest=1, longest=255, check=_not_a_host)
    binary = body.text("binary", required=True, shortest=1, longest=255)
    reason = body.text("disabled_reason", shortest=1, longest=255)
    forced = body.boolean("forced_down") if version >= FORCED_DOWN_SINCE and "forced_down" in body else None
    body.finish()
    if action not in OLD_ACTIONS or (action == "force-down" and version < FORCED_DOWN_SINCE):
        raise NotFound("Unknown action")
    if action == "disable-log-reason" and reason is None:
        raise BadRequest("Missing disabled reason field")
    if action == "force-down" and forced is None:
        raise BadRequest("Missing forced_down field")
    if binary != BINARY:
        raise BadRequest(f"Updating a {binary} service is not supported. Only nova-compute services can be updated.")
    node = next((node for node in every_node(request) if node.host == host), None)
    if node is None:
        raise NotFound(f"Could not find binary {binary} on host {host}.")
    shown: dict[str, Any] = {"host": host, "binary": binary}
    if action == "force-down":
        request.session.update(node, forced_down=forced)
        return {"service": {**shown, "forced_down": forced}}
    kept = reason if action == "disable-log-reason" else None
    request.session.update(node, enabled=action == "enable", disabled_reason=kept)
    shown["status"] = "enabled" if action == "enable" else "disabled"
    return {"service": shown if kept is None else {**shown, "disabled_reason": kept}}


def _not_a_host(text: str) -> str | None:
    return None if FQDN.match(text) else f"{text!r} does not match {FQDN.pattern!r}"


def delete_service(request: Request) -> None:
    """DELETE /os-services/{service_id}: a node that is gone for good. One that still lives enters itself again."""
    node = _service(request)
    if nodes.usage(request.session).get(node.host) is not None:
        raise Conflict(
            "Unable to delete compute service that is hosting instances. Migrate or delete the instances first."
        )
    request.session.delete(node)


def _available(found: list[Node], zone: str) -> dict[str, bool]:
    return {"available": any(node.enabled for node in found if node.zone == zone)}


def list_zones(request: Request) -> dict[str, Any]:
    """GET /os-availability-zone"""
    found = every_node(request)
    zones = sorted({node.zone for node in found})
    return {
        "availabilityZoneInfo": [
            {"zoneName": zone, "zoneState": _available(found, zone), "hosts": None} for zone in zones
        ]
    }


def list_zone_details(request: Request) -> dict[str, Any]:
    """GET /os-availability-zone/detail"""
    found = every_node(request)
    shown = []
    for zone in sorted({node.zone for node in found}):
        hosts = {
            node.host: {
                BINARY: {
                    "active": node.enabled,
                    "available": nodes.is_up(node, request.context.now),
                    "updated_at": iso_seconds(node.reported_at).rstrip("Z") + ".000000",
                }
            }
            for node in found
            if node.zone == zone
        }
        shown.append({"zoneName": zone, "zoneState": _available(found, zone), "hosts": hosts})
    return {"availabilityZoneInfo": shown}
