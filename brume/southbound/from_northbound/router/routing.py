"""Longest prefix match: which port, and which next hop. Connected networks and static routes.

The longer the prefix the higher the priority; a connected network goes before a static route of the same length
(OVN's build_route_match: three priorities a bit).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter, LogicalRouterPort, LogicalRouterStaticRoute, router_port_by_name
from brume.southbound.from_northbound.facts.addresses import is_address
from brume.southbound.from_northbound.facts.ports import RouterPort, is_there, router_ports
from brume.southbound.from_northbound.flows import DROP, NEXT, default, flow
from brume.southbound.from_northbound.router.ports import is_link_local, network_of
from brume.southbound.pipeline import ROUTER_IN
from brume.southbound.registers import (
    ECMP_GROUP,
    NEXT_HOP_IPV4,
    NEXT_HOP_IPV6,
    ROUTE_TABLE,
    SOURCE_IPV4,
    SOURCE_IPV6,
)
from brume.tables.row import Member
from brume.values.prefix import Prefix

STAGE = ROUTER_IN.IP_ROUTING
PER_BIT = 3
CONNECTED, STATIC, BY_SOURCE = 2, 1, 0
"""What is added to the priority of a prefix."""
ONE_ROUTE = Match(f"{ECMP_GROUP} == 0")


class Way(NamedTuple):
    """Out of which port, from which own address, to which next hop (None: the destination itself)."""

    port: RouterPort
    source: str
    next_hop: str | None


def _forward(way: Way, version: int) -> Actions:
    hop, source = (NEXT_HOP_IPV4, SOURCE_IPV4) if version == 4 else (NEXT_HOP_IPV6, SOURCE_IPV6)
    return Actions(
        f"ip.ttl--; {ECMP_GROUP} = 0; {hop} = {way.next_hop or f'ip{version}.dst'}; {source} = {way.source}; "
        f"eth.src = {way.port.mac}; outport = {way.port.quoted}; flags.loopback = 1; next;"
    )


@rule(LogicalRouter)
def no_route(router: LogicalRouter, view: View) -> Iterator[Output]:
    yield default(ROUTER_IN.IP_ROUTING_PRE, router.uuid, Actions(f"{ROUTE_TABLE} = 0; next;"))
    yield flow(STAGE, router.uuid, 10550, Match("nd_rs || nd_ra"), DROP)
    yield default(STAGE, router.uuid, DROP)
    yield flow(ROUTER_IN.IP_ROUTING_ECMP, router.uuid, 150, ONE_ROUTE, NEXT)
    yield default(ROUTER_IN.IP_ROUTING_ECMP, router.uuid, DROP)


@rule(RouterPort)
def connected(port: RouterPort, view: View) -> Iterator[Output]:
    for network in (*port.ipv4, *port.ipv6):
        version = network.interface.address.VERSION
        scope = f"inport == {port.quoted} && " if is_link_local(network) else ""
        match = Match(f"{scope}ip{version}.dst == {network.prefix}/{network.length}")
        way = Way(port, network.address, None)
        yield flow(STAGE, port.router, network.length * PER_BIT + CONNECTED, match, _forward(way, version))


@rule(LogicalRouter.static_routes)
def static_route(member: Member, view: View) -> Iterator[Output]:
    router, route = str(member.parent), view.get(LogicalRouterStaticRoute, member.child)
    if route is None or not is_there(view, LogicalRouter, router):
        return
    try:
        prefix = Prefix.parse(route.ip_prefix)
    except ValueError:
        yield _problem(route, f"ip_prefix {route.ip_prefix!r} is not a prefix")
        return
    by_source = route.policy == "src-ip"
    offset = BY_SOURCE if by_source else CONNECTED if route.options.get("origin") == "connected" else STATIC
    side = "src" if by_source else "dst"
    table = f"{ROUTE_TABLE} == 0 && " if offset == STATIC else ""
    match = Match(f"{table}ip{prefix.version}.{side} == {prefix}")
    priority = prefix.length * PER_BIT + offset
    if route.nexthop == "discard":
        yield flow(STAGE, router, priority, match, DROP)
        return
    why_not = _why_not(router, route, view)
    way = _way(router, route, prefix.version, view)
    if why_not or way is None:
        yield _problem(route, why_not or f"no port reaches the next hop {route.nexthop!r}")
        return
    yield flow(STAGE, router, priority, match, _forward(way, prefix.version))


def _problem(route: LogicalRouterStaticRoute, message: str) -> Problem:
    return Problem(table="Logical_Router_Static_Route", row=route.uuid, message=message)


def _why_not(router: str, route: LogicalRouterStaticRoute, view: View) -> str:
    """Why the route is left out; empty if it is not."""
    if route.route_table:
        return f"route_table {route.route_table!r}: only the main route table is compiled"
    if route.nexthop and not is_address(route.nexthop):
        return f"nexthop {route.nexthop!r} is not an address"
    if route.nexthop and (":" in route.nexthop) != (":" in route.ip_prefix):
        return f"ip_prefix {route.ip_prefix!r} and nexthop {route.nexthop!r} are of different families"
    if route.bfd:
        return "bfd: routes that depend on BFD are not compiled"
    for uuid in view.members(LogicalRouter.static_routes, router):
        other = view.get(LogicalRouterStaticRoute, uuid)
        if (
            other is not None
            and (other.ip_prefix, other.policy) == (route.ip_prefix, route.policy)
            and other.nexthop < route.nexthop
        ):
            return f"another route to {route.ip_prefix} goes before; ECMP is not compiled"
    return ""


def _way(router: str, route: LogicalRouterStaticRoute, version: int, view: View) -> Way | None:
    if route.output_port:
        row: LogicalRouterPort | None = view.one(router_port_by_name, route.output_port)
        port = view.get(RouterPort, row.uuid) if row is not None else None
        if port is None:
            return None
        networks = port.ipv4 if version == 4 else port.ipv6
        network = network_of(port, route.nexthop) or (networks[0] if networks else None)
        return Way(port, network.address, route.nexthop or None) if network is not None else None
    for port in view.find(router_ports, router):
        network = network_of(port, route.nexthop)
        if network is not None:
            return Way(port, network.address, route.nexthop)
    return None


RULES = (no_route, connected, static_route)
