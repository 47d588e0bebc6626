"""The rules of all router features."""

from __future__ import annotations

from typing import Final

from brume.derive.rules import Rule
from brume.southbound.from_northbound.router import (
    admission,
    advertisements,
    arp_request,
    arp_resolve,
    delivery,
    gateway,
    martians,
    neighbors,
    own_addresses,
    packet_length,
    passed_through,
    routing,
    time_exceeded,
)
from brume.southbound.from_northbound.router.nat import arp, gateway_router, inbound, loopback, outbound, places

RULES: Final[tuple[Rule, ...]] = (
    *admission.RULES,
    *neighbors.RULES,
    *martians.RULES,
    *own_addresses.RULES,
    *time_exceeded.RULES,
    *places.RULES,
    *inbound.RULES,
    *outbound.RULES,
    *arp.RULES,
    *loopback.RULES,
    *gateway_router.RULES,
    *advertisements.RULES,
    *routing.RULES,
    *arp_resolve.RULES,
    *packet_length.RULES,
    *gateway.RULES,
    *arp_request.RULES,
    *delivery.RULES,
    *passed_through.RULES,
)
