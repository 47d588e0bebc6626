"""Routing policies: after the route is found, packets that match are let through, dropped, or sent to other next hops.

A policy with several next hops is a group: each connection takes one of them (lr_in_policy_ecmp).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter, LogicalRouterPolicy
from brume.southbound.from_northbound.facts.policies import chooses, policy_number
from brume.southbound.from_northbound.facts.ports import RouterPort, is_there
from brume.southbound.from_northbound.facts.routes import way_to
from brume.southbound.from_northbound.facts.settings import number
from brume.southbound.from_northbound.flows import DROP, NEXT, default, flow
from brume.southbound.from_northbound.router.routing import ONE_ROUTE, Way, towards
from brume.southbound.pipeline import ROUTER_IN
from brume.southbound.registers import ECMP_GROUP, ECMP_MEMBER
from brume.tables.row import Member

STAGE = ROUTER_IN.POLICY
PASS: Final = f"{ECMP_GROUP} = 0; next;"
MAXIMUM_MARK: Final = (1 << 32) - 1


@rule(LogicalRouter)
def no_policy(router: LogicalRouter, view: View) -> Iterator[Output]:
    yield default(STAGE, router.uuid, Actions(PASS))
    yield flow(ROUTER_IN.POLICY_ECMP, router.uuid, 150, ONE_ROUTE, NEXT)
    yield default(ROUTER_IN.POLICY_ECMP, router.uuid, DROP)


@rule(LogicalRouter.policies)
def policy(member: Member, view: View) -> Iterator[Output]:
    router, row = str(member.parent), view.get(LogicalRouterPolicy, member.child)
    if row is None or not is_there(view, LogicalRouter, router):
        return
    if row.action == "reroute":
        yield from _reroute(row, router, view)
        return
    actions = DROP if row.action == "drop" else Actions(f"{_mark(row)}{PASS}")
    yield flow(STAGE, router, row.priority, Match(row.match), actions, row.uuid)


def _next_hops(row: LogicalRouterPolicy) -> list[str]:
    """The column `nexthop` is older, and counts where `nexthops` is empty."""
    return sorted(row.nexthops) or ([row.nexthop] if row.nexthop else [])


def _mark(row: LogicalRouterPolicy) -> str:
    """Mark the packet for others outside of OVN (the mark of Linux's sk_buff)."""
    mark = number(row.options, "pkt_mark")
    return f"pkt.mark = {mark}; " if 0 < mark <= MAXIMUM_MARK else ""


def _reroute(row: LogicalRouterPolicy, router: str, view: View) -> Iterator[Output]:
    hops = _next_hops(row)
    ways = {hop: _towards(hop, router, view) for hop in hops}
    lost = [hop for hop in hops if ways[hop] is None]
    if not hops:
        yield _problem(row, "reroute without a next hop")
    elif len({":" in hop for hop in hops}) > 1:
        yield _problem(row, f"nexthops {', '.join(hops)} are of different families")
    elif chooses(row):
        yield from _members(row, hops, ways, router, view)
        if not lost:
            yield _choice(row, len(hops), router, view)
    elif not lost:
        actions = Actions(f"{_mark(row)}{ways[hops[0]]}{PASS}")
        yield flow(STAGE, router, row.priority, Match(row.match), actions, row.uuid)
    if lost:
        yield _problem(row, f"no port reaches the next hop {', '.join(lost)}")


def _problem(row: LogicalRouterPolicy, message: str) -> Problem:
    return Problem(table="Logical_Router_Policy", row=row.uuid, message=message)


def _towards(hop: str, router: str, view: View) -> str | None:
    """The steps that send a packet to a next hop; None if no port reaches it."""
    found = way_to(view, router, hop)
    port = view.get(RouterPort, found[0]) if found is not None else None
    if found is None or port is None:
        return None
    return f"{towards(Way(port, found[1], hop), 6 if ':' in hop else 4)}flags.loopback = 1; "


def _members(
    row: LogicalRouterPolicy, hops: list[str], ways: dict[str, str | None], router: str, view: View
) -> Iterator[Output]:
    """A flow for each next hop. Of a policy that cannot be used northd leaves those before the lost hop; so do we."""
    number = policy_number(view, router, row.uuid)
    for member, hop in enumerate(hops, 1):
        if ways[hop] is None:
            return
        match = Match(f"{ECMP_GROUP} == {number} && {ECMP_MEMBER} == {member}")
        yield flow(ROUTER_IN.POLICY_ECMP, router, 100, match, Actions(f"{_mark(row)}{ways[hop]}next;"), row.uuid)


def _choice(row: LogicalRouterPolicy, hops: int, router: str, view: View) -> Output:
    """Choose one of the next hops, for each connection the same."""
    number = policy_number(view, router, row.uuid)
    members = ", ".join(str(member) for member in range(1, hops + 1))
    actions = Actions(f"{ECMP_GROUP} = {number}; {ECMP_MEMBER} = select({members});")
    return flow(STAGE, router, row.priority, Match(row.match), actions, row.uuid)


RULES = (no_policy, policy)
