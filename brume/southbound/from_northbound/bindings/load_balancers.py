"""Load_Balancer: those that are on switches, so that a chassis knows a backend that asks its own load balancer.

Each has a group of its switches of its own (`Logical_DP_Group`). northd lets those on the same switches share one; that
would give all of them another group when one of them comes to one switch more (decision 17).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.northbound.schema import LoadBalancer as NorthboundLoadBalancer
from brume.southbound.allocation import TunnelKey
from brume.southbound.from_northbound.facts.balanced import BalancerPlacement, OnSwitches
from brume.southbound.schema import LoadBalancer, LogicalDPGroup
from brume.tables.map import Map
from brume.tables.row import Member
from brume.values.uuids import derive_uuid


@lru_cache(maxsize=65536)
def group_uuid(balancer: str) -> str:
    """The uuid of the group of a load balancer's switches."""
    return derive_uuid("Logical_DP_Group", balancer)


@rule(OnSwitches)
def load_balancer(source: OnSwitches, view: View) -> Iterator[Output]:
    row = view.get(NorthboundLoadBalancer, source.balancer)
    if row is None:
        return
    yield LogicalDPGroup(uuid=group_uuid(row.uuid))
    yield LoadBalancer(
        uuid=row.uuid,
        name=row.name,
        vips=row.vips,
        protocol=row.protocol,
        datapath_group=group_uuid(row.uuid),
        # The flows keep in registers what a packet was sent to.
        options=Map({**row.options, "hairpin_orig_tuple": "true"}),
        external_ids=Map({"lb_id": row.uuid}),
    )


@rule(BalancerPlacement)
def on_switch(placement: BalancerPlacement, view: View) -> Iterator[Output]:
    if placement.kind == "switch" and view.get(TunnelKey, placement.datapath) is not None:
        yield Member(LogicalDPGroup.datapaths, group_uuid(placement.balancer), placement.datapath)


RULES = (load_balancer, on_switch)
