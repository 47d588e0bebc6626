"""Quotas of the network: limits by project, their defaults, what is used.

GET /v2.0/quotas            projects that have limits of their own
GET, PUT, DELETE /v2.0/quotas/{project}        GET .../default  GET .../details
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from brume.apis.network import access
from brume.apis.network.views import Json
from brume.apis.rest.messages import Request
from brume.apis.rest.routes import Route
from brume.cloud import quotas
from brume.cloud.network import checks
from brume.cloud.network.errors import HTTPBadRequest
from brume.cloud.network.records import SERVICE
from brume.cloud.network.resources import (
    FloatingIp,
    Network,
    Port,
    Router,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
)
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.resource import Resource

COUNTED: dict[str, type[Resource]] = {
    "network": Network,
    "subnet": Subnet,
    "port": Port,
    "router": Router,
    "floatingip": FloatingIp,
    "security_group": SecurityGroup,
    "security_group_rule": SecurityGroupRule,
}
LARGEST = 2**31 - 1


def quota_routes(settings: NetworkSettings) -> list[Route]:
    """The routes."""
    one = "/v2.0/quotas/{project}"

    def bind(handler: Callable[[Request, NetworkSettings], Any]) -> Callable[[Request], Any]:
        return lambda request: handler(request, settings)

    return [
        Route("GET", "/v2.0/quotas", bind(_list)),
        Route("GET", "/v2.0/quotas/project", bind(_project)),
        Route("GET", "/v2.0/quotas/tenant", bind(_tenant)),
        Route("GET", one, bind(_show)),
        Route("PUT", one, bind(_update)),
        Route("DELETE", one, bind(_delete)),
        Route("GET", f"{one}/default", bind(_default)),
        Route("GET", f"{one}/details", bind(_details)),
        Route("GET", f"{one}/details.json", bind(_details)),
    ]


def _allowed(request: Request, operation: str) -> str:
    project = request.parameters.get("project", request.context.project_id or "")
    access.enforce(request, f"{operation}_quota", {"project_id": project, "tenant_id": project})
    return project


def _list(request: Request, settings: NetworkSettings) -> Json:
    access.enforce(request, "get_quota", {"project_id": None})
    projects = dict.fromkeys(row.project_id for row in request.session.find(quotas.QuotaLimit, service=SERVICE))
    return {
        "quotas": [
            {
                **quotas.limits(request.session, SERVICE, project, settings.quotas),
                "project_id": project,
                "tenant_id": project,
            }
            for project in projects
        ]
    }


def _project(request: Request, settings: NetworkSettings) -> Json:
    return {"project": {"project_id": request.context.project_id}}


def _tenant(request: Request, settings: NetworkSettings) -> Json:
    return {"tenant": {"tenant_id": request.context.project_id}}


def _show(request: Request, settings: NetworkSettings) -> Json:
    project = request.parameters["project"]
    if project != request.context.project_id:
        _allowed(request, "get")
    return {"quota": quotas.limits(request.session, SERVICE, project, settings.quotas)}


def _default(request: Request, settings: NetworkSettings) -> Json:
    if request.parameters["project"] != request.context.project_id:
        _allowed(request, "get")
    return {"quota": dict(settings.quotas)}


def _details(request: Request, settings: NetworkSettings) -> Json:
    project = request.parameters["project"]
    if project != request.context.project_id:
        _allowed(request, "get")
    limits = quotas.limits(request.session, SERVICE, project, settings.quotas)
    return {
        "quota": {
            name: {
                "limit": limit,
                "used": request.session.count(COUNTED[name], project_id=project) if name in COUNTED else 0,
                "reserved": 0,
            }
            for name, limit in limits.items()
        }
    }


def _update(request: Request, settings: NetworkSettings) -> Json:
    project = _allowed(request, "update")
    given = dict(request.object("quota"))
    force = bool(given.pop("force", False))
    given.pop("check_limit", None)  # always checked, as in Neutron since 2025.1
    limits: dict[str, int] = {}
    unknown = [name for name in given if name not in settings.quotas]
    if unknown:
        raise HTTPBadRequest(f"Unrecognized attribute(s) '{', '.join(unknown)}'")
    for name, value in given.items():
        try:
            limits[name] = checks.within(-1, LARGEST)(value)
        except ValueError as error:
            raise HTTPBadRequest(f"Invalid input for {name}. Reason: {error}.") from None
    if not force:
        _check_used(request, project, limits)
    for name, limit in limits.items():
        quotas.set_limit(request.session, SERVICE, project, name, limit)
    return {"quota": quotas.limits(request.session, SERVICE, project, settings.quotas)}


def _check_used(request: Request, project: str, limits: dict[str, int]) -> None:
    """A limit below what is used already helps nobody, unless it is forced."""
    for name, limit in limits.items():
        used = request.session.count(COUNTED[name], project_id=project) if name in COUNTED else 0
        if 0 <= limit < used:
            raise HTTPBadRequest(f"Quota limit {limit} for {name} must be greater than or equal to already used {used}")


def _delete(request: Request, settings: NetworkSettings) -> None:
    quotas.reset(request.session, SERVICE, _allowed(request, "delete"))
