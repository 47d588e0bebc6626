"""BFD sessions: which of them a route depends on, and the number that stands for a session's source port.

A session that no route asks for is kept, but switched off (admin_down), as ovn-northd does. Whether a session is on is
what its southbound row begins with; afterwards chassis write its status. So a session that is switched on or off gets
another row.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Final, NamedTuple

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.northbound.schema import BFD, LogicalRouter
from brume.southbound.allocation import KeyRequest
from brume.southbound.from_northbound.facts.ports import is_there
from brume.southbound.from_northbound.facts.routes import Route, parsed_route, routes_by_bfd
from brume.southbound.schema import BFD as SouthboundBFD
from brume.tables.row import Row
from brume.values.uuids import derive_uuid

SOURCE_PORTS: Final = "BFD source ports"
"""The space of keys that source ports are taken from: key 1 is the first port."""
BEFORE_FIRST_PORT: Final = 49151
LAST_PORT: Final = 65535
"""RFC 5881, 4: source ports are 49152 to 65535, and each session has one of its own."""


class BfdSession(Row, frozen=True, kw_only=True):
    """A session of the northbound, and the southbound row that it has now. `is_on`: a route depends on it."""

    session: str
    uuid: str
    is_on: bool

    def key(self) -> Hashable:
        return self.session


class SourcePort(NamedTuple):
    """The key that stands for a session's source port, as tunnel keys of rows are remembered."""

    uuid: str
    tunnel_key: int


def source_ports(rows: Iterable[SouthboundBFD]) -> Iterator[SourcePort]:
    """The keys that sessions of a southbound have."""
    return (SourcePort(row.uuid, row.src_port - BEFORE_FIRST_PORT) for row in rows)


def session_uuid(session: str, is_on: bool) -> str:
    """The uuid of the southbound row of a session."""
    return session if is_on else derive_uuid("BFD", session)


@rule(BFD)
def bfd_session(session: BFD, view: View) -> Iterator[Output]:
    is_on = any(
        isinstance(parsed_route(view, router, route.uuid), Route)
        for route in view.find(routes_by_bfd, session.uuid)
        if route.nexthop == session.dst_ip
        for router in view.owners(LogicalRouter.static_routes, route.uuid)
        if is_there(view, LogicalRouter, router)
    )
    uuid = session_uuid(session.uuid, is_on)
    yield BfdSession(session=session.uuid, uuid=uuid, is_on=is_on)
    yield KeyRequest(owner=uuid, space=SOURCE_PORTS)


RULES = (bfd_session,)
