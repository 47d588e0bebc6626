"""Flows every chassis has, whatever the network: how tables lead on by default (ovn-controller's physical_run)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.openflow.chassis.common import forget_registers, physical
from brume.openflow.chassis.rows import Here
from brume.openflow.messages.actions import Actions, Resubmit
from brume.openflow.messages.match import EVERYTHING, Match, make_match
from brume.openflow.registers import FLAGS, Flag
from brume.openflow.tables import Table

REMOTE: Final[Actions] = (Resubmit(Table.REMOTE_OUTPUT),)
LOCAL: Final[Actions] = (Resubmit(Table.LOCAL_OUTPUT),)
DROP: Final[Actions] = ()


def _flags(ones: int, mask: int) -> Match:
    return make_match(**{FLAGS: (ones, mask)})


LOOPBACK: Final = Flag.ALLOW_LOOPBACK.mask
RAMP: Final = Flag.FROM_RAMP_SWITCH.mask
ONLY_HERE: Final = Flag.LOCAL_ONLY.mask

FLOWS: Final[tuple[tuple[Table, int, Match, Actions], ...]] = (
    (Table.PHYSICAL_TO_LOGICAL, 0, EVERYTHING, DROP),
    (Table.LARGE_PACKET_DETECT, 0, EVERYTHING, REMOTE),
    (Table.LARGE_PACKET_PROCESS, 10, _flags(LOOPBACK, LOOPBACK), LOCAL),
    (Table.LARGE_PACKET_PROCESS, 0, EVERYTHING, REMOTE),
    (Table.REMOTE_OUTPUT, 150, _flags(RAMP, RAMP | LOOPBACK), LOCAL),
    (Table.REMOTE_OUTPUT, 150, _flags(ONLY_HERE, ONLY_HERE), LOCAL),
    (Table.REMOTE_OUTPUT, 0, EVERYTHING, LOCAL),
    (Table.LOCAL_OUTPUT, 0, EVERYTHING, DROP),
    (Table.CHECK_LOOPBACK, 0, EVERYTHING, (*forget_registers(), Resubmit(Table.EGRESS))),
    (Table.SAVE_INPORT, 0, EVERYTHING, (Resubmit(Table.LOGICAL_TO_PHYSICAL),)),
    (Table.LOGICAL_TO_PHYSICAL, 0, EVERYTHING, DROP),
)


@rule(Here)
def fixed_flows(_: Here, __: View) -> Iterator[Output]:
    """The defaults."""
    for number, (table, priority, match, actions) in enumerate(FLOWS):
        yield physical("fixed", number, table, priority, match, actions, cookie=0)
