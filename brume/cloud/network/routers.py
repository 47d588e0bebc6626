"""Routers: the rules about making, changing and deleting them, and their static routes.

Interfaces are in `interfaces`, the way out in `gateways`.
"""

from __future__ import annotations

from collections.abc import Sequence

from brume.cloud.context import RequestContext
from brume.cloud.network import agents, gateways
from brume.cloud.network.addresses import ROUTER_INTERFACE
from brume.cloud.network.records import Values, change, check_quota, new
from brume.cloud.network.resources import Port, Route, Router, Subnet
from brume.cloud.network.router_errors import InvalidRoutes, RouterInUse, RouterNotFound, RoutesExhausted
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.store.session import Session
from brume.values import Prefix, parse_address


def load(session: Session, router_id: str) -> Router:
    """The router; raises RouterNotFound."""
    router = session.get(Router, router_id)
    if router is None:
        raise RouterNotFound(router_id=router_id)
    return router


def create(context: RequestContext, session: Session, settings: NetworkSettings, values: Values) -> Router:
    """A router, with a gateway if one is asked for."""
    check_quota(session, settings, "router", Router, values.get("project_id", context.project_id or ""))
    agents.check_zones(session, values.get("availability_zone_hints", ()))
    wish = values.get("external_gateway_info")
    rest = {name: value for name, value in values.items() if name != "external_gateway_info"}
    router = session.insert(new(context, Router, rest, revision=1))
    return gateways.apply(context, session, settings, router, wish) if wish is not None else router


def update(
    context: RequestContext, session: Session, settings: NetworkSettings, router: Router, values: Values
) -> Router:
    """Change a router."""
    rest = {name: value for name, value in values.items() if name != "external_gateway_info"}
    if "external_gateway_info" in values:
        router = gateways.apply(context, session, settings, router, values["external_gateway_info"])
    if "routes" in rest:
        _check_routes(session, settings, router, rest["routes"])
    return change(context, session, router, **rest)


def delete(context: RequestContext, session: Session, settings: NetworkSettings, router: Router) -> None:
    """Delete a router without interfaces; its gateway goes with it."""
    attached = [p.id for p in session.find(Port, router_id=router.id, device_owner=ROUTER_INTERFACE)]
    if attached:
        raise RouterInUse(router_id=router.id, reason=f"has ports still attached: {', '.join(sorted(attached))}")
    gateways.remove(context, session, router)
    session.delete(load(session, router.id))


def add_routes(
    context: RequestContext, session: Session, settings: NetworkSettings, router: Router, routes: Sequence[Route]
) -> Router:
    """Add these routes to those there are."""
    more = tuple(route for route in routes if route not in router.routes)
    return update(context, session, settings, router, {"routes": (*router.routes, *more)})


def remove_routes(
    context: RequestContext, session: Session, settings: NetworkSettings, router: Router, routes: Sequence[Route]
) -> Router:
    """Take these routes away; those that are not there are ignored."""
    return change(context, session, router, routes=tuple(route for route in router.routes if route not in routes))


def ports_of(session: Session, router: Router) -> list[Port]:
    """All ports of a router: interfaces and gateway."""
    return session.find(Port, router_id=router.id)


def _check_routes(session: Session, settings: NetworkSettings, router: Router, routes: Sequence[Route]) -> None:
    """A next hop is on a network of the router, and not the router itself."""
    if len(routes) > settings.most_routes:
        raise RoutesExhausted(router_id=router.id, quota=settings.most_routes)
    if not routes:
        return
    fixed = [ip for port in ports_of(session, router) for ip in port.fixed_ips]
    own = {ip.ip_address for ip in fixed}
    subnets = session.find(Subnet, id=tuple({ip.subnet_id for ip in fixed}))
    prefixes = [Prefix.parse(subnet.cidr) for subnet in subnets]
    shown = [{"destination": route.destination, "nexthop": route.nexthop} for route in routes]
    for route in routes:
        hop = parse_address(route.nexthop)
        if not any(hop in prefix for prefix in prefixes):
            raise InvalidRoutes(routes=shown, reason="the nexthop is not connected with router")
        if route.nexthop in own:
            raise InvalidRoutes(routes=shown, reason="the nexthop is used by router")


def gateway_ports(session: Session, routers: Sequence[Router]) -> dict[str, Port]:
    """The gateway ports of these routers by their id, in one query."""
    identities = tuple(router.gateway_port_id for router in routers if router.gateway_port_id)
    return {port.id: port for port in session.find(Port, id=identities)} if identities else {}
