"""What facts could not be made of is told with the rest; and what rows ask for that no rule makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.northbound.schema import LogicalRouter, LogicalSwitch, NBGlobal

UNPROTECTED: Final = "copp: what packets may cost the controller is not limited"
UNSAMPLED: Final = "options:debug_drop_collector_set: dropped packets are not sampled"


@rule(Problem)
def problem_of_a_fact(problem: Problem, view: View) -> Iterator[Output]:
    yield problem


@rule(LogicalSwitch)
def unprotected_switch(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    if switch.copp is not None:
        yield Problem(table="Logical_Switch", row=switch.uuid, message=UNPROTECTED)


@rule(LogicalRouter)
def unprotected_router(router: LogicalRouter, view: View) -> Iterator[Output]:
    if router.copp is not None:
        yield Problem(table="Logical_Router", row=router.uuid, message=UNPROTECTED)


@rule(NBGlobal)
def unsampled(row: NBGlobal, view: View) -> Iterator[Output]:
    if row.options.get("debug_drop_collector_set", "0") != "0":
        yield Problem(table="NB_Global", row=row.uuid, message=UNSAMPLED)


RULES = (problem_of_a_fact, unsampled, unprotected_switch, unprotected_router)
