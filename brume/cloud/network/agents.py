"""Agents: chassis as they are observed. Written by the service room from what the southbound database says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from brume.cloud.network.errors import AgentNotFound, AvailabilityZoneNotFound
from brume.cloud.network.resources import Chassis
from brume.cloud.store.session import Session

HEARTBEAT_STEP = 30.0
"""A heartbeat is written again only when it is so much newer: a row a second for each chassis helps nobody."""


def load(session: Session, agent_id: str) -> Chassis:
    """The chassis; raises AgentNotFound."""
    chassis = session.get(Chassis, agent_id)
    if chassis is None:
        raise AgentNotFound(id=agent_id)
    return chassis


def observe_chassis(
    session: Session,
    name: str,
    host: str,
    now: float,
    *,
    is_gateway: bool = False,
    bridge_mappings: Sequence[tuple[str, str]] = (),
    availability_zones: Sequence[str] = (),
) -> Chassis:
    """A chassis is there: it registered, changed what it says of itself, or gave a sign of life."""
    said: dict[str, Any] = {
        "host": host,
        "is_gateway": is_gateway,
        "bridge_mappings": tuple(bridge_mappings),
        "availability_zones": tuple(availability_zones),
        "alive": True,
    }
    present = session.get(Chassis, name)
    if present is None:
        return session.insert(Chassis(id=name, heartbeat=now, **said))
    if now - present.heartbeat >= HEARTBEAT_STEP:
        said["heartbeat"] = now
    return session.update(present, **said)


def update(session: Session, chassis: Chassis, values: dict[str, Any]) -> Chassis:
    """What an administrator notes about an agent."""
    return session.update(chassis, **values)


def is_alive(chassis: Chassis, now: float, down_time: float) -> bool:
    """Seen lately."""
    return chassis.alive and now - chassis.heartbeat < down_time + HEARTBEAT_STEP


def check_zones(session: Session, hints: Sequence[str]) -> None:
    """Raise AvailabilityZoneNotFound for a hint that no chassis is in."""
    known = zones(session.find(Chassis)) if hints else {}
    for hint in hints:
        if hint not in known:
            raise AvailabilityZoneNotFound(availability_zone=hint)


def zones(chassis: Iterable[Chassis]) -> dict[str, bool]:
    """Availability zones, and whether something in them lives."""
    result: dict[str, bool] = {}
    for one in chassis:
        for name in one.availability_zones:
            result[name] = result.get(name, False) or one.alive
    return result
