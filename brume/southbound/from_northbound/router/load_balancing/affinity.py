"""Affinity of load balancers on routers: which registers it uses there."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.northbound.schema import LogicalRouter
from brume.southbound.from_northbound.affinity import Affinity, affinity
from brume.southbound.from_northbound.facts.balanced import VipOnRouter
from brume.southbound.from_northbound.facts.load_balancers import BalancedVip
from brume.southbound.from_northbound.flows import default
from brume.southbound.from_northbound.router.load_balancing.choice import asked
from brume.southbound.from_northbound.router.nat.force_snat import forced
from brume.southbound.pipeline import ROUTER_IN
from brume.southbound.registers import (
    BACKEND_IPV4,
    NEXT_HOP_IPV4,
    NEXT_HOP_IPV6,
    ROUTER_BACKEND_IPV6,
    ROUTER_ORIGINAL_PORT,
)


@rule(LogicalRouter)
def no_affinity(router: LogicalRouter, view: View) -> Iterator[Output]:
    yield default(ROUTER_IN.LB_AFF_CHECK, router.uuid)
    yield default(ROUTER_IN.LB_AFF_LEARN, router.uuid)


@rule(VipOnRouter)
def router_affinity(placement: VipOnRouter, view: View) -> Iterator[Output]:
    vip, router = view.get(BalancedVip, (placement.balancer, placement.vip)), placement.router
    if vip is None or not vip.affinity:
        return
    # Unlike for the choice itself, the router's address goes before the load balancer's wish to keep the source.
    flag = "force_snat" if forced(view, router, "lb") else "skip_snat" if vip.skips_snat else ""
    address = str(NEXT_HOP_IPV6 if vip.is_ipv6 else NEXT_HOP_IPV4)
    port = f"{ROUTER_ORIGINAL_PORT} = {vip.protocol}.dst; " if vip.to.port else ""
    how = Affinity(
        check=ROUTER_IN.LB_AFF_CHECK,
        choose=ROUTER_IN.DNAT,
        learn=ROUTER_IN.LB_AFF_LEARN,
        asked=asked(vip),
        remember=f"{address} = {vip.family}.dst; {port}",
        before=f"{address} = {vip.to.address}; " + (f"flags.{flag}_for_lb = 1; " if flag else ""),
        address=address,
        port=str(ROUTER_ORIGINAL_PORT),
        backend=str(ROUTER_BACKEND_IPV6 if vip.is_ipv6 else BACKEND_IPV4),
        flag=flag,
    )
    yield from affinity(vip, router, how)


RULES = (no_affinity, router_affinity)
