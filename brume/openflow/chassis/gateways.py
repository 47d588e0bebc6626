"""Where a port is: on the chassis that claimed it, or for a gateway port on the first chassis of its HA group.

Which HA chassis are alive, BFD would tell; without it the first one that exists is the active one. ovn-controller
orders by priority, then by name, backwards.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Protocol, TypeVar

from brume.southbound.schema import Chassis, HAChassis, HAChassisGroup, PortBinding, port_binding_by_logical_port
from brume.tables.row import Index, Relation, Row

R = TypeVar("R", bound=Row)


class Reader(Protocol):
    """What a View and a Database both do."""

    def get(self, row_type: type[R], key: Hashable) -> R | None: ...

    def find(self, index: Index[R], value: Hashable) -> list[R]: ...

    def members(self, relation: Relation, parent: Hashable) -> tuple[Any, ...]: ...


def gateway_order(reader: Reader, group: str | None) -> tuple[str, ...]:
    """The uuids of a group's chassis, the active one first; chassis that are not there are left out."""
    if group is None:
        return ()
    ranked = []
    for uuid in reader.members(HAChassisGroup.ha_chassis, group):
        member = reader.get(HAChassis, uuid)
        chassis = None if member is None or member.chassis is None else reader.get(Chassis, member.chassis)
        if member is not None and chassis is not None:
            ranked.append((member.priority, chassis.name, chassis.uuid))
    return tuple(uuid for _, _, uuid in sorted(ranked, reverse=True))


def home_of(reader: Reader, port: PortBinding) -> str | None:
    """The chassis a port is resident on."""
    if port.type == "chassisredirect":
        order = gateway_order(reader, port.ha_chassis_group)
        return order[0] if order else None
    return port.chassis


def is_resident(reader: Reader, name: str, chassis: str) -> bool:
    """is_chassis_resident() on this chassis; a port that is not there is nowhere."""
    for port in reader.find(port_binding_by_logical_port, name):
        return home_of(reader, port) == chassis
    return False
