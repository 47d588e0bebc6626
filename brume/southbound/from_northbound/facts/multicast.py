"""Multicast snooping: what a switch is told of it, and who has joined which group.

Chassis see hosts join and leave (IGMP, MLD) and write IGMP_Group rows; `joined` copies them to here. A group of a
switch needs a number, as a port does; its flow and its multicast group are made elsewhere.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from brume.derive.rules import Output, derived, rule
from brume.derive.view import View
from brume.northbound.schema import LogicalRouter, LogicalSwitch, LogicalSwitchPort, router_port_by_name
from brume.southbound.allocation import KeyRequest
from brume.southbound.from_northbound.facts.addresses import is_address
from brume.southbound.from_northbound.facts.ports import REPORTS, SwitchHas, router_of, switch_of
from brume.southbound.from_northbound.facts.settings import is_true, number
from brume.southbound.joined import JoinedPort
from brume.southbound.schema import MulticastGroup
from brume.tables.map import Map
from brume.tables.row import Row
from brume.values.uuids import derive_uuid

RELAY: Final = "a port to a router that relays multicast"
MULTICAST_ROUTERS: Final = "mrouters"
"""The address under which chassis write down the ports behind which multicast routers are."""
NUMBERS_BEGIN: Final = 32772
"""Groups that hosts join are numbered after those to which OVN gives fixed numbers."""
TABLE_SIZE: Final = 2048
IDLE: Final = (15, 300, 3600)
"""Least, usual and greatest number of seconds after which a group is forgotten."""
LEAST_INTERVAL: Final = 1


class Snooping(msgspec.Struct, frozen=True):
    """What other_config says of multicast, with OVN's defaults and bounds."""

    enabled: bool
    querier: bool
    flood_unregistered: bool
    table_size: int
    idle_timeout: int
    query_interval: int
    query_max_response: int


class JoinedGroup(Row, frozen=True, kw_only=True):
    """Somebody on a switch has joined a group. `group` is the uuid of its Multicast_Group."""

    switch: str
    address: str
    group: str

    def key(self) -> Hashable:
        return self.group


class GroupNumber(NamedTuple):
    """The number of a group that somebody joined, as the allocator counts."""

    uuid: str
    tunnel_key: int


def group_numbers(rows: Iterable[MulticastGroup]) -> Iterator[GroupNumber]:
    """The numbers that groups of a southbound have."""
    return (GroupNumber(row.uuid, row.tunnel_key - NUMBERS_BEGIN) for row in rows if row.tunnel_key > NUMBERS_BEGIN)


def snooping_of(config: Map[str, str]) -> Snooping:
    """Numbers that are none are as if they were not given."""
    least, usual, greatest = IDLE
    idle = min(max(number(config, "mcast_idle_timeout", usual), least), greatest)
    interval = number(config, "mcast_query_interval", idle // 2)
    return Snooping(
        enabled=is_true(config, "mcast_snoop", False),
        querier=is_true(config, "mcast_querier", True),
        flood_unregistered=is_true(config, "mcast_flood_unregistered", False),
        table_size=number(config, "mcast_table_size", TABLE_SIZE),
        idle_timeout=idle,
        query_interval=min(max(interval, LEAST_INTERVAL), greatest),
        query_max_response=number(config, "mcast_query_max_response", 1),
    )


@derived
def snooping(view: View, switch: str) -> Snooping:
    """How a switch treats multicast."""
    row = view.get(LogicalSwitch, switch)
    return snooping_of(row.other_config if row is not None else Map())


def joined_group_uuid(switch: str, address: str) -> str:
    """The uuid of the Multicast_Group of those who joined."""
    return derive_uuid("Multicast_Group", switch, address)


@derived
def is_relay(view: View, port: str) -> bool:
    """Whether a switch port leads to a router that relays multicast, and so gets all of it anyway."""
    row = view.get(LogicalSwitchPort, port)
    if row is None or row.type != "router":
        return False
    peer = view.one(router_port_by_name, row.options.get("router-port"))
    owner = router_of(view, peer.uuid) if peer is not None else None
    router = view.get(LogicalRouter, owner) if owner is not None else None
    return router is not None and is_true(router.options, "mcast_relay", False)


@rule(LogicalSwitchPort)
def relay_port(port: LogicalSwitchPort, view: View) -> Iterator[Output]:
    switch = switch_of(view, port.uuid) if port.type == "router" else None
    if switch is not None and is_relay(view, port.uuid):
        yield SwitchHas(switch=switch, what=RELAY)
        if port.enabled is not False:
            yield SwitchHas(switch=switch, what=REPORTS)


@rule(JoinedPort)
def joined_group(joined: JoinedPort, view: View) -> Iterator[Output]:
    if switch_of(view, joined.port) != joined.switch:
        return
    if joined.address == MULTICAST_ROUTERS:
        yield SwitchHas(switch=joined.switch, what=REPORTS)
    elif is_address(joined.address) and not gets_all(view, joined.port):
        group = joined_group_uuid(joined.switch, joined.address)
        yield JoinedGroup(switch=joined.switch, address=joined.address, group=group)
        yield KeyRequest(owner=group, space=f"multicast groups of {joined.switch}")


@derived
def gets_all(view: View, port: str) -> bool:
    """Whether a port gets every multicast packet, whatever it has joined."""
    row = view.get(LogicalSwitchPort, port)
    return is_relay(view, port) or (row is not None and is_true(row.options, "mcast_flood", False))


RULES = (relay_port, joined_group)
