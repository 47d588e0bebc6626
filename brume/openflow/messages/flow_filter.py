"""Which flows of a dump are wanted, in the words of ovs-ofctl's dump-flows: `table=8,ip,nw_dst=10.0.0.0/8`.

wanted = parse_flow_filter("table=8,metadata=0x2")
wanted.lets_through(flow)        the flow is in that table, and its match is at least as narrow
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.flow import Flow
from brume.openflow.messages.match import EVERYTHING, Match
from brume.openflow.messages.match_text import add_part

_ALL_BITS: Final = (1 << 64) - 1
_MOST_TABLES: Final = 255


class FlowFilter(msgspec.Struct, frozen=True):
    """What a wanted flow has; nothing is asked where a field is None."""

    table: int | None = None
    priority: int | None = None
    cookie: int = 0
    cookie_mask: int = 0
    match: Match = EVERYTHING

    def lets_through(self, flow: Flow) -> bool:
        """Whether a flow is wanted."""
        return (
            self.table in (None, flow.table)
            and self.priority in (None, flow.priority)
            and not (flow.cookie ^ self.cookie) & self.cookie_mask
            and flow.match.mask & self.match.mask == self.match.mask
            and flow.match.value & self.match.mask == self.match.value
        )


def parse_flow_filter(text: str) -> FlowFilter:
    """The filter one types; OpenFlowError says what is wrong with it."""
    table = priority = None
    cookie = cookie_mask = 0
    match = EVERYTHING
    for part in re.findall(r"[^,\s]+", text):
        name, _, value = part.partition("=")
        if name == "table":
            table = _number(name, value, _MOST_TABLES)
        elif name == "priority":
            priority = _number(name, value, 0xFFFF)
        elif name == "cookie":
            first, _, mask = value.partition("/")
            cookie = _number(name, first, _ALL_BITS)
            cookie_mask = _ALL_BITS if mask in ("", "-1") else _number(name, mask, _ALL_BITS)
        else:
            match = add_part(match, part)
    return FlowFilter(table, priority, cookie, cookie_mask, match)


def _number(name: str, text: str, most: int) -> int:
    try:
        number = int(text, 0)
    except ValueError:
        number = -1
    if not 0 <= number <= most:
        raise OpenFlowError(f"{name}={text}: not a number from 0 to {most:#x}")
    return number
