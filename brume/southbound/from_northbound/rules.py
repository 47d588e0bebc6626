"""All rules, in the three layers in which they run: each layer reads the northbound and the layers before it."""

from __future__ import annotations

from typing import Final

from brume.derive.rules import Rule
from brume.southbound.from_northbound.bindings import bfd as bound_bfd
from brume.southbound.from_northbound.bindings import (
    datapaths,
    deployment,
    gateways,
    load_balancers,
    meters,
    mirrors,
    missing_sets,
    multicast,
    multicast_groups,
    problems,
    roles,
    service_monitors,
    sets,
    static_neighbors,
    unreadable,
)
from brume.southbound.from_northbound.bindings import ports as bound_ports
from brume.southbound.from_northbound.facts import acls as acl_facts
from brume.southbound.from_northbound.facts import balanced, probes
from brume.southbound.from_northbound.facts import bfd as bfd_facts
from brume.southbound.from_northbound.facts import groups as group_facts
from brume.southbound.from_northbound.facts import load_balancers as balancer_facts
from brume.southbound.from_northbound.facts import multicast as multicast_facts
from brume.southbound.from_northbound.facts import nat as nat_facts
from brume.southbound.from_northbound.facts import policies as policy_facts
from brume.southbound.from_northbound.facts import ports as port_facts
from brume.southbound.from_northbound.facts import relayed as relayed_facts
from brume.southbound.from_northbound.facts import routes as route_facts
from brume.southbound.from_northbound.facts import virtual_ports as virtual_facts
from brume.southbound.from_northbound.router.rules import RULES as ROUTER_RULES
from brume.southbound.from_northbound.switch.rules import RULES as SWITCH_RULES

FIRST_FACTS: Final[tuple[Rule, ...]] = (
    *port_facts.RULES,
    *virtual_facts.RULES,
    *multicast_facts.RULES,
    *group_facts.RULES,
    *nat_facts.RULES,
    *balancer_facts.RULES,
    *route_facts.FIRST_RULES,
    *relayed_facts.FIRST_RULES,
    *policy_facts.RULES,
    *bfd_facts.RULES,
)

SECOND_FACTS: Final[tuple[Rule, ...]] = (
    *acl_facts.RULES,
    *relayed_facts.SECOND_RULES,
    *balanced.RULES,
    *probes.RULES,
    *route_facts.SECOND_RULES,
)

BINDINGS: Final[tuple[Rule, ...]] = (
    *deployment.RULES,
    *datapaths.RULES,
    *bound_ports.RULES,
    *gateways.RULES,
    *bound_bfd.RULES,
    *static_neighbors.RULES,
    *load_balancers.RULES,
    *service_monitors.RULES,
    *multicast_groups.RULES,
    *multicast.RULES,
    *meters.RULES,
    *mirrors.RULES,
    *sets.RULES,
    *missing_sets.RULES,
    *unreadable.RULES,
    *roles.RULES,
    *problems.RULES,
)

SOUTHBOUND: Final[tuple[Rule, ...]] = (*BINDINGS, *SWITCH_RULES, *ROUTER_RULES)
