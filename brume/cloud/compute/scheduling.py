"""Which node a server goes to.

Filters, in Nova's order of mind: the node is enabled and lives, is in the wanted zone, is the wanted host, is (not)
where other servers are, has room. Then the node with the most free memory wins, the first by name among equals, so
that servers spread.
"""

from __future__ import annotations

from typing import NamedTuple

from brume.cloud.compute.nodes import HostNotFound, NoSuchZone, Usage, is_up, node_of_host, usage
from brume.cloud.compute.resources import Flavor, Node
from brume.cloud.errors import BadRequest, CloudError
from brume.cloud.store.session import Session

VCPU_RATIO = 16.0
RAM_RATIO = 1.5


class NoValidHost(CloudError):
    """No node fits. Nova reports it as the server's fault, not as the answer to the request."""

    status = 500
    template = "No valid host was found. {reason}"


class Wish(NamedTuple):
    """Where a server is wanted."""

    zone: str | None = None
    forced: str | None = None
    """The host of "nova:compute1": taken as it is, full or disabled or not."""
    host: str | None = None
    """The attribute `host` (2.74): the only candidate, which must fit."""
    same_host: tuple[str, ...] = ()
    """Servers: only where one of them is (the hint same_host)."""
    different_host: tuple[str, ...] = ()
    """Servers: only where none of them is."""


def parse_wish(availability_zone: str | None, host: str | None) -> Wish:
    """The wish in a request: an availability zone may be "zone:host" or "zone:host:node" (administrators)."""
    if availability_zone is None or ":" not in availability_zone:
        return Wish(availability_zone, host=host)
    zone, forced, *node = availability_zone.split(":")
    if len(node) > 1:
        raise BadRequest(f"Unable to parse availability_zone: {availability_zone}")
    forced = forced or (node[0] if node else "")
    if forced and host:
        raise BadRequest(
            "One mechanism with host and/or hypervisor_hostname and another mechanism with zone:host:node are "
            "mutually exclusive."
        )
    return Wish(zone or None, forced or None, host)


def check(session: Session, wish: Wish) -> None:
    """Raise what is wrong with the wish itself: an unknown zone or host is a bad request."""
    for host in filter(None, (wish.forced, wish.host)):
        node_of_host(session, host)
    if wish.zone is not None and not any(node.zone == wish.zone for node in session.find(Node)):
        raise NoSuchZone()


def select(session: Session, flavor: Flavor, wish: Wish, now: float, near: set[str], far: set[str]) -> Node:
    """The node for a server; raises NoValidHost. `near`: only these hosts, if any are named; `far`: none of these."""
    nodes = session.find(Node)
    used = usage(session)
    if wish.forced is not None:
        forced = [node for node in nodes if node.host == wish.forced]
        if not forced:
            raise HostNotFound(host=wish.forced)
        return forced[0]
    fitting = [
        node
        for node in nodes
        if node.enabled
        and is_up(node, now)
        and wish.zone in (None, node.zone)
        and wish.host in (None, node.host)
        and (not wish.same_host or node.host in near)
        and node.host not in far
        and _has_room(node, used.get(node.host, Usage()), flavor)
    ]
    if not fitting:
        raise NoValidHost(reason="There are not enough hosts available.")
    return min(fitting, key=lambda node: (used.get(node.host, Usage()).ram - node.ram * RAM_RATIO, node.host))


def _has_room(node: Node, used: Usage, flavor: Flavor) -> bool:
    return (
        used.vcpus + flavor.vcpus <= node.vcpus * VCPU_RATIO
        and used.ram + flavor.ram <= node.ram * RAM_RATIO
        and used.disk + flavor.disk <= node.disk
    )
