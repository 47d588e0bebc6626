"""Which node a server goes to.

Filters, in Nova's order of mind: the node is enabled and lives, is in the wanted zone, is the forced host, has room.
Then the node with the most free memory wins, the first by name among equals, so that servers spread.
"""

from __future__ import annotations

from typing import NamedTuple

from brume.cloud.compute.nodes import HostNotFound, NoSuchZone, Usage, is_up, node_of_host, usage
from brume.cloud.compute.resources import Flavor, Node
from brume.cloud.errors import CloudError
from brume.cloud.store.session import Session

VCPU_RATIO = 16.0
RAM_RATIO = 1.5


class NoValidHost(CloudError):
    """No node fits. Nova reports it as the server's fault, not as the answer to the request."""

    status = 500
    template = "No valid host was found. {reason}"


class Wish(NamedTuple):
    """Where a server is wanted: `zone`, and `host` if one is forced ("nova:compute1", or the attribute host)."""

    zone: str | None = None
    host: str | None = None


def parse_wish(availability_zone: str | None, host: str | None) -> Wish:
    """The wish in a request: an availability zone may be "zone:host" or "zone:host:node" (administrators)."""
    if availability_zone is None or ":" not in availability_zone:
        return Wish(availability_zone, host)
    zone, _, forced = availability_zone.partition(":")
    return Wish(zone or None, forced.split(":")[0] or host)


def check(session: Session, wish: Wish) -> None:
    """Raise what is wrong with the wish itself: an unknown zone or host is a bad request."""
    if wish.host is not None:
        node_of_host(session, wish.host)
    if wish.zone is not None and not any(node.zone == wish.zone for node in session.find(Node)):
        raise NoSuchZone()


def select(session: Session, flavor: Flavor, wish: Wish, now: float) -> Node:
    """The node for a server; raises NoValidHost."""
    nodes = session.find(Node)
    used = usage(session)
    if wish.host is not None:  # a forced host is taken as it is, enabled or not, as Nova does
        forced = [node for node in nodes if node.host == wish.host]
        if not forced:
            raise HostNotFound(host=wish.host)
        return forced[0]
    fitting = [
        node
        for node in nodes
        if node.enabled
        and is_up(node, now)
        and wish.zone in (None, node.zone)
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
