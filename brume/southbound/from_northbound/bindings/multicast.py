"""IP_Multicast: how chassis snoop on each switch. Multicast_Group of those who joined a group.

What chassis learn they write into IGMP_Group; the rows made of it are here and in `switch/multicast.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.northbound.schema import LogicalSwitch
from brume.southbound.allocation import TunnelKey
from brume.southbound.from_northbound.bindings.multicast_groups import (
    MROUTER_FLOOD_GROUP,
    group_uuid,
)
from brume.southbound.from_northbound.facts.multicast import (
    MULTICAST_ROUTERS,
    NUMBERS_BEGIN,
    JoinedGroup,
    gets_all,
    is_relay,
    joined_group_uuid,
    snooping_of,
)
from brume.southbound.from_northbound.facts.ports import SwitchPort, localnet_ports
from brume.southbound.joined import JoinedPort
from brume.southbound.schema import IPMulticast, MulticastGroup
from brume.tables.row import Member
from brume.values.uuids import derive_uuid


@rule(LogicalSwitch)
def ip_multicast(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    if view.get(TunnelKey, switch.uuid) is None:
        return
    config = switch.other_config
    told = snooping_of(config)
    yield IPMulticast(
        uuid=derive_uuid("IP_Multicast", switch.uuid),
        datapath=switch.uuid,
        enabled=told.enabled,
        querier=told.querier,
        eth_src=config.get("mcast_eth_src", ""),
        ip4_src=config.get("mcast_ip4_src", ""),
        ip6_src=config.get("mcast_ip6_src", ""),
        table_size=told.table_size,
        idle_timeout=told.idle_timeout,
        query_interval=told.query_interval,
        query_max_resp=told.query_max_response,
    )


@rule(SwitchPort)
def relay_port(port: SwitchPort, view: View) -> Iterator[Output]:
    """Reports go to routers that relay multicast."""
    if port.peer is not None and port.enabled and is_relay(view, port.uuid):
        yield Member(MulticastGroup.ports, group_uuid(port.switch, MROUTER_FLOOD_GROUP.name), port.uuid)


@rule(JoinedGroup)
def joined_group(joined: JoinedGroup, view: View) -> Iterator[Output]:
    key = view.get(TunnelKey, joined.group)
    if key is None:
        return
    yield MulticastGroup(
        uuid=joined.group, datapath=joined.switch, name=joined.address, tunnel_key=NUMBERS_BEGIN + key.number
    )
    for localnet in view.find(localnet_ports, joined.switch):
        yield Member(MulticastGroup.ports, joined.group, localnet.uuid)


@rule(JoinedPort)
def joined_port(joined: JoinedPort, view: View) -> Iterator[Output]:
    port = view.get(SwitchPort, joined.port)
    if port is None or port.switch != joined.switch or gets_all(view, joined.port):
        return
    if joined.address == MULTICAST_ROUTERS:
        yield Member(MulticastGroup.ports, group_uuid(joined.switch, MROUTER_FLOOD_GROUP.name), joined.port)
        return
    group = joined_group_uuid(joined.switch, joined.address)
    if view.get(JoinedGroup, group) is not None and view.get(TunnelKey, group) is not None:
        yield Member(MulticastGroup.ports, group, joined.port)


RULES = (ip_multicast, relay_port, joined_group, joined_port)
