"""Take only what is addressed to the router: to the MAC of the port it came in by, or to many.

The MAC of the port is kept, so that answers need not ask again by which port the packet came.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter
from brume.southbound.from_northbound.facts.ports import RouterPort
from brume.southbound.from_northbound.flows import DROP, default, flow
from brume.southbound.from_northbound.router.packet_length import measured
from brume.southbound.from_northbound.router.ports import resident
from brume.southbound.pipeline import ROUTER_IN
from brume.southbound.registers import INPORT_MAC

STAGE = ROUTER_IN.ADMISSION
NEVER = Match("vlan.present || eth.src[40]")
"""A VLAN tag, or a source MAC that is a group's (IEEE 802.3, 3.2.3)."""


@rule(LogicalRouter)
def not_for_us(router: LogicalRouter, view: View) -> Iterator[Output]:
    yield flow(STAGE, router.uuid, 100, NEVER, DROP)
    yield default(STAGE, router.uuid, DROP)


@rule(RouterPort)
def for_us(port: RouterPort, view: View) -> Iterator[Output]:
    if not port.enabled:
        return
    keep = f"{INPORT_MAC} = {port.mac}; next;"
    yield from measured(port, STAGE, f"eth.mcast && inport == {port.quoted}", keep, port.uuid)
    yield from measured(
        port, STAGE, f"eth.dst == {port.mac} && inport == {port.quoted}{resident(port)}", keep, port.uuid
    )


RULES = (not_for_us, for_us)
