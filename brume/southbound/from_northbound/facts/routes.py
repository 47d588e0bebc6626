"""The static routes of a router, parsed, and which of them lead to the same place.

A route that cannot be used makes no fact, only a Problem. Routes of one destination (prefix, direction, route table)
are one ECMP group; groups and route tables have numbers in registers. northd counts them in the order of the rows'
uuids, and so do we: the numbers are a function of NB and need no memory. One route more of a destination of its own
changes no number.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Final, NamedTuple

from brume.derive.rules import Output, Problem, derived, rule
from brume.derive.view import View
from brume.northbound.schema import (
    BFD,
    LogicalRouter,
    LogicalRouterPort,
    LogicalRouterStaticRoute,
    router_port_by_name,
)
from brume.southbound.from_northbound.facts.addresses import is_address
from brume.southbound.from_northbound.facts.ports import is_there, network_of, router_port_of
from brume.southbound.from_northbound.facts.settings import is_true
from brume.tables.row import Index, Member, Row
from brume.values.prefix import InterfaceAddress, Prefix

MAIN: Final = ""
"""The route table of ports and routes that name none."""
TABLE_OPTION: Final = "route_table"
"""The option of a router port that names its route table."""
DISCARD: Final = "discard"


class Destination(NamedTuple):
    """What a route is for: packets to a prefix, or from one (`by_source`), that came in by a port of a route table."""

    router: str
    table: str
    by_source: bool
    prefix: Prefix


class Route(Row, frozen=True, kw_only=True):
    """A usable route: out of `port`, in the name of the router's address `source`, to `next_hop` (empty: the packet's
    own destination). Without a port packets are dropped."""

    uuid: str
    destination: Destination
    port: str | None
    source: str
    next_hop: str
    symmetric: bool
    connected: bool

    def key(self) -> Hashable:
        return (self.destination.router, self.uuid)


class EcmpGroup(Row, frozen=True, kw_only=True):
    """Several routes lead to one destination: `first` and `second` have the least uuids of them."""

    destination: Destination
    first: str
    second: str

    def key(self) -> Hashable:
        return self.destination


class RouteTableUse(Row, frozen=True, kw_only=True):
    """A port or a route of a router names a route table. Ports count before routes."""

    router: str
    table: str
    kind: str
    user: str

    def key(self) -> Hashable:
        return (self.router, self.table, self.kind, self.user)


routes_by_destination = Index(Route, "destination", lambda route: route.destination)
groups_by_router = Index(EcmpGroup, "router", lambda group: group.destination.router)
table_uses = Index(RouteTableUse, "router", lambda use: use.router)
routes_by_bfd = Index(LogicalRouterStaticRoute, "bfd", lambda route: route.bfd)
bfd_by_port = Index(BFD, "logical_port", lambda session: session.logical_port)


@derived
def parsed_route(view: View, router: str, uuid: str) -> Route | str:
    """The route, or why it cannot be used. Whether its next hop is alive is not asked here."""
    row = view.get(LogicalRouterStaticRoute, uuid)
    if row is None:
        return "the route is gone"
    try:
        prefix = InterfaceAddress.parse(row.ip_prefix).prefix
    except ValueError:
        return f"ip_prefix {row.ip_prefix!r} is not a prefix"
    port, source = None, ""
    if row.nexthop != DISCARD:
        if row.nexthop and not is_address(row.nexthop):
            return f"nexthop {row.nexthop!r} is not an address"
        if row.nexthop and (":" in row.nexthop) != (prefix.version == 6):
            return f"ip_prefix {row.ip_prefix!r} and nexthop {row.nexthop!r} are of different families"
        way = _way(router, row, prefix.version, view)
        if way is None:
            return f"no port reaches the next hop {row.nexthop!r}"
        port, source = way
    return Route(
        uuid=uuid,
        destination=Destination(router, row.route_table, row.policy == "src-ip", prefix),
        port=port,
        source=source,
        next_hop=row.nexthop,
        symmetric=is_true(row.options, "ecmp_symmetric_reply", False),
        connected=row.options.get("origin") == "connected",
    )


def _way(router: str, row: LogicalRouterStaticRoute, version: int, view: View) -> tuple[str, str] | None:
    """Out of which port, from which address of it. A port that is named is taken, whatever its networks are."""
    if row.output_port:
        named: LogicalRouterPort | None = view.one(router_port_by_name, row.output_port)
        port = router_port_of(view, named.uuid) if named is not None else None
        if port is None:
            return None
        networks = port.ipv4 if version == 4 else port.ipv6
        network = network_of(port, row.nexthop) or (networks[0] if networks else None)
        return None if network is None else (port.uuid, network.address)
    return way_to(view, router, row.nexthop)


@derived
def way_to(view: View, router: str, next_hop: str) -> tuple[str, str] | None:
    """The first port of the router on whose link the next hop is, and its own address there."""
    for uuid in sorted(view.members(LogicalRouter.ports, router)):
        port = router_port_of(view, uuid)
        network = network_of(port, next_hop) if port is not None else None
        if port is not None and network is not None:
            return port.uuid, network.address
    return None


@rule(LogicalRouter.static_routes)
def route(member: Member, view: View) -> Iterator[Output]:
    router, uuid = str(member.parent), str(member.child)
    if not is_there(view, LogicalRouter, router):
        return
    found = parsed_route(view, router, uuid)
    reason = found if isinstance(found, str) else _watched_and_down(uuid, view)
    if reason:
        yield Problem(table="Logical_Router_Static_Route", row=uuid, message=reason)
    elif isinstance(found, Route):
        yield found
        table = found.destination.table
        if table != MAIN:
            yield RouteTableUse(router=router, table=table, kind="route", user=uuid)


def _watched_and_down(uuid: str, view: View) -> str:
    """Why the next hop is not trusted; empty if it is."""
    row = view.get(LogicalRouterStaticRoute, uuid)
    session = view.get(BFD, row.bfd) if row is not None and row.bfd is not None else None
    if row is None or session is None or session.dst_ip != row.nexthop or session.status in ("init", "up"):
        return ""
    return (
        f"the BFD session to {session.dst_ip} on {session.logical_port} is down, so the route is left out "
        "(simulated nodes do not speak BFD; a real ovn-controller does)"
    )


@rule(LogicalRouterPort)
def port_table(row: LogicalRouterPort, view: View) -> Iterator[Output]:
    """In which route table packets that come in by a port are looked up."""
    table = row.options.get(TABLE_OPTION, MAIN)
    port = router_port_of(view, row.uuid) if table != MAIN else None
    if port is not None:
        yield RouteTableUse(router=port.router, table=table, kind="port", user=port.uuid)


@rule(Route)
def ecmp_group(route: Route, view: View) -> Iterator[Output]:
    """The second of a group says that there is one."""
    least = sorted(other.uuid for other in view.find(routes_by_destination, route.destination))[:2]
    if least[1:] == [route.uuid]:
        yield EcmpGroup(destination=route.destination, first=least[0], second=route.uuid)


@derived
def _group_numbers(view: View, router: str) -> dict[Destination, int]:
    groups = sorted(view.find(groups_by_router, router), key=lambda group: group.second)
    return {group.destination: number for number, group in enumerate(groups, 1)}


@derived
def group_number(view: View, destination: Destination) -> int:
    """The number of an ECMP group in its router: groups count from 1 as their second routes come."""
    return _group_numbers(view, destination.router).get(destination, 0)


@derived
def _table_numbers(view: View, router: str) -> dict[str, int]:
    uses = sorted(view.find(table_uses, router), key=lambda use: (use.kind, use.user))
    return {table: number for number, table in enumerate(dict.fromkeys(use.table for use in uses), 1)}


@derived
def table_number(view: View, router: str, table: str) -> int:
    """The number of a route table in its router: 0 is the main one, others count from 1 as they are first named."""
    return 0 if table == MAIN else _table_numbers(view, router).get(table, 0)


def has_bfd(view: View, port: str) -> bool:
    """Whether BFD sessions run on the port of that name."""
    return bool(view.find(bfd_by_port, port))


FIRST_RULES = (route, port_table)
SECOND_RULES = (ecmp_group,)
