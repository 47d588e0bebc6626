"""The rules of all router features."""

from __future__ import annotations

from typing import Final

from brume.derive.rules import Rule
from brume.southbound.from_northbound.router import (
    admission,
    advertisements,
    arp_request,
    arp_resolve,
    bfd,
    delivery,
    ecmp,
    gateway,
    martians,
    multicast,
    neighbors,
    own_addresses,
    packet_length,
    policies,
    routable,
    routing,
    time_exceeded,
    virtual_ports,
)
from brume.southbound.from_northbound.router.load_balancing import addresses, affinity, choice, known
from brume.southbound.from_northbound.router.nat import (
    arp,
    force_snat,
    gateway_router,
    inbound,
    loopback,
    outbound,
    outside,
    places,
)

RULES: Final[tuple[Rule, ...]] = (
    *admission.RULES,
    *neighbors.RULES,
    *martians.RULES,
    *own_addresses.RULES,
    *bfd.RULES,
    *time_exceeded.RULES,
    *places.RULES,
    *inbound.RULES,
    *outbound.RULES,
    *outside.RULES,
    *arp.RULES,
    *loopback.RULES,
    *gateway_router.RULES,
    *force_snat.RULES,
    *choice.RULES,
    *affinity.RULES,
    *known.RULES,
    *addresses.RULES,
    *advertisements.RULES,
    *routing.RULES,
    *routable.RULES,
    *ecmp.RULES,
    *policies.RULES,
    *arp_resolve.RULES,
    *virtual_ports.RULES,
    *packet_length.RULES,
    *gateway.RULES,
    *arp_request.RULES,
    *multicast.RULES,
    *delivery.RULES,
)
