"""Multicast_Group: whom a flood in a switch reaches.

A group is there as long as it has ports. Its ports are members: one more port is one more member.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.southbound.from_northbound.facts.ports import FLOODED, FLOODED_L2, UNKNOWN, SwitchHas, SwitchPort
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
MROUTER_FLOOD: Final = Group("_MC_mrouter_flood", 32770)
"""Ports to multicast routers (multicast snooping and relay are not compiled)."""
STATIC: Final = Group("_MC_static", 32771)
"""Ports that get all multicast (likewise)."""
FLOOD_L2_GROUP: Final = Group("_MC_flood_l2", 32772)
"""All enabled ports but those to routers."""

_GROUPS: Final = {FLOODED: FLOOD, UNKNOWN: UNKNOWN_GROUP, FLOODED_L2: FLOOD_L2_GROUP}


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
    if not port.enabled:
        return
    yield Member(MulticastGroup.ports, group_uuid(port.switch, FLOOD.name), port.uuid)
    if port.type != "router":
        yield Member(MulticastGroup.ports, group_uuid(port.switch, FLOOD_L2_GROUP.name), port.uuid)
    if port.unknown and port.type != "external":
        yield Member(MulticastGroup.ports, group_uuid(port.switch, UNKNOWN_GROUP.name), port.uuid)


RULES = (switch_group, switch_group_ports)
