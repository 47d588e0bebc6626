"""Track what is for a virtual address (lr_in_defrag); give a new connection to it a backend (lr_in_dnat).

On a router with gateway ports that is done on the chassis of the first of them, and a flow for the replies of the
backends leads them by connection tracking there (lr_out_undnat).
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter
from brume.southbound.from_northbound.balancing import Flag, choice, event, priority_of, tells
from brume.southbound.from_northbound.facts.balanced import BalancerPlacement, VipOnRouter, balances, skips_snat
from brume.southbound.from_northbound.facts.load_balancers import BalancedVip
from brume.southbound.from_northbound.facts.nat import nats_by_address
from brume.southbound.from_northbound.facts.ports import RouterPort, gateways_of
from brume.southbound.from_northbound.flows import NEXT, default, flow
from brume.southbound.from_northbound.router.nat.force_snat import forced
from brume.southbound.pipeline import ROUTER_IN, ROUTER_OUT


@rule(LogicalRouter)
def no_tracking(router: LogicalRouter, view: View) -> Iterator[Output]:
    yield default(ROUTER_IN.DEFRAG, router.uuid)
    if balances(view, router.uuid) and len(gateways_of(view, router.uuid)) > 1:
        message = "load balancers are compiled for the first of several gateway ports only"
        yield Problem(table="Logical_Router", row=router.uuid, message=message)


def asked(vip: BalancedVip) -> str:
    """The match of a new connection to a virtual address."""
    port = f" && {vip.protocol} && {vip.protocol}.dst == {vip.to.port}" if vip.to.port else ""
    return f"ct.new && !ct.rel && {vip.family} && {vip.family}.dst == {vip.to.address}{port}"


def flag_of(vip: BalancedVip, router: str, view: View) -> Flag:
    """What happens to the source of connections that are balanced."""
    if vip.skips_snat:
        return "skip_snat"
    return "force_snat" if forced(view, router, "lb") else ""


@rule(VipOnRouter)
def balance(placement: VipOnRouter, view: View) -> Iterator[Output]:
    vip, router = view.get(BalancedVip, (placement.balancer, placement.vip)), placement.router
    if vip is None:
        return
    match = Match(f"ip && {vip.family}.dst == {vip.to.address}")
    yield flow(ROUTER_IN.DEFRAG, router, 100, match, Actions("ct_dnat;"), vip.balancer)
    gateway = next(iter(gateways_of(view, router)), None)
    flag = flag_of(vip, router, view)
    here = ""
    if gateway is not None and (vip.backends or not vip.rejects):
        here = f" && is_chassis_resident({gateway.redirect})"
    actions = Actions(choice(vip, view).on_router(flag))
    yield flow(ROUTER_IN.DNAT, router, priority_of(vip), Match(f"{asked(vip)}{here}"), actions, vip.balancer)
    if gateway is not None and vip.backends:
        yield _replies(vip, router, gateway, flag)
    if tells(vip, view):
        yield flow(ROUTER_IN.DNAT, router, 130, *event(vip), vip.balancer)


def _replies(vip: BalancedVip, router: str, gateway: RouterPort, flag: Flag) -> Output:
    """What backends send goes through connection tracking where it leaves."""
    each = [
        f"({vip.family}.src == {backend.address}"
        + (f" && {vip.protocol}.src == {backend.port})" if backend.port else ")")
        for backend in vip.backends
    ]
    match = (
        f"{vip.family} && ({' || '.join(each)}) && outport == {gateway.quoted} && "
        f"is_chassis_resident({gateway.redirect})"
    )
    actions = f"flags.{flag}_for_lb = 1; next;" if flag else "ct_dnat_in_czone;"
    return flow(ROUTER_OUT.UNDNAT, router, 120, Match(match), Actions(actions), vip.balancer)


@rule(VipOnRouter)
def shared_with_translation(placement: VipOnRouter, view: View) -> Iterator[Output]:
    """An address that is a translation's too: what is for the load balancer goes past undoing of SNAT."""
    vip, router = view.get(BalancedVip, (placement.balancer, placement.vip)), placement.router
    if vip is None or not view.find(nats_by_address, (router, vip.to.address)):
        return
    port = f" && {vip.protocol}.dst == {vip.to.port}" if vip.to.port else ""
    match = Match(f"{vip.family} && {vip.family}.dst == {vip.to.address} && {vip.protocol}{port}")
    yield flow(ROUTER_IN.UNSNAT, router, 120, match, NEXT, vip.balancer)


@rule(BalancerPlacement)
def skip_snat(placement: BalancerPlacement, view: View) -> Iterator[Output]:
    if placement.kind == "router" and skips_snat(view, placement.balancer):
        match = Match("flags.skip_snat_for_lb == 1 && ip")
        yield flow(ROUTER_OUT.SNAT, placement.datapath, 120, match, NEXT)


RULES = (no_tracking, balance, shared_with_translation, skip_snat)
