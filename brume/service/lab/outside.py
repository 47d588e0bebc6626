"""Which addresses the host behind the physical network has in a lab: those that routers send to.

A switch with a localnet port of that network is external. Its routers' next hops (`ovn-nbctl lr-route-add r1
0.0.0.0/0 203.0.113.1`) are addresses of `outside`; in a network in which no route has a next hop, it is the first
address that no router has. So the operator's router is there as soon as somebody speaks of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.northbound.neighbourhood import interfaces, routers_on
from brume.northbound.schema import (
    LogicalRouter,
    LogicalRouterPort,
    LogicalRouterStaticRoute,
    LogicalSwitch,
    LogicalSwitchPort,
)
from brume.tables.changes import ChangeSet
from brume.tables.database import Database
from brume.tables.row import Index
from brume.values import InterfaceAddress, IpAddress, parse_address

localnet_by_network = Index(
    LogicalSwitchPort,
    "network_name",
    lambda port: port.options.get("network_name") if port.type == "localnet" else None,
)
_KINDS = (LogicalSwitchPort, LogicalRouterPort, LogicalRouterStaticRoute)


def concerns(changes: ChangeSet) -> bool:
    """Whether a change of NB may change the addresses."""
    return any(change.row_type in _KINDS for change in changes.rows)


def outside_addresses(northbound: Database, physical_network: str) -> set[InterfaceAddress]:
    """The addresses of `outside` on a physical network."""
    found: set[InterfaceAddress] = set()
    for localnet in northbound.find(localnet_by_network, physical_network):
        for switch in northbound.owners(LogicalSwitch.ports, localnet.uuid):
            found |= set(_addresses(northbound, list(routers_on(northbound, switch))))
    return found


def _addresses(northbound: Database, ports: list[LogicalRouterPort]) -> Iterator[InterfaceAddress]:
    own = [interface for port in ports for interface in interfaces(port)]
    hops = [hop for port in ports for hop in _next_hops(northbound, port)]
    taken = {interface.address for interface in own}
    for interface in own:
        named = [hop for hop in hops if hop in interface.prefix and hop not in taken]
        for hop in named or _first_free(interface, taken):
            yield InterfaceAddress(hop, interface.length)


def _next_hops(northbound: Database, port: LogicalRouterPort) -> Iterator[IpAddress]:
    for router in northbound.owners(LogicalRouter.ports, port.uuid):
        for uuid in northbound.members(LogicalRouter.static_routes, router):
            route = northbound.get(LogicalRouterStaticRoute, uuid)
            try:
                if route is not None:
                    yield parse_address(route.nexthop)
            except ValueError:
                continue  # "discard", or what the compiler says


def _first_free(interface: InterfaceAddress, taken: set[IpAddress]) -> list[IpAddress]:
    first, last = interface.prefix.network, interface.prefix.last
    for value in range(first.value + 1, min(first.value + 1 + len(taken) + 1, last.value)):
        address = type(first)(value)
        if address not in taken:
            return [address]
    return []
