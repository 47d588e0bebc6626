"""The same actions in the words of another protocol version.

A switch keeps what it was given and reports it in the version it is asked in. ovn-controller installs with OpenFlow
1.5, where set_field may have a mask; `ovs-ofctl dump-flows` asks in 1.0, where set_field does not exist and shows as
mod_dl_src, mod_nw_dst ... or as loads of at most 64 adjacent bits. Source: Open vSwitch 3.1 lib/ofp-actions.c.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from brume.openflow.messages import actions as a
from brume.openflow.messages.fields import Field, Subfield
from brume.openflow.messages.flow import Flow

OPENFLOW_10: Final = 0x01
OPENFLOW_13: Final = 0x04
OPENFLOW_15: Final = 0x06

_LEGACY: Final = {
    "eth_src": "mod_dl_src",
    "eth_dst": "mod_dl_dst",
    "ip_src": "mod_nw_src",
    "ip_dst": "mod_nw_dst",
    "nw_tos": "mod_nw_tos",
    "ip_dscp": "mod_nw_tos",
    "tcp_src": "mod_tp_src",
    "tcp_dst": "mod_tp_dst",
    "udp_src": "mod_tp_src",
    "udp_dst": "mod_tp_dst",
}


def flow_in_version(flow: Flow, version: int) -> Flow:
    """The flow as a switch reports it to somebody who speaks `version`."""
    actions = actions_in_version(flow.actions, version)
    return flow if actions == flow.actions else msgspec.structs.replace(flow, actions=actions)


def actions_in_version(actions: a.Actions, version: int) -> a.Actions:
    """Actions as reported in a version; what the version cannot say at all (meter in 1.0) is left out."""
    return tuple(said for action in actions for said in _say(action, version))


def _say(action: a.Action, version: int) -> Iterator[a.Action]:
    match action:
        case a.SetField():
            yield from _set_field(action, version)
        case a.Load(destination, value) if version >= OPENFLOW_15:
            field = destination.field
            ones = ((1 << destination.width) - 1) << destination.start
            yield a.SetField(field, value << destination.start, None if destination.whole else ones)
        case a.Clone(inner):
            yield a.Clone(actions_in_version(inner, version))
        case a.WriteActions(inner):
            yield a.WriteActions(actions_in_version(inner, version))
        case a.Ct() if action.exec:
            yield msgspec.structs.replace(action, exec=actions_in_version(action.exec, version))
        case a.PopVlan():
            yield a.PopVlan(legacy=version == OPENFLOW_10)
        case a.Meter() if version < OPENFLOW_13:
            return
        case _:
            yield action


def _set_field(action: a.SetField, version: int) -> Iterator[a.Action]:
    field = action.field
    if version >= OPENFLOW_15 or (version >= OPENFLOW_13 and action.mask is None) or field.name == "tun_metadata0":
        yield action
    elif version == OPENFLOW_10 and field.name in _LEGACY:
        shifted = action.value << 2 if field.name == "ip_dscp" else action.value
        yield a.LegacySet(_LEGACY[field.name], shifted)
    else:
        yield from _loads(field, action.value, (1 << field.width) - 1 if action.mask is None else action.mask)


def _loads(field: Field, value: int, mask: int) -> Iterator[a.Load]:
    """One load per run of adjacent bits, lowest first, of at most 64 bits."""
    start = 0
    while mask:
        skip = (mask & -mask).bit_length() - 1
        start += skip
        mask >>= skip
        width = min(((mask + 1) & -(mask + 1)).bit_length() - 1, 64)
        yield a.Load(Subfield(field, start, width), (value >> start) & ((1 << width) - 1))
        start += width
        mask >>= width
