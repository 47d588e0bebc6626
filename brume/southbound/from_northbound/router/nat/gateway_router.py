"""NAT on a gateway router: one that lives as a whole on one chassis (option `chassis`): every port is a gateway.

Everything but neighbour discovery goes through connection tracking on the way out, to undo DNAT on replies.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.southbound.from_northbound.facts.nat import RouterNat
from brume.southbound.from_northbound.flows import NEXT, flow
from brume.southbound.from_northbound.router.nat.force_snat import forced
from brume.southbound.from_northbound.router.nat.outside import allowed, exempted, translated
from brume.southbound.from_northbound.router.nat.places import (
    TYPES_IN,
    TYPES_OUT,
    is_gateway_router,
    is_stateless,
    why_not,
)
from brume.southbound.pipeline import ROUTER_IN, ROUTER_OUT
from brume.southbound.registers import DST_NAT_IP_LOCAL
from brume.values.prefix import Prefix

UNDO_SNAT = Actions("ct_snat;")
UNDO_DNAT = Actions("flags.loopback = 1; ct_dnat;")
COMMIT = Actions("ct_commit { } ; next; ")


@rule(RouterNat)
def replies(nat: RouterNat, view: View) -> Iterator[Output]:
    """What any translation makes necessary; the same for all translations of a router."""
    if not is_gateway_router(view, nat.router):
        return
    yield from through_tracking(nat.router)
    natted = Actions(f"{DST_NAT_IP_LOCAL} = 1; next;")
    yield flow(ROUTER_OUT.CHECK_DNAT_LOCAL, nat.router, 50, Match("ip && ct_mark.natted == 1"), natted, nat.router)


def through_tracking(router: str) -> Iterator[Output]:
    """What leaves goes through connection tracking; also where nothing is translated but balanced."""
    yield flow(ROUTER_OUT.UNDNAT, router, 100, Match("nd || nd_rs || nd_ra"), NEXT)
    yield flow(ROUTER_OUT.UNDNAT, router, 50, Match("ip"), UNDO_DNAT)
    yield flow(ROUTER_OUT.POST_UNDNAT, router, 50, Match("ip && ct.new"), COMMIT)


@rule(RouterNat)
def inbound(nat: RouterNat, view: View) -> Iterator[Output]:
    if not is_gateway_router(view, nat.router) or why_not(nat):
        return
    family = "ip6" if nat.is_ipv6 else "ip4"
    match = Match(f"ip && {family}.dst == {nat.external_ip}")
    if nat.type in TYPES_OUT:
        yield flow(ROUTER_IN.UNSNAT, nat.router, 90, match, NEXT if is_stateless(nat) else UNDO_SNAT, nat.uuid)
    if nat.type in TYPES_IN:
        inside = translated(nat, nat.logical_ip)
        there = f"{family}.dst={nat.logical_ip}; next;" if is_stateless(nat) else f"ct_dnat({inside});"
        source = "flags.force_snat_for_dnat = 1; " if forced(view, nat.router, "dnat") else ""
        yield from exempted(nat, ROUTER_IN.DNAT, 100, match, "src", view)
        match = Match(f"{match}{allowed(nat, 'src', view)}")
        yield flow(ROUTER_IN.DNAT, nat.router, 100, match, Actions(f"{source}flags.loopback = 1; {there}"), nat.uuid)


@rule(RouterNat)
def outbound(nat: RouterNat, view: View) -> Iterator[Output]:
    if nat.type not in TYPES_OUT or not is_gateway_router(view, nat.router) or why_not(nat):
        return
    family = "ip6" if nat.is_ipv6 else "ip4"
    priority = Prefix.parse(nat.logical_ip).length + 1
    match = f"ip && {family}.src == {nat.logical_ip}"
    yield from exempted(nat, ROUTER_OUT.SNAT, priority, match, "dst", view)
    match += allowed(nat, "dst", view)
    if is_stateless(nat):
        actions = Actions(f"{family}.src={nat.external_ip}; next;")
        yield flow(ROUTER_OUT.SNAT, nat.router, priority, Match(match), actions, nat.uuid)
        return
    fresh = Match(f"{match} && (!ct.trk || !ct.rpl)")
    yield flow(
        ROUTER_OUT.SNAT, nat.router, priority, fresh, Actions(f"ct_snat({translated(nat, nat.external_ip)});"), nat.uuid
    )


RULES = (replies, inbound, outbound)
