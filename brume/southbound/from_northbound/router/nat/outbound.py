"""From inside: undo DNAT on replies (lr_out_undnat), fixed IP to floating IP or to the router's address (lr_out_snat).

The longer the inside prefix the higher the priority: a floating IP goes before SNAT of its network.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter
from brume.southbound.from_northbound.facts.nat import RouterNat
from brume.southbound.from_northbound.facts.ports import gateways_of
from brume.southbound.from_northbound.flows import NEXT, default, flow
from brume.southbound.from_northbound.router.nat.outside import allowed, exempted, translated
from brume.southbound.from_northbound.router.nat.places import TYPES_IN, TYPES_OUT, place
from brume.southbound.pipeline import ROUTER_IN, ROUTER_OUT
from brume.southbound.registers import DST_NAT_IP_LOCAL, SOURCE_IPV4, SOURCE_IPV6
from brume.values.prefix import Prefix

AT_ONE_CHASSIS = 128
"""Added to the priority of a translation that only one chassis does."""


@rule(LogicalRouter)
def as_it_is(router: LogicalRouter, view: View) -> Iterator[Output]:
    yield default(ROUTER_OUT.CHECK_DNAT_LOCAL, router.uuid, Actions(f"{DST_NAT_IP_LOCAL} = 0; next;"))
    yield default(ROUTER_OUT.UNDNAT, router.uuid)
    yield default(ROUTER_OUT.POST_UNDNAT, router.uuid)
    yield flow(ROUTER_OUT.SNAT, router.uuid, 120, Match("nd_ns"), NEXT)
    yield default(ROUTER_OUT.SNAT, router.uuid)
    yield default(ROUTER_OUT.POST_SNAT, router.uuid)


@rule(RouterNat)
def translated_here(nat: RouterNat, view: View) -> Iterator[Output]:
    """Remember whether the destination was, or will be, translated on this chassis."""
    yes = Actions(f"{DST_NAT_IP_LOCAL} = 1; next;")
    if gateways_of(view, nat.router):
        yield flow(ROUTER_OUT.CHECK_DNAT_LOCAL, nat.router, 50, Match("ip && ct_mark.natted == 1"), yes, nat.router)
    at = place(nat, view)
    if at is None:
        return
    match = Match(f"ip && {at.family}.dst == {nat.external_ip} && {at.resident}")
    yield flow(ROUTER_OUT.CHECK_DNAT_LOCAL, nat.router, 50, match, yes, nat.uuid)


@rule(RouterNat)
def undo_dnat(nat: RouterNat, view: View) -> Iterator[Output]:
    at = place(nat, view)
    if at is None or nat.type not in TYPES_IN:
        return
    match = Match(f"ip && {at.family}.src == {nat.logical_ip} && outport == {at.port.quoted}{at.on_gateway}")
    actions = Actions(f"{at.own_mac}{'next;' if at.stateless else 'ct_dnat_in_czone;'}")
    yield flow(ROUTER_OUT.UNDNAT, nat.router, 100, match, actions, nat.uuid)


@rule(RouterNat)
def source(nat: RouterNat, view: View) -> Iterator[Output]:
    at = place(nat, view)
    if at is None or nat.type not in TYPES_OUT:
        return
    priority = Prefix.parse(nat.logical_ip).length + 1 + AT_ONE_CHASSIS
    match = f"ip && {at.family}.src == {nat.logical_ip} && outport == {at.port.quoted} && {at.resident}"
    yield from exempted(nat, ROUTER_OUT.SNAT, priority, match, "dst", view)
    match += allowed(nat, "dst", view)
    if at.stateless:
        actions = f"{at.own_mac}{at.family}.src={nat.external_ip}; next;"
        yield flow(ROUTER_OUT.SNAT, nat.router, priority, Match(match), Actions(actions), nat.uuid)
        return
    outside = translated(nat, nat.external_ip)
    actions = f"{at.own_mac}ct_snat_in_czone({outside});"
    yield flow(ROUTER_OUT.SNAT, nat.router, priority, Match(match), Actions(actions), nat.uuid)
    looped = Match(f"{match} && {DST_NAT_IP_LOCAL} == 1")
    actions = f"{at.own_mac}{DST_NAT_IP_LOCAL} = 0; ct_snat({outside});"
    yield flow(ROUTER_OUT.SNAT, nat.router, priority + 1, looped, Actions(actions), nat.uuid)


@rule(RouterNat)
def stay_here(nat: RouterNat, view: View) -> Iterator[Output]:
    """What a distributed floating IP sends leaves from its own chassis, not from the gateway's."""
    at = place(nat, view)
    if at is None or not nat.distributed:
        return
    source_register = SOURCE_IPV6 if nat.is_ipv6 else SOURCE_IPV4
    match = Match(f"{at.family}.src == {nat.logical_ip} && outport == {at.port.quoted} && {at.resident}")
    actions = Actions(f"eth.src = {nat.external_mac}; {source_register} = {nat.external_ip}; next;")
    yield flow(ROUTER_IN.GW_REDIRECT, nat.router, 100, match, actions, nat.uuid)


RULES = (as_it_is, translated_here, undo_dnat, source, stay_here)
