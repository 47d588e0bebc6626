"""Longest prefix match: which port, and which next hop. Connected networks and static routes; several of one
destination are a group (ecmp.py).

The longer the prefix the higher the priority; a connected network goes before a static route of the same length
(OVN's build_route_match: three priorities a bit).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter
from brume.southbound.from_northbound.facts.ports import RouterPort
from brume.southbound.from_northbound.facts.routes import (
    DISCARD,
    Destination,
    EcmpGroup,
    Route,
    RouteTableUse,
    has_bfd,
    table_number,
)
from brume.southbound.from_northbound.flows import DROP, NEXT, default, flow
from brume.southbound.from_northbound.router.ports import is_link_local
from brume.southbound.pipeline import ROUTER_IN
from brume.southbound.registers import (
    ECMP_GROUP,
    NEXT_HOP_IPV4,
    NEXT_HOP_IPV6,
    ROUTE_TABLE,
    SOURCE_IPV4,
    SOURCE_IPV6,
)

STAGE = ROUTER_IN.IP_ROUTING
PER_BIT = 3
CONNECTED, STATIC, BY_SOURCE = 2, 1, 0
"""What is added to the priority of a prefix."""
ONE_ROUTE = Match(f"{ECMP_GROUP} == 0")
BFD_CONTROL = "udp.dst == 3784"
"""A BFD control packet (RFC 5881, 4): it crosses one link, with a TTL of 255 that nobody may lessen."""


class Way(NamedTuple):
    """Out of which port, from which own address, to which next hop (None: the destination itself)."""

    port: RouterPort
    source: str
    next_hop: str | None


def towards(way: Way, version: int) -> str:
    """Set next hop, source and port of the way out: steps that every kind of route has."""
    hop, source = (NEXT_HOP_IPV4, SOURCE_IPV4) if version == 4 else (NEXT_HOP_IPV6, SOURCE_IPV6)
    next_hop = way.next_hop or f"ip{version}.dst"
    return f"{hop} = {next_hop}; {source} = {way.source}; eth.src = {way.port.mac}; outport = {way.port.quoted}; "


@rule(LogicalRouter)
def no_route(router: LogicalRouter, view: View) -> Iterator[Output]:
    yield default(ROUTER_IN.IP_ROUTING_PRE, router.uuid, Actions(f"{ROUTE_TABLE} = 0; next;"))
    yield flow(STAGE, router.uuid, 10550, Match("nd_rs || nd_ra"), DROP)
    yield default(STAGE, router.uuid, DROP)
    yield flow(ROUTER_IN.IP_ROUTING_ECMP, router.uuid, 150, ONE_ROUTE, NEXT)
    yield default(ROUTER_IN.IP_ROUTING_ECMP, router.uuid, DROP)


@rule(RouteTableUse)
def choose_table(use: RouteTableUse, view: View) -> Iterator[Output]:
    port = view.get(RouterPort, use.user) if use.kind == "port" else None
    if port is not None:
        number = table_number(view, use.router, use.table)
        match, actions = Match(f"inport == {port.quoted}"), Actions(f"{ROUTE_TABLE} = {number}; next;")
        yield flow(ROUTER_IN.IP_ROUTING_PRE, use.router, 100, match, actions)


@rule(RouterPort)
def connected(port: RouterPort, view: View) -> Iterator[Output]:
    for network in (*port.ipv4, *port.ipv6):
        version = network.interface.address.VERSION
        scope = f"inport == {port.quoted} && " if is_link_local(network) else ""
        match = f"{scope}ip{version}.dst == {network.prefix}/{network.length}"
        way = Way(port, network.address, None)
        yield from route_by(port.router, network.length * PER_BIT + CONNECTED, match, way, version, view, port.uuid)


@rule(Route)
def static_route(route: Route, view: View) -> Iterator[Output]:
    to = route.destination
    if view.get(EcmpGroup, to) is not None:
        return
    priority, match = matched(to, route.connected, view)
    port = view.get(RouterPort, route.port) if route.port is not None else None
    if route.next_hop == DISCARD:
        yield flow(STAGE, to.router, priority, Match(match), DROP, route.uuid)
    elif port is not None:
        if to.prefix.version == 6 and to.prefix.network.is_link_local:
            match = f"inport == {port.quoted} && {match}"
        way = Way(port, route.source, route.next_hop or None)
        yield from route_by(port.router, priority, match, way, to.prefix.version, view, route.uuid)


def matched(to: Destination, is_connected: bool, view: View) -> tuple[int, str]:
    """The priority and the match of routes to a destination."""
    offset = BY_SOURCE if to.by_source else CONNECTED if is_connected else STATIC
    number = table_number(view, to.router, to.table)
    table = f"{ROUTE_TABLE} == {number} && " if number or offset == STATIC else ""
    side = "src" if to.by_source else "dst"
    return to.prefix.length * PER_BIT + offset, f"{table}ip{to.prefix.version}.{side} == {to.prefix}"


def route_by(router: str, priority: int, match: str, way: Way, version: int, view: View, hint: str) -> Iterator[Output]:
    """What matches goes that way; where BFD watches the port, its packets do with their TTL as it is."""
    steps = f"{ECMP_GROUP} = 0; {towards(way, version)}flags.loopback = 1; next;"
    yield flow(STAGE, router, priority, Match(match), Actions(f"ip.ttl--; {steps}"), hint)
    if has_bfd(view, way.port.name):
        yield flow(STAGE, way.port.router, priority + 1, Match(f"{match} && {BFD_CONTROL}"), Actions(steps), hint)


RULES = (no_route, choose_table, connected, static_route)
