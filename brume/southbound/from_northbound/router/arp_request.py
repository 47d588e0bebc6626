"""Ask for a MAC that is not known: the packet waits in the chassis for the answer."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter, LogicalRouterStaticRoute
from brume.southbound.from_northbound.facts.addresses import is_address, solicited_node
from brume.southbound.from_northbound.flows import default, flow
from brume.southbound.pipeline import ROUTER_IN
from brume.southbound.registers import NEXT_HOP_IPV4, NEXT_HOP_IPV6, SOURCE_IPV4
from brume.tables.row import Member
from brume.values.address import Ipv6Address, parse_address

STAGE = ROUTER_IN.ARP_REQUEST
UNKNOWN = "eth.dst == 00:00:00:00:00:00"
ASK_IPV4 = Actions(
    f"arp {{ eth.dst = ff:ff:ff:ff:ff:ff; arp.spa = {SOURCE_IPV4}; arp.tpa = {NEXT_HOP_IPV4}; arp.op = 1; output; }};"
)
ASK_IPV6 = Actions(f"nd_ns {{ nd.target = {NEXT_HOP_IPV6}; output; }};")


@rule(LogicalRouter)
def ask(router: LogicalRouter, view: View) -> Iterator[Output]:
    yield flow(STAGE, router.uuid, 100, Match(f"{UNKNOWN} && ip4"), ASK_IPV4)
    yield flow(STAGE, router.uuid, 100, Match(f"{UNKNOWN} && ip6"), ASK_IPV6)
    yield default(STAGE, router.uuid, Actions("output;"))


@rule(LogicalRouter.static_routes)
def ask_for_gateway(member: Member, view: View) -> Iterator[Output]:
    """A route's IPv6 next hop is asked for at its solicited-node address (RFC 4861 7.2.2)."""
    route = view.get(LogicalRouterStaticRoute, member.child)
    if route is None or ":" not in route.nexthop or not is_address(route.nexthop):
        return
    group = solicited_node(route.nexthop)
    last = parse_address(group).value & 0xFFFFFFFF if isinstance(parse_address(group), Ipv6Address) else 0
    mac = "33:33:" + last.to_bytes(4, "big").hex(":")
    match = Match(f"{UNKNOWN} && ip6 && {NEXT_HOP_IPV6} == {route.nexthop}")
    actions = f"nd_ns {{ eth.dst = {mac}; ip6.dst = {group}; nd.target = {route.nexthop}; output; }};"
    yield flow(STAGE, str(member.parent), 200, match, Actions(actions), route.uuid)


RULES = (ask, ask_for_gateway)
