"""Multicast snooping: a switch that snoops sends a group's packets only to who joined it.

Without it multicast is flooded (`l2_lookup`). Reports and queries go to the chassis, which learns from them. What
everybody must hear is flooded still (224.0.0.0/24, RFC 4541 section 2.1.2; reserved groups, RFC 4291 section 2.7.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalSwitch
from brume.southbound.allocation import TunnelKey
from brume.southbound.from_northbound.bindings.multicast_groups import (
    FLOOD,
    FLOOD_L2_GROUP,
    MROUTER_FLOOD_GROUP,
    STATIC_GROUP,
)
from brume.southbound.from_northbound.facts.multicast import RELAY, JoinedGroup, snooping
from brume.southbound.from_northbound.facts.ports import STATIC
from brume.southbound.from_northbound.flows import DROP, flow, switch_has
from brume.southbound.pipeline import SWITCH_IN
from brume.values.address import parse_address
from brume.values.prefix import Prefix

STAGE: Final = SWITCH_IN.L2_LKUP
LEARN: Final = Actions("igmp;")
RELAYED: Final = f'clone {{ outport = "{MROUTER_FLOOD_GROUP.name}"; output; }};'
TO_ALL: Final = f'outport ="{STATIC_GROUP.name}"; output;'
LINK_LOCAL: Final = Prefix.parse("224.0.0.0/24")
FOR_EVERYBODY: Final = ("ff01::1", "ff02::1", "ff01::2", "ff02::2", "ff05::2")
"""All hosts, all routers: never a group of its own."""


@rule(LogicalSwitch)
def snoop(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    datapath = switch.uuid
    told = snooping(view, datapath)
    if not told.enabled:
        return
    yield flow(STAGE, datapath, 100, Match("igmp"), LEARN)
    yield flow(STAGE, datapath, 100, Match("mldv1 || mldv2"), LEARN)
    local = Actions(f'outport = "{FLOOD_L2_GROUP.name}"; output;')
    yield flow(STAGE, datapath, 85, Match("ip4.mcast && ip4.dst == 224.0.0.0/24"), local)
    yield flow(STAGE, datapath, 85, Match("ip6.mcast_flood"), Actions(f'outport = "{FLOOD.name}"; output;'))
    if not told.flood_unregistered:
        relayed = f"{RELAYED} " if switch_has(view, datapath, RELAY) else ""
        rest = relayed + (TO_ALL if switch_has(view, datapath, STATIC) else "")
        yield flow(STAGE, datapath, 80, Match("ip4.mcast || ip6.mcast"), Actions(rest) if rest else DROP)


@rule(JoinedGroup)
def to_who_joined(joined: JoinedGroup, view: View) -> Iterator[Output]:
    if view.get(TunnelKey, joined.group) is None or _is_for_everybody(joined.address):
        return
    relayed = RELAYED if switch_has(view, joined.switch, RELAY) else ""
    always = f"clone {{ {TO_ALL} }};" if switch_has(view, joined.switch, STATIC) else ""
    family = "ip6" if ":" in joined.address else "ip4"
    match = Match(f"eth.mcast && {family} && {family}.dst == {joined.address} ")  # northd's space
    actions = Actions(f'{relayed}{always}outport = "{joined.address}"; output; ')
    yield flow(STAGE, joined.switch, 90, match, actions)


def _is_for_everybody(address: str) -> bool:
    return address in FOR_EVERYBODY if ":" in address else parse_address(address) in LINK_LOCAL


RULES = (snoop, to_who_joined)
