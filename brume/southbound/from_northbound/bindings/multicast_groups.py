"""Multicast_Group: whom a flood in a switch reaches.

A group is there as long as it has ports. Its ports are members: one more port is one more member.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.southbound.from_northbound.facts.ports import (
    FLOODED,
    FLOODED_L2,
    REPORTS,
    STATIC,
    UNKNOWN,
    SwitchHas,
    SwitchPort,
)
from brume.southbound.schema import MulticastGroup
from brume.tables.row import Member
from brume.values.uuids import derive_uuid


class Group(NamedTuple):
    """A multicast group that OVN gives a fixed name and number."""

    name: str
    tunnel_key: int


FLOOD: Final = Group("_MC_flood", 32768)
"""All enabled ports."""
UNKNOWN_GROUP: Final = Group("_MC_unknown", 32769)
"""Ports behind which any MAC may be."""
MROUTER_FLOOD_GROUP: Final = Group("_MC_mrouter_flood", 32770)
"""Ports that get all multicast reports."""
STATIC_GROUP: Final = Group("_MC_static", 32771)
"""Ports that get all multicast."""
FLOOD_L2_GROUP: Final = Group("_MC_flood_l2", 32772)
"""All enabled ports but those to routers."""

_GROUPS: Final = {
    FLOODED: FLOOD,
    FLOODED_L2: FLOOD_L2_GROUP,
    UNKNOWN: UNKNOWN_GROUP,
    REPORTS: MROUTER_FLOOD_GROUP,
    STATIC: STATIC_GROUP,
}


@lru_cache(maxsize=65536)
def group_uuid(datapath: str, name: str) -> str:
    """The uuid of a datapath's multicast group."""
    return derive_uuid("Multicast_Group", datapath, name)


@rule(SwitchHas)
def switch_group(fact: SwitchHas, view: View) -> Iterator[Output]:
    group = _GROUPS.get(fact.what)
    if group is not None:
        yield MulticastGroup(
            uuid=group_uuid(fact.switch, group.name),
            datapath=fact.switch,
            name=group.name,
            tunnel_key=group.tunnel_key,
        )


@rule(SwitchPort)
def switch_group_ports(port: SwitchPort, view: View) -> Iterator[Output]:
    for what in port.floods:
        yield Member(MulticastGroup.ports, group_uuid(port.switch, _GROUPS[what].name), port.uuid)


RULES = (switch_group, switch_group_ports)
