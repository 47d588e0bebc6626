"""Placement as data: versions, providers, inventories, usages, classes, traits."""

from __future__ import annotations

from typing import Any

from brume.apis.rest.messages import Request
from brume.apis.rest.routes import Route, Router
from brume.apis.rest.service import Microversions, Service
from brume.apis.rest.styles import PlacementStyle
from brume.cloud.compute import nodes
from brume.cloud.compute.nodes import Usage
from brume.cloud.compute.resources import Node
from brume.cloud.compute.scheduling import RAM_RATIO, VCPU_RATIO
from brume.cloud.errors import NotFound
from brume.cloud.policy import Policy

MICROVERSIONS = Microversions(service_type="placement", minimum=(1, 0), maximum=(1, 39))
CLASSES = ("VCPU", "MEMORY_MB", "DISK_GB")
GENERATION = 1
"""A provider's inventory never changes under the asker."""


def versions(request: Request) -> dict[str, Any]:
    """GET /"""
    low, high = (".".join(map(str, version)) for version in (MICROVERSIONS.minimum, MICROVERSIONS.maximum))
    entry = {"id": "v1.0", "status": "CURRENT", "min_version": low, "max_version": high}
    return {"versions": [{**entry, "links": [{"rel": "self", "href": ""}]}]}


def _render(node: Node) -> dict[str, Any]:
    path = f"/placement/resource_providers/{node.id}"
    links = [{"rel": name or "self", "href": f"{path}/{name}".rstrip("/")} for name in ("", "inventories", "usages")]
    return {
        "uuid": node.id,
        "name": node.host,
        "generation": GENERATION,
        "parent_provider_uuid": None,
        "root_provider_uuid": node.id,
        "links": links,
    }


def _provider(request: Request) -> Node:
    node = request.session.get(Node, request.parameters["provider_id"])
    if node is None:
        raise NotFound(f"No resource provider with uuid {request.parameters['provider_id']} found")
    return node


def list_providers(request: Request) -> dict[str, Any]:
    """GET /resource_providers"""
    name, wanted = request.first("name"), request.first("uuid")
    found = [n for n in request.session.find(Node) if name in (None, n.host) and wanted in (None, n.id)]
    return {"resource_providers": [_render(node) for node in sorted(found, key=lambda node: node.number)]}


def show_provider(request: Request) -> dict[str, Any]:
    """GET /resource_providers/{provider_id}"""
    return _render(_provider(request))


def list_inventories(request: Request) -> dict[str, Any]:
    """GET /resource_providers/{provider_id}/inventories"""
    node = _provider(request)
    totals = zip(CLASSES, (node.vcpus, node.ram, node.disk), (VCPU_RATIO, RAM_RATIO, 1.0), strict=True)
    inventories = {
        name: {
            "total": total,
            "reserved": 0,
            "min_unit": 1,
            "max_unit": total,
            "step_size": 1,
            "allocation_ratio": ratio,
        }
        for name, total, ratio in totals
    }
    return {"inventories": inventories, "resource_provider_generation": GENERATION}


def list_usages(request: Request) -> dict[str, Any]:
    """GET /resource_providers/{provider_id}/usages"""
    used = nodes.usage(request.session).get(_provider(request).host, Usage())
    amounts = dict(zip(CLASSES, (used.vcpus, used.ram, used.disk), strict=True))
    return {"usages": amounts, "resource_provider_generation": GENERATION}


def list_classes(request: Request) -> dict[str, Any]:
    """GET /resource_classes"""
    return {"resource_classes": [{"name": name, "links": []} for name in CLASSES]}


def list_traits(request: Request) -> dict[str, Any]:
    """GET /traits: nodes have none."""
    return {"traits": []}


ROUTES = (
    Route("GET", "/", versions, public=True),
    Route("GET", "/resource_providers", list_providers, rule="admin"),
    Route("GET", "/resource_providers/{provider_id}", show_provider, rule="admin"),
    Route("GET", "/resource_providers/{provider_id}/inventories", list_inventories, rule="admin"),
    Route("GET", "/resource_providers/{provider_id}/usages", list_usages, rule="admin"),
    Route("GET", "/resource_classes", list_classes, rule="admin"),
    Route("GET", "/traits", list_traits, rule="admin"),
)


SERVICE = Service(
    name="placement",
    mount="/placement",
    title="Placement",
    style=PlacementStyle(),
    policy=Policy({"admin": "role:admin or role:service"}),
    router=Router(ROUTES),
    microversions=MICROVERSIONS,
)
