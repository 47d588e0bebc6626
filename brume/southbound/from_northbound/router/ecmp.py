"""Several routes to one destination (ECMP): each connection takes one of them, by a hash of its addresses and ports.

With `ecmp_symmetric_reply`, on a router that lives on one chassis, replies go back to the next hop that the first
packet came from: its MAC and port are kept with the connection (ct_label, ct_mark), and go before the choice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter
from brume.southbound.allocation import TunnelKey
from brume.southbound.from_northbound.facts.ports import RouterPort
from brume.southbound.from_northbound.facts.routes import EcmpGroup, Route, group_number, routes_by_destination
from brume.southbound.from_northbound.flows import NEXT, default, flow
from brume.southbound.from_northbound.router.nat.places import is_gateway_router
from brume.southbound.from_northbound.router.routing import Way, matched, towards
from brume.southbound.pipeline import ROUTER_IN
from brume.southbound.registers import (
    ECMP_GROUP,
    ECMP_MEMBER,
    KEPT_NEXT_HOP,
    KEPT_NEXT_HOP_MAC,
    KNOWN_ECMP_NEXTHOP,
    SOURCE_IPV4,
    SOURCE_IPV6,
)
from brume.values.prefix import Prefix

PROTOCOLS = ("tcp", "udp", "sctp")
KEPT_PORT = "ct_mark.ecmp_reply_port"
TO_KEPT_MAC = Actions(
    f"push({KEPT_NEXT_HOP}); {KEPT_NEXT_HOP} = ct_label; eth.dst = {KEPT_NEXT_HOP_MAC}; pop({KEPT_NEXT_HOP}); next;"
)
"""By way of a register, because hardware cannot match a part of ct_label (OVN's reason)."""


@rule(LogicalRouter)
def nothing_to_keep(router: LogicalRouter, view: View) -> Iterator[Output]:
    yield default(ROUTER_IN.ECMP_STATEFUL, router.uuid)


@rule(EcmpGroup)
def choose(group: EcmpGroup, view: View) -> Iterator[Output]:
    to = group.destination
    routes = sorted(view.find(routes_by_destination, to), key=lambda route: route.uuid)
    number = group_number(view, to)
    priority, match = matched(to, routes[0].connected, view)
    members = ", ".join(str(member) for member in range(1, len(routes) + 1))
    actions = f"ip.ttl--; flags.loopback = 1; {ECMP_GROUP} = {number}; {ECMP_MEMBER} = select({members});"
    yield flow(ROUTER_IN.IP_ROUTING, to.router, priority, Match(match), Actions(actions))
    symmetric: set[str] = set()
    first = next((route.uuid for route in routes if route.symmetric), "")
    for member, route in enumerate(routes, 1):
        port = view.get(RouterPort, route.port) if route.port is not None else None
        if port is None:
            continue
        way = Way(port, route.source, route.next_hop)
        chosen = Match(f"{ECMP_GROUP} == {number} && {ECMP_MEMBER} == {member}")
        actions = f"{towards(way, to.prefix.version)}next;"
        yield flow(ROUTER_IN.IP_ROUTING_ECMP, to.router, 100, chosen, Actions(actions), route.uuid)
        if route.symmetric and port.uuid not in symmetric and is_gateway_router(view, to.router):
            symmetric.add(port.uuid)
            yield from _symmetric(route, port, match, first, view)


class Reply(NamedTuple):
    """Replies that go back by one port: what a packet that came over the route matches, and one that goes over it."""

    route: Route
    port: RouterPort
    key: int
    came: str
    goes: str
    first: str
    """The first route of the group that keeps next hops: what all of them need comes from it."""

    @property
    def version(self) -> int:
        return self.route.destination.prefix.version

    @property
    def is_kept(self) -> str:
        """The condition that holds for replies whose next hop is kept, and whose port is this one."""
        return f"ct.rpl && {KNOWN_ECMP_NEXTHOP} == 1 && {KEPT_PORT} == {self.key}"


def _symmetric(route: Route, port: RouterPort, goes: str, first: str, view: View) -> Iterator[Output]:
    key = view.get(TunnelKey, port.uuid)
    if key is None:
        return
    to = route.destination
    side = "dst" if to.by_source else "src"
    came = f"inport == {port.quoted} && ip{to.prefix.version}.{side} == {_as_one(to.prefix)}"
    reply = Reply(route, port, key.number, came, goes, first)
    yield from _track(reply)
    yield from _keep(reply)
    yield from _go_back(reply)


def _as_one(prefix: Prefix) -> str:
    """The prefix; a single address without its length."""
    return str(prefix.network) if prefix.size == 1 else str(prefix)


def _track(reply: Reply) -> Iterator[Output]:
    router = reply.route.destination.router
    came = Actions(f"{KNOWN_ECMP_NEXTHOP} = chk_ecmp_nh_mac(); ct_next;")
    goes = Actions(f"{KNOWN_ECMP_NEXTHOP} = chk_ecmp_nh(); ct_next;")
    yield flow(ROUTER_IN.DEFRAG, router, 100, Match(reply.came), came, reply.route.uuid)
    yield flow(ROUTER_IN.DEFRAG, router, 100, Match(reply.goes), goes, reply.first)


def _keep(reply: Reply) -> Iterator[Output]:
    """Of a new connection, and of one whose next hop has changed."""
    for state, changed in (("ct.new && !ct.est", ""), ("!ct.rpl && ct.est", f" && {KNOWN_ECMP_NEXTHOP} == 0")):
        for protocol in PROTOCOLS:
            match = Match(f"{reply.came} && ({state}) && {protocol}{changed}")
            actions = Actions(
                f"ct_commit {{ ct_label.ecmp_reply_eth = eth.src;  {KEPT_PORT} = {reply.key};}}; "
                f"commit_ecmp_nh(ipv6 = {'true' if reply.version == 6 else 'false'}, proto = {protocol}); next;"
            )
            yield flow(ROUTER_IN.ECMP_STATEFUL, reply.route.destination.router, 100, match, actions, reply.route.uuid)


def _go_back(reply: Reply) -> Iterator[Output]:
    """Replies pass the choice and the policies, and need no neighbour's address."""
    router, port = reply.route.destination.router, reply.port
    source = SOURCE_IPV4 if reply.version == 4 else SOURCE_IPV6
    actions = Actions(
        f"ip.ttl--; flags.loopback = 1; eth.src = {port.mac}; {source} = {reply.route.source}; "
        f"outport = {port.quoted}; next;"
    )
    yield flow(
        ROUTER_IN.IP_ROUTING, router, 10300, Match(f"{reply.is_kept} && {reply.goes}"), actions, reply.route.uuid
    )
    yield flow(ROUTER_IN.POLICY, router, 65535, Match(reply.is_kept), NEXT, reply.route.uuid)
    yield flow(ROUTER_IN.ARP_RESOLVE, router, 200, Match(reply.is_kept), TO_KEPT_MAC, reply.route.uuid)


RULES = (nothing_to_keep, choose)
