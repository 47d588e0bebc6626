"""Out of the port."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, derived, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter
from brume.southbound.from_northbound.facts.ports import RouterPort
from brume.southbound.from_northbound.facts.settings import is_true
from brume.southbound.from_northbound.flows import DROP, default, flow
from brume.southbound.pipeline import ROUTER_OUT

STAGE = ROUTER_OUT.DELIVERY


@derived
def relays_multicast(view: View, router: str) -> bool:
    """Whether the router passes multicast on (`mcast_relay`)."""
    row = view.get(LogicalRouter, router)
    return row is not None and is_true(row.options, "mcast_relay", False)


@rule(RouterPort)
def deliver(port: RouterPort, view: View) -> Iterator[Output]:
    if not port.enabled:
        return
    yield default(STAGE, port.router, DROP)
    yield flow(STAGE, port.router, 100, Match(f"outport == {port.quoted}"), Actions("output;"))
    if relays_multicast(view, port.router):
        match = Match(f"(ip4.mcast || ip6.mcast) && outport == {port.quoted}")
        yield flow(STAGE, port.router, 110, match, Actions(f"eth.src = {port.mac}; output;"))


RULES = (deliver,)
