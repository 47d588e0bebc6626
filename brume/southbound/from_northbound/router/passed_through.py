"""Stages of features that are not compiled: packets pass through them. What asks for such a feature is told so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.northbound.schema import LogicalRouter
from brume.southbound.from_northbound.flows import default
from brume.southbound.pipeline import ROUTER_IN
from brume.tables.row import Member

EMPTY_STAGES: Final = (
    ROUTER_IN.LB_AFF_CHECK,
    ROUTER_IN.LB_AFF_LEARN,
    ROUTER_IN.ECMP_STATEFUL,
    ROUTER_IN.DEFRAG,
)


@rule(LogicalRouter)
def passed_through(router: LogicalRouter, view: View) -> Iterator[Output]:
    for stage in EMPTY_STAGES:
        yield default(stage, router.uuid)


@rule(LogicalRouter.load_balancer)
def load_balancer(member: Member, view: View) -> Iterator[Output]:
    yield Problem(table="Load_Balancer", row=str(member.child), message="load balancing is not compiled")


RULES = (passed_through, load_balancer)
