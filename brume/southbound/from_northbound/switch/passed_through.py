"""Features that are not compiled. What asks for such a feature is told so."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.northbound.schema import LogicalSwitch


@rule(LogicalSwitch)
def multicast_snooping(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    if switch.other_config.get("mcast_snoop") == "true":
        message = "mcast_snoop: multicast snooping is not compiled; multicast is flooded"
        yield Problem(table="Logical_Switch", row=switch.uuid, message=message)


RULES = (
    multicast_snooping,
)
