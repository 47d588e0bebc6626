"""To the chassis where the gateway is: what goes out by a gateway port goes to its stand-in first (cr-<port>)."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter
from brume.southbound.from_northbound.facts.ports import RouterPort
from brume.southbound.from_northbound.flows import default, flow
from brume.southbound.pipeline import ROUTER_IN

STAGE = ROUTER_IN.GW_REDIRECT


@rule(LogicalRouter)
def stay(router: LogicalRouter, view: View) -> Iterator[Output]:
    yield default(STAGE, router.uuid)


@rule(RouterPort)
def redirect(port: RouterPort, view: View) -> Iterator[Output]:
    if port.gateway:
        match = Match(f"outport == {port.quoted}")
        yield flow(STAGE, port.router, 50, match, Actions(f"outport = {port.redirect}; next;"), port.uuid)


RULES = (stay, redirect)
