"""A backend that asks its own load balancer and is chosen itself gets its packet back, from the virtual address.

Such a packet would come with the backend's own address as its source, and the backend would not answer it. So its
source becomes the virtual address, and it leaves by the port it came in by; the answer goes the same way back. The
chassis knows such packets by the southbound's Load_Balancer rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalSwitch
from brume.southbound.from_northbound.facts.balanced import balances
from brume.southbound.from_northbound.flows import default, flow
from brume.southbound.pipeline import SWITCH_IN
from brume.southbound.registers import HAIRPIN, HAIRPIN_REPLY

CHECK: Final = Actions(f"{HAIRPIN} = chk_lb_hairpin(); {HAIRPIN_REPLY} = chk_lb_hairpin_reply(); next;")
BACK: Final = Actions("eth.dst <-> eth.src; outport = inport; flags.loopback = 1; output;")
KNOWN: Final = Actions("ct_snat;")
"""The connection has been translated before."""


@rule(LogicalSwitch)
def hairpin(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    datapath = switch.uuid
    for stage in (SWITCH_IN.PRE_HAIRPIN, SWITCH_IN.NAT_HAIRPIN, SWITCH_IN.HAIRPIN):
        yield default(stage, datapath)
    if not balances(view, datapath):
        return
    yield flow(SWITCH_IN.PRE_HAIRPIN, datapath, 100, Match("ip && ct.trk"), CHECK, datapath)
    fresh = Match(f"ip && ct.new && ct.trk && {HAIRPIN} == 1")
    yield flow(SWITCH_IN.NAT_HAIRPIN, datapath, 100, fresh, Actions("ct_snat_to_vip; next;"), datapath)
    yield flow(
        SWITCH_IN.NAT_HAIRPIN, datapath, 100, Match(f"ip && ct.est && ct.trk && {HAIRPIN} == 1"), KNOWN, datapath
    )
    yield flow(SWITCH_IN.NAT_HAIRPIN, datapath, 90, Match(f"ip && {HAIRPIN_REPLY} == 1"), KNOWN, datapath)
    yield flow(SWITCH_IN.HAIRPIN, datapath, 1, Match(f"({HAIRPIN} == 1 || {HAIRPIN_REPLY} == 1)"), BACK)


RULES = (hairpin,)
