"""Affinity of load balancers on switches: which registers it uses there."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.northbound.schema import LogicalSwitch
from brume.southbound.from_northbound.affinity import Affinity, affinity
from brume.southbound.from_northbound.facts.balanced import VipOnSwitch
from brume.southbound.from_northbound.facts.load_balancers import BalancedVip
from brume.southbound.from_northbound.flows import default
from brume.southbound.from_northbound.switch.load_balancing import original
from brume.southbound.pipeline import SWITCH_IN
from brume.southbound.registers import (
    BACKEND_IPV4,
    CONNTRACK_COMMIT,
    ORIGINAL_IPV4,
    ORIGINAL_IPV6,
    ORIGINAL_PORT,
    SWITCH_BACKEND_IPV6,
)


@rule(LogicalSwitch)
def no_affinity(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    yield default(SWITCH_IN.LB_AFF_CHECK, switch.uuid)
    yield default(SWITCH_IN.LB_AFF_LEARN, switch.uuid)


@rule(VipOnSwitch)
def switch_affinity(placement: VipOnSwitch, view: View) -> Iterator[Output]:
    vip = view.get(BalancedVip, (placement.balancer, placement.vip))
    if vip is None or not vip.affinity:
        return
    address = str(ORIGINAL_IPV6 if vip.is_ipv6 else ORIGINAL_IPV4)
    port = f" && {ORIGINAL_PORT} == {vip.to.port}" if vip.to.port else ""
    how = Affinity(
        check=SWITCH_IN.LB_AFF_CHECK,
        choose=SWITCH_IN.LB,
        learn=SWITCH_IN.LB_AFF_LEARN,
        asked=f"ct.new && {vip.family} && {address} == {vip.to.address}{port}",
        remember="",
        before=f"{CONNTRACK_COMMIT} = 0; {original(vip)}",
        address=address,
        port=str(ORIGINAL_PORT),
        backend=str(SWITCH_BACKEND_IPV6 if vip.is_ipv6 else BACKEND_IPV4),
        flag="",
    )
    yield from affinity(vip, placement.switch, how)


RULES = (no_affinity, switch_affinity)
