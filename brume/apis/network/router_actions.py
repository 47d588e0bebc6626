"""What can be done with a router beside the usual: interfaces, extra routes, and which agents carry its gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from brume.apis.network import access
from brume.apis.network.noun import Noun
from brume.apis.network.views import Json, agent_view, router_view
from brume.apis.rest.messages import Request
from brume.apis.rest.routes import Route
from brume.cloud.network import agents, interfaces, routers
from brume.cloud.network.errors import HTTPBadRequest
from brume.cloud.network.gateway_scheduling import scheduled
from brume.cloud.network.interfaces import Interface
from brume.cloud.network.resources import Chassis, Network, Port, Router
from brume.cloud.network.resources import Route as StaticRoute
from brume.cloud.network.resources.subnet import check_routes


def router_routes(noun: Noun[Router]) -> list[Route]:
    """The routes."""
    path = f"{noun.path}/{{id}}"

    def bind(handler: Callable[[Noun[Router], Request], Any]) -> Callable[[Request], Any]:
        return lambda request: handler(noun, request)

    return [
        Route("PUT", f"{path}/add_router_interface", bind(_add_interface)),
        Route("PUT", f"{path}/remove_router_interface", bind(_remove_interface)),
        Route("PUT", f"{path}/add_extraroutes", bind(_add_routes)),
        Route("PUT", f"{path}/remove_extraroutes", bind(_remove_routes)),
        Route("GET", f"{path}/l3-agents", bind(_agents)),
    ]


def _router(noun: Noun[Router], request: Request, rule: str) -> Router:
    router = noun.visible(request)
    access.enforce(request, rule, noun.target_of(request, router))
    return router


def _body(request: Request) -> Json:
    body = request.json()
    if not isinstance(body, dict):
        raise HTTPBadRequest("Either subnet_id or port_id must be specified")
    return body


def _shown(router: Router, interface: Interface) -> Json:
    identities = [subnet.id for subnet in interface.subnets]
    return {
        "id": router.id,
        "project_id": interface.port.project_id,
        "tenant_id": interface.port.project_id,
        "port_id": interface.port.id,
        "network_id": interface.port.network_id,
        "subnet_id": identities[-1],
        "subnet_ids": identities,
    }


def _add_interface(noun: Noun[Router], request: Request) -> Json:
    router = _router(noun, request, "add_router_interface")
    done = interfaces.add(request.context, request.session, noun.settings, router, _body(request))
    return _without_tenant(_shown(router, done))


def _remove_interface(noun: Noun[Router], request: Request) -> Json:
    router = _router(noun, request, "remove_router_interface")
    done = interfaces.remove(request.context, request.session, noun.settings, router, _body(request))
    return _without_tenant(_shown(router, done))


def _without_tenant(value: Json) -> Json:
    """Neutron does not give the owner's old name here."""
    del value["tenant_id"]
    return value


def _wanted_routes(request: Request) -> tuple[StaticRoute, ...]:
    try:
        return check_routes(request.object("router").get("routes"))
    except ValueError as error:
        raise HTTPBadRequest(f"Invalid input for routes. Reason: {error}.") from None


def _add_routes(noun: Noun[Router], request: Request) -> Json:
    router = _router(noun, request, "add_extraroutes")
    routes = _wanted_routes(request)
    changed = routers.add_routes(request.context, request.session, noun.settings, router, routes)
    return _with_routes(request, changed)


def _remove_routes(noun: Noun[Router], request: Request) -> Json:
    router = _router(noun, request, "remove_extraroutes")
    routes = _wanted_routes(request)
    changed = routers.remove_routes(request.context, request.session, noun.settings, router, routes)
    return _with_routes(request, changed)


def _with_routes(request: Request, router: Router) -> Json:
    """These two answers show more of the router than any other in Neutron does."""
    gateway = request.session.get(Port, router.gateway_port_id) if router.gateway_port_id else None
    more = {"gw_port_id": router.gateway_port_id, "distributed": True, "ha_vr_id": 0}
    return {"router": {**router_view(router, gateway), **more}}


def _agents(noun: Noun[Router], request: Request) -> Json:
    router = noun.visible(request)
    access.enforce(request, "get_l3-agents", {})
    gateway = request.session.get(Port, router.gateway_port_id) if router.gateway_port_id else None
    network = request.session.get(Network, gateway.network_id) if gateway is not None else None
    if network is None:
        return {"agents": []}
    chassis = {one.id: one for one in request.session.find(Chassis)}
    found = []
    for name, priority in scheduled(router.id, chassis.values(), network.provider_physical_network):
        one = chassis[name]
        alive = agents.is_alive(one, request.context.now, noun.settings.agent_down_time)
        found.append({**agent_view(one, alive), "start_flag": True, "ha_chassis_priority": priority})
    return {"agents": found}
