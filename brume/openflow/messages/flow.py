"""One flow: where it sits, what it matches, what it does, and which logical flow it came from.

Counters are not part of a flow (the switch keeps them beside it): a flow is a value, equal when it says the same.
`identity` is what a switch replaces by: table, priority, match.
"""

from __future__ import annotations

import msgspec

from brume.openflow.messages.actions import Actions
from brume.openflow.messages.match import EVERYTHING, Match
from brume.openflow.messages.match_text import DEFAULT_PRIORITY

FlowIdentity = tuple[int, int, int, int]  # table, priority, mask, value


class Flow(msgspec.Struct, frozen=True, gc=False):
    """A flow entry; `cookie` is the first 32 bits of the logical flow's uuid when OVN's compiler made it."""

    table: int = 0
    priority: int = DEFAULT_PRIORITY
    match: Match = EVERYTHING
    actions: Actions = ()
    cookie: int = 0
    idle_timeout: int = 0
    hard_timeout: int = 0
    flags: tuple[str, ...] = ()  # send_flow_rem, check_overlap, reset_counts, no_packet_counts, no_byte_counts

    @property
    def identity(self) -> FlowIdentity:
        return (self.table, self.priority, self.match.mask, self.match.value)


class FlowCounters(msgspec.Struct):
    """What a switch counts for one flow; times are its clock's seconds."""

    packets: int = 0
    bytes: int = 0
    created: float = 0.0
    used: float = 0.0
