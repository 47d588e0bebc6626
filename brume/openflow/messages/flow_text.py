"""Flows as `ovs-ofctl dump-flows` prints them, and read back from such a dump or from `add-flow` lines.

    format_flow(flow)                        `cookie=0x12, table=8, priority=100,ip actions=resubmit(,9)`  (--no-stats)
    format_flow(flow, Shown(...))            ` cookie=0x12, duration=1.5s, table=8, n_packets=0, ...`

ovs-ofctl writes the actions in the words of the protocol version it speaks; see `versions.py`.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from brume.openflow.messages.action_parse import parse_actions
from brume.openflow.messages.action_text import format_actions
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.flow import Flow
from brume.openflow.messages.match import Match
from brume.openflow.messages.match_text import DEFAULT_PRIORITY, add_part, format_match
from brume.openflow.messages.ports import PortNames

_FLAGS: Final = ("send_flow_rem", "check_overlap", "reset_counts", "no_packet_counts", "no_byte_counts")
_IGNORED: Final = ("duration", "n_packets", "n_bytes", "idle_age", "hard_age", "importance")


class Shown(msgspec.Struct, frozen=True):
    """The statistics part of a dump, as far as the switch tells it (ages are left out when None)."""

    duration: float = 0.0
    packets: int = 0
    bytes: int = 0
    idle_age: int | None = None
    hard_age: int | None = None


def format_duration(seconds: float) -> str:
    """`12s` or `1.500s`: whole seconds without a fraction, else milliseconds, as Open vSwitch does it."""
    milliseconds = round(seconds * 1000)
    return f"{milliseconds // 1000}s" if milliseconds % 1000 == 0 else f"{milliseconds / 1000:.3f}s"


def format_flow(flow: Flow, shown: Shown | None = None, names: PortNames | None = None) -> str:
    """One line of a dump, without the leading space."""
    head = []
    if shown is not None or flow.cookie:
        head.append(f"cookie={flow.cookie:#x}")
    if shown is not None:
        head.append(f"duration={format_duration(shown.duration)}")
    if shown is not None or flow.table:
        head.append(f"table={flow.table}")
    if shown is not None:
        head += [f"n_packets={shown.packets}", f"n_bytes={shown.bytes}"]
    if flow.idle_timeout:
        head.append(f"idle_timeout={flow.idle_timeout}")
    if flow.hard_timeout:
        head.append(f"hard_timeout={flow.hard_timeout}")
    flags = "".join(f"{name} " for name in _FLAGS if name in flow.flags)
    ages = []
    if shown is not None:
        if shown.idle_age is not None:
            ages.append(f"idle_age={shown.idle_age}, ")
        if shown.hard_age is not None and shown.hard_age != int(shown.duration):
            ages.append(f"hard_age={shown.hard_age}, ")
    match = format_match(flow.match, flow.priority, names)
    text = "".join(f"{part}, " for part in head) + flags + "".join(ages) + match + (" " if match else "")
    return f"{text}actions={format_actions(flow.actions, names)}"


_SEPARATOR: Final = re.compile(r'[, \n]*((?:[^",\s]|"(?:[^"\\]|\\.)*")+)')


def parse_flow(text: str, names: PortNames | None = None) -> Flow:
    """The flow one line means: a dump's line (statistics are skipped) or what one gives to add-flow."""
    head, actions_word, actions = text.strip().partition("actions=")
    if not actions_word:
        raise OpenFlowError(f"{text}: must specify an action")
    table, priority, match = 0, DEFAULT_PRIORITY, Match()
    cookie = idle = hard = 0
    flags = []
    for part in _SEPARATOR.findall(head):
        name, _, value = part.partition("=")
        if name == "table":
            table = int(value)
        elif name == "priority":
            priority = int(value)
        elif name == "cookie":
            cookie = int(value, 0)
        elif name == "idle_timeout":
            idle = int(value)
        elif name == "hard_timeout":
            hard = int(value)
        elif name in _FLAGS:
            flags.append(name)
        elif name not in _IGNORED:
            match = add_part(match, part, names)
    return Flow(table, priority, match, parse_actions(actions, names), cookie, idle, hard, tuple(flags))
