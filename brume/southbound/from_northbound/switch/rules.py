"""The rules of all switch features."""

from __future__ import annotations

from typing import Final

from brume.derive.rules import Rule
from brume.southbound.from_northbound.switch import (
    acl_defaults,
    acl_hints,
    acls,
    admission,
    affinity,
    arp_nd,
    dhcp,
    dhcpv6,
    dns,
    external,
    forwarding_groups,
    hairpin,
    health_checks,
    l2_lookup,
    learning,
    load_balancing,
    multicast,
    quality_of_service,
    router_addresses,
    stateful,
    tracking,
    virtual_ports,
)

RULES: Final[tuple[Rule, ...]] = (
    *admission.RULES,
    *learning.RULES,
    *tracking.RULES,
    *acl_hints.RULES,
    *acls.RULES,
    *acl_defaults.RULES,
    *stateful.RULES,
    *load_balancing.RULES,
    *affinity.RULES,
    *hairpin.RULES,
    *health_checks.RULES,
    *quality_of_service.RULES,
    *arp_nd.RULES,
    *virtual_ports.RULES,
    *forwarding_groups.RULES,
    *dhcp.RULES,
    *dhcpv6.RULES,
    *dns.RULES,
    *external.RULES,
    *l2_lookup.RULES,
    *multicast.RULES,
    *router_addresses.RULES,
)
