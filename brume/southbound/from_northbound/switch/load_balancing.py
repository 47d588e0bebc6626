"""Load balancing on a switch: a new connection to a virtual address is given a backend (ls_in_lb).

All packets of a switch with load balancers go through connection tracking (`tracking.py`), which takes those of known
connections to the backend that was chosen. The address that a packet was sent to is kept in registers, because its
backend may be its sender (`hairpin.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalSwitch
from brume.southbound.from_northbound.balancing import choice, event, priority_of, tells
from brume.southbound.from_northbound.facts.balanced import VipOnSwitch
from brume.southbound.from_northbound.facts.load_balancers import BalancedVip
from brume.southbound.from_northbound.flows import default, flow
from brume.southbound.pipeline import SWITCH_IN
from brume.southbound.registers import CONNTRACK_COMMIT, CONNTRACK_NAT, ORIGINAL_IPV4, ORIGINAL_IPV6, ORIGINAL_PORT


@rule(LogicalSwitch)
def no_balancing(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    yield default(SWITCH_IN.LB, switch.uuid)


def original(vip: BalancedVip) -> str:
    """Keep the address, and the port, that the packet was sent to."""
    address = ORIGINAL_IPV6 if vip.is_ipv6 else ORIGINAL_IPV4
    port = f"{ORIGINAL_PORT} = {vip.to.port}; " if vip.to.port else ""
    return f"{address} = {vip.to.address}; {port}"


@rule(VipOnSwitch)
def balance(placement: VipOnSwitch, view: View) -> Iterator[Output]:
    vip = view.get(BalancedVip, (placement.balancer, placement.vip))
    if vip is None:
        return
    datapath, address, port = placement.switch, f"{vip.family}.dst == {vip.to.address}", ""
    if vip.to.port:
        port = f" && {vip.protocol}.dst == {vip.to.port}"
    known = Match(f"{CONNTRACK_NAT} == 1 && {address}{port}")
    yield flow(SWITCH_IN.PRE_STATEFUL, datapath, 120, known, Actions(f"{original(vip)}ct_lb_mark;"), vip.balancer)
    # The choice commits the connection itself: a later stage must not do it again.
    actions = choice(vip, view).on_switch(f"{CONNTRACK_COMMIT} = 0; ")
    yield flow(
        SWITCH_IN.LB, datapath, priority_of(vip), Match(f"ct.new && {address}{port}"), Actions(actions), vip.balancer
    )
    if tells(vip, view):
        yield flow(SWITCH_IN.PRE_LB, datapath, 130, *event(vip), vip.balancer)


RULES = (no_balancing, balance)
