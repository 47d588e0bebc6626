"""Host to host over floating IPs of one router: what leaves for a translated address comes in again as from outside."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter
from brume.southbound.from_northbound.facts.nat import RouterNat
from brume.southbound.from_northbound.flows import default, flow
from brume.southbound.from_northbound.router.nat.places import place
from brume.southbound.pipeline import ROUTER_IN, ROUTER_OUT
from brume.southbound.registers import DST_NAT_IP_LOCAL, EGRESS_LOOPBACK

STAGE = ROUTER_OUT.EGR_LOOP
LOGICAL_REGISTERS = 10
AGAIN = Actions(
    'clone { ct_clear; inport = outport; outport = ""; eth.dst <-> eth.src; flags = 0; flags.loopback = 1; '
    f"flags.use_snat_zone = {DST_NAT_IP_LOCAL}; "
    + "".join(f"reg{number} = 0; " for number in range(LOGICAL_REGISTERS))
    + f"{EGRESS_LOOPBACK} = 1; next(pipeline=ingress, table={ROUTER_IN.ADMISSION.table}); }};"
)


@rule(LogicalRouter)
def straight_out(router: LogicalRouter, view: View) -> Iterator[Output]:
    yield default(STAGE, router.uuid)


@rule(RouterNat)
def come_in_again(nat: RouterNat, view: View) -> Iterator[Output]:
    at = place(nat, view)
    if at is not None:
        match = Match(f"{at.family}.dst == {nat.external_ip} && outport == {at.port.quoted} && {at.resident}")
        yield flow(STAGE, nat.router, 100, match, AGAIN, nat.uuid)


RULES = (straight_out, come_in_again)
