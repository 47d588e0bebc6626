"""Stages of features that are not compiled: packets pass through them. What asks for such a feature is told so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.northbound.schema import LogicalRouter
from brume.southbound.from_northbound.flows import default
from brume.southbound.pipeline import ROUTER_IN

EMPTY_STAGES: Final = (ROUTER_IN.ECMP_STATEFUL,)


@rule(LogicalRouter)
def passed_through(router: LogicalRouter, view: View) -> Iterator[Output]:
    for stage in EMPTY_STAGES:
        yield default(stage, router.uuid)


RULES = (passed_through,)
