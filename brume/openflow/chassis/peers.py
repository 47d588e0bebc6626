"""The other chassis: which tunnels a chassis should have. Ours go to IPv4 addresses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from brume.openflow.chassis.rows import Here
from brume.southbound.schema import Chassis, encap_by_chassis_name
from brume.tables.database import Database
from brume.values import Ipv4Address

PREFERENCE: Final = ("geneve", "stt", "vxlan")
"""The best kind of tunnel first, as in ovn-controller's preferred_encap."""


class Peer(NamedTuple):
    """Another chassis and its tunnel endpoint."""

    chassis: str
    name: str
    kind: str
    address: str


def peers(southbound: Database, here: Here) -> Iterator[Peer]:
    """One tunnel to each other chassis that has an endpoint; what is no IPv4 address is none (anybody may write it)."""
    for chassis in southbound.rows(Chassis):
        if chassis.uuid == here.uuid:
            continue
        encaps = [encap for encap in southbound.find(encap_by_chassis_name, chassis.name) if _is_ipv4(encap.ip)]
        if encaps:
            best = min(encaps, key=lambda encap: PREFERENCE.index(encap.type))
            yield Peer(chassis.uuid, chassis.name, best.type, best.ip)


def _is_ipv4(text: str) -> bool:
    try:
        Ipv4Address.parse(text)
    except ValueError:
        return False
    return True
