"""Segments: which provider attributes a network may have, and which identifier is free.

One segment a network. Tunnels take the next identifier of their range, VLANs the next of the physical network's
range; an administrator may name one. Flat networks take the whole physical network.
"""

from __future__ import annotations

from typing import NamedTuple

from brume.cloud.network.errors import FlatNetworkInUse, InvalidInput, NoNetworkAvailable, TunnelIdInUse, VlanIdInUse
from brume.cloud.network.records import Values
from brume.cloud.network.resources import SegmentAllocation
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.store.session import Query, Session

TYPES = ("flat", "vlan", "geneve")


class Segment(NamedTuple):
    """Where a network's packets travel between hosts."""

    network_type: str
    physical_network: str | None
    segmentation_id: int | None


def refuse(reason: str) -> InvalidInput:
    """Neutron's answer to provider attributes that do not go together."""
    return InvalidInput(error_message=reason)


def choose(session: Session, settings: NetworkSettings, values: Values) -> Segment:
    """The segment a new network gets."""
    kind = values.get("provider_network_type")
    physical = values.get("provider_physical_network")
    number = values.get("provider_segmentation_id")
    if kind is None:
        if physical is not None or number is not None:
            raise refuse("network_type required")
        kind = settings.tenant_network_type
    if kind == "flat":
        return _flat(session, settings, physical, number)
    if kind == "vlan":
        return _vlan(session, settings, physical, number)
    if kind == "geneve":
        return _tunnel(session, settings, physical, number)
    raise refuse(f"network_type value '{kind}' not supported")


def _flat(session: Session, settings: NetworkSettings, physical: str | None, number: int | None) -> Segment:
    if not physical:
        raise refuse("physical_network required for flat provider network")
    if number is not None:
        raise refuse("segmentation_id prohibited for flat provider network")
    if "*" not in settings.flat_networks and physical not in settings.flat_networks:
        raise refuse(f"physical_network '{physical}' unknown for flat provider network")
    if session.get(SegmentAllocation, "flat", physical, 0) is not None:
        raise FlatNetworkInUse(physical_network=physical)
    return Segment("flat", physical, None)


def _vlan(session: Session, settings: NetworkSettings, physical: str | None, number: int | None) -> Segment:
    ranges = settings.vlan_ranges
    if physical is None:
        if number is not None:
            raise refuse("segmentation_id requires physical_network for VLAN provider network")
        for name, first, last in ranges:
            free = _next(session, "vlan", name, first, last)
            if free is not None:
                return Segment("vlan", name, free)
        raise NoNetworkAvailable()
    if physical not in {name for name, _, _ in ranges}:
        raise refuse(f"physical_network '{physical}' unknown for VLAN provider network")
    if number is None:
        for name, first, last in ranges:
            free = _next(session, "vlan", name, first, last) if name == physical else None
            if free is not None:
                return Segment("vlan", physical, free)
        raise NoNetworkAvailable()
    if not 1 <= number <= 4094:
        raise refuse("segmentation_id out of range (1 through 4094)")
    if session.get(SegmentAllocation, "vlan", physical, number) is not None:
        raise VlanIdInUse(vlan_id=number, physical_network=physical)
    return Segment("vlan", physical, number)


def _tunnel(session: Session, settings: NetworkSettings, physical: str | None, number: int | None) -> Segment:
    if physical is not None:
        raise refuse("provider:physical_network specified for geneve network")
    if number is not None:
        if not 1 <= number < 1 << 24:
            raise refuse("segmentation_id out of range (1 through 16777215)")
        if session.get(SegmentAllocation, "geneve", "", number) is not None:
            raise TunnelIdInUse(tunnel_id=number)
        return Segment("geneve", None, number)
    free = _next(session, "geneve", "", *settings.geneve_ids)
    if free is None:
        raise NoNetworkAvailable()
    return Segment("geneve", None, free)


def _next(session: Session, kind: str, physical: str, first: int, last: int) -> int | None:
    """The identifier after the highest in use, so that a number is not used again soon; else the lowest free one."""
    taken = session.select(
        SegmentAllocation,
        Query(
            any_of=({"network_type": kind, "physical_network": physical},),
            order=(("segmentation_id", False),),
            limit=1,
        ),
    )
    highest = taken[0].segmentation_id if taken else first - 1
    if highest < last:
        return max(first, highest + 1)
    rows = session.find(SegmentAllocation, network_type=kind, physical_network=physical)
    used = {row.segmentation_id for row in rows}
    return next((number for number in range(first, last + 1) if number not in used), None)


def occupy(session: Session, segment: Segment, network_id: str) -> None:
    """Note that the network has the segment."""
    session.insert(
        SegmentAllocation(
            network_type=segment.network_type,
            physical_network=segment.physical_network or "",
            segmentation_id=segment.segmentation_id or 0,
            network_id=network_id,
        )
    )


def release(session: Session, network_id: str) -> None:
    """Give the network's segment back."""
    session.delete_all(session.find(SegmentAllocation, network_id=network_id))
