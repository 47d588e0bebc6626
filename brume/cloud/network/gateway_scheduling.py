"""Which chassis carry a router's gateway, and in which order they take over.

Rendezvous hashing: each router ranks the candidates by a hash of both names. Gateways spread evenly, nothing is
stored, and a chassis that comes or goes moves only the gateways that it wins or had.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from brume.cloud.network.resources import Chassis

MOST = 5
"""Neutron's MAX_GW_CHASSIS: more than a few standbys help nobody."""


def candidates(chassis: Iterable[Chassis], physical_network: str | None) -> list[str]:
    """Chassis that may carry a gateway to a physical network: those told to be gateways, else all that reach it."""
    reaching = [
        one
        for one in chassis
        if physical_network is None or any(name == physical_network for name, _ in one.bridge_mappings)
    ]
    return [one.id for one in reaching if one.is_gateway] or [one.id for one in reaching]


def rank(router_id: str, names: Iterable[str]) -> list[tuple[str, int]]:
    """(chassis, priority), the one that carries the gateway first; the highest priority wins in OVN."""
    ordered = sorted(names, key=lambda name: blake2b(f"{router_id}/{name}".encode(), digest_size=8).digest())[:MOST]
    return [(name, len(ordered) - place) for place, name in enumerate(ordered)]


def scheduled(router_id: str, chassis: Iterable[Chassis], physical_network: str | None) -> list[tuple[str, int]]:
    """(chassis, priority) of a router's gateway."""
    return rank(router_id, candidates(chassis, physical_network))
