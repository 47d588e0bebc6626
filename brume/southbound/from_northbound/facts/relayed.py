"""Routers that relay multicast: which groups of their switches they pass on, and out of which ports."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.northbound.schema import LogicalRouterPort
from brume.southbound.allocation import KeyRequest
from brume.southbound.from_northbound.facts.multicast import JoinedGroup, is_relay, joined_group_uuid
from brume.southbound.from_northbound.facts.nat import RouterHas
from brume.southbound.from_northbound.facts.ports import RouterPort, connected_router_ports, redirect_uuid, router_of
from brume.southbound.from_northbound.facts.settings import is_true
from brume.tables.row import Row
from brume.values.address import Ipv6Address

FLOODS = "a port that gets all multicast"
NOT_ROUTED = (0x0, 0x1, 0x2, 0x3, 0xF)
"""Scopes of IPv6 multicast that stay on their link (RFC 4291, 2.7)."""


class RelayedGroup(Row, frozen=True, kw_only=True):
    """A router passes a multicast group on. `group` is the uuid of its Multicast_Group."""

    router: str
    address: str
    group: str

    def key(self) -> Hashable:
        return self.group


class RelayedPort(Row, frozen=True, kw_only=True):
    """... out of this port, or the port that stands for it on its chassis."""

    group: str
    port: str

    def key(self) -> Hashable:
        return (self.group, self.port)


def floods(port: RouterPort) -> bool:
    """Whether all multicast leaves by this port."""
    return port.enabled and is_true(port.options, "mcast_flood", False)


def out_port(port: RouterPort) -> str:
    """The uuid of the binding by which packets leave: a gateway port's is the one that stands for it on its chassis."""
    return redirect_uuid(port.uuid) if port.gateway else port.uuid


@rule(LogicalRouterPort)
def flooding_port(port: LogicalRouterPort, view: View) -> Iterator[Output]:
    router = router_of(view, port.uuid)
    if router is not None and port.enabled is not False and is_true(port.options, "mcast_flood", False):
        yield RouterHas(router=router, what=FLOODS)


@rule(JoinedGroup)
def relayed_group(joined: JoinedGroup, view: View) -> Iterator[Output]:
    if not _is_routed(joined.address):
        return
    for side in view.find(connected_router_ports, joined.switch):
        peer = view.get(RouterPort, side.peer) if is_relay(view, side.uuid) else None
        if peer is None or is_true(peer.options, "mcast_flood", False):
            continue
        group = joined_group_uuid(peer.router, joined.address)
        yield RelayedGroup(router=peer.router, address=joined.address, group=group)
        yield RelayedPort(group=group, port=out_port(peer))
        yield KeyRequest(owner=group, space=f"multicast groups of {peer.router}")


def _is_routed(address: str) -> bool:
    return ":" not in address or Ipv6Address.parse(address).packed[1] & 0xF not in NOT_ROUTED


FIRST_RULES = (flooding_port,)
SECOND_RULES = (relayed_group,)
