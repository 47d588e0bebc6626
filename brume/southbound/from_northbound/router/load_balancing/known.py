"""Connections of a router that have a backend already, and errors that belong to them (lr_in_dnat).

What becomes of their source was decided with their first packet, and stands in the connection's mark.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter
from brume.southbound.from_northbound.facts.balanced import balances
from brume.southbound.from_northbound.flows import flow
from brume.southbound.from_northbound.router.nat.gateway_router import through_tracking
from brume.southbound.from_northbound.router.nat.places import is_gateway_router
from brume.southbound.pipeline import ROUTER_IN

KINDS: Final = (
    ("ct.rel && !ct.est && !ct.new", "ct_commit_nat;"),
    ("ct.est && !ct.rel && !ct.new && ct_mark.natted", "next;"),
)
"""Errors that belong to a connection are translated as it is; its own packets have been, by being tracked."""


@rule(LogicalRouter)
def known(router: LogicalRouter, view: View) -> Iterator[Output]:
    if not balances(view, router.uuid):
        return
    for match, actions in KINDS:
        for flag in ("skip_snat", "force_snat"):
            marked = Match(f"{match} && ct_mark.{flag} == 1")
            yield flow(ROUTER_IN.DNAT, router.uuid, 70, marked, Actions(f"flags.{flag}_for_lb = 1; {actions}"))
        yield flow(ROUTER_IN.DNAT, router.uuid, 50, Match(match), Actions(actions))
    if is_gateway_router(view, router.uuid):
        yield from through_tracking(router.uuid)


RULES = (known,)
