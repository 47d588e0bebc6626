"""All rules of the shared stage."""

from __future__ import annotations

from typing import Final

from brume.derive.rules import Rule
from brume.openflow.from_southbound.load_balancers import hairpin_flows
from brume.openflow.from_southbound.logical_flows import translate_logical_flow
from brume.openflow.from_southbound.multicast_reach import multicast_reach
from brume.openflow.from_southbound.neighbors import learned_neighbor_flows, static_neighbor_flows
from brume.openflow.from_southbound.set_elements import address_flows, group_port_flows
from brume.openflow.from_southbound.stations import station_flows

SHARED_RULES: Final[tuple[Rule, ...]] = (
    translate_logical_flow,
    address_flows,
    group_port_flows,
    learned_neighbor_flows,
    static_neighbor_flows,
    station_flows,
    multicast_reach,
    hairpin_flows,
)
