"""Agents: chassis as Neutron shows them. And availability zones, which agents are in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from brume.apis.network import access
from brume.apis.network.views import Json, agent_view
from brume.apis.rest.lists import pick
from brume.apis.rest.messages import Request
from brume.apis.rest.routes import Route
from brume.cloud.errors import InvalidAttribute, InvalidFilter, NotImplementedHere
from brume.cloud.network import agents
from brume.cloud.network.resources import Chassis
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.validation import for_update, to_boolean

RESERVED = ("fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir")
TEXTS = ("binary", "host", "agent_type", "id", "topic", "availability_zone", "description")
FLAGS = ("alive", "admin_state_up")


def agent_routes(settings: NetworkSettings) -> list[Route]:
    """The routes."""

    def bind(handler: Callable[[Request, NetworkSettings], Any]) -> Callable[[Request], Any]:
        return lambda request: handler(request, settings)

    return [
        Route("GET", "/v2.0/agents", bind(_list)),
        Route("GET", "/v2.0/agents/{id}", bind(_show)),
        Route("PUT", "/v2.0/agents/{id}", bind(_update)),
        Route("DELETE", "/v2.0/agents/{id}", bind(_delete)),
        Route("GET", "/v2.0/availability_zones", bind(_zones)),
    ]


def _view(request: Request, settings: NetworkSettings, chassis: Chassis) -> Json:
    return agent_view(chassis, agents.is_alive(chassis, request.context.now, settings.agent_down_time))


def _fits(value: Json, query: dict[str, list[str]]) -> bool:
    for name, texts in query.items():
        if name in TEXTS and value[name] not in texts:
            return False
        if name in FLAGS and value[name] not in [_flag(name, text) for text in texts]:
            return False
    return True


def _flag(name: str, text: str) -> bool:
    try:
        return to_boolean(text)
    except ValueError as error:
        raise InvalidAttribute(attribute=name, reason=str(error)) from None


def _list(request: Request, settings: NetworkSettings) -> Json:
    access.enforce(request, "get_agent", {})
    unknown = [name for name in request.query if name not in (*TEXTS, *FLAGS, *RESERVED)]
    if unknown:
        raise InvalidFilter(attributes=unknown)
    values = [_view(request, settings, one) for one in request.session.find(Chassis)]
    fields = request.query.get("fields", ())
    found = sorted((v for v in values if _fits(v, request.query)), key=lambda v: str(v["id"]))
    return {"agents": [pick(value, fields) for value in found]}


def _show(request: Request, settings: NetworkSettings) -> Json:
    access.enforce(request, "get_agent", {})
    return {"agent": _view(request, settings, agents.load(request.session, request.parameters["id"]))}


def _update(request: Request, settings: NetworkSettings) -> Json:
    access.enforce(request, "update_agent", {})
    chassis = agents.load(request.session, request.parameters["id"])
    values = for_update(Chassis.DECLARATION, request.object("agent"))
    return {"agent": _view(request, settings, agents.update(request.session, chassis, values))}


def _delete(request: Request, settings: NetworkSettings) -> None:
    access.enforce(request, "delete_agent", {})
    agents.load(request.session, request.parameters["id"])
    raise NotImplementedHere(what="deleting an agent: take the chassis out of OVN instead")


def _zones(request: Request, settings: NetworkSettings) -> Json:
    access.enforce(request, "get_availability_zone", {})
    found = agents.zones(request.session.find(Chassis))
    zones = [
        {"name": name, "resource": resource, "state": "available" if alive else "unavailable"}
        for name, alive in sorted(found.items())
        for resource in ("network", "router")
    ]
    return {"availability_zones": zones}
