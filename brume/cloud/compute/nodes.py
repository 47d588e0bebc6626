"""Nodes: compute services as an administrator sees them, and what is free on each.

A node enters itself (`register`) and says from time to time that it lives (`heard_from`, observed state).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
import sqlalchemy as sql

from brume.cloud.compute.resources import Node, Server
from brume.cloud.context import RequestContext
from brume.cloud.errors import BadRequest, NotFound
from brume.cloud.store.session import Session

SILENT_AFTER = 60.0
"""Seconds without a word after which a node counts as down (Nova's service_down_time)."""

_SERVERS = sql.table(Server.DECLARATION.table, sql.column("host"), sql.column("flavor"))
_BY_HOST = (
    sql.select(_SERVERS.c.host, _SERVERS.c.flavor, sql.func.count())
    .where(_SERVERS.c.host.is_not(None))
    .group_by(_SERVERS.c.host, _SERVERS.c.flavor)
)
"""Few rows however many servers there are: scheduling asks for each new server."""


class HostNotFound(NotFound):
    template = "Compute host {host} could not be found."


class NoSuchZone(BadRequest):
    template = "The requested availability zone is not available"


class Usage(NamedTuple):
    """What the servers of one node take."""

    servers: int = 0
    vcpus: int = 0
    ram: int = 0
    disk: int = 0


def register(context: RequestContext, session: Session, host: str, address: str) -> Node:
    """Enter a node, or bring its address up to date; what an administrator set stays."""
    present = session.first(Node, host=host)
    if present is not None:
        return session.update(present, address=address, reported_at=context.now)
    number = 1 + max((node.number for node in session.find(Node)), default=0)
    row = Node(id=context.new_id(), number=number, host=host, address=address, reported_at=context.now)
    return session.insert(row)


def node_of_host(session: Session, host: str) -> Node:
    """The node of this name; raises HostNotFound."""
    node = session.first(Node, host=host)
    if node is None:
        raise HostNotFound(host=host)
    return node


def is_up(node: Node, now: float) -> bool:
    """Whether the node lives, as Nova's `state` says."""
    return not node.forced_down and now - node.reported_at <= SILENT_AFTER


def usage(session: Session) -> Mapping[str, Usage]:
    """What is used on each node, by host."""
    used: dict[str, Usage] = {}
    for host, text, count in session.execute(_BY_HOST):
        flavor = msgspec.json.decode(text)
        before = used.get(host, Usage())
        used[host] = Usage(
            before.servers + count,
            before.vcpus + count * flavor["vcpus"],
            before.ram + count * flavor["ram"],
            before.disk + count * flavor["disk"],
        )
    return used
