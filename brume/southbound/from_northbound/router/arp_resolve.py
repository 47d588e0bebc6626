"""Next hop to MAC: from the addresses that ports are known to have, else from what was learned (get_arp, get_nd)."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, derived, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter, LogicalRouterPort
from brume.southbound.from_northbound.facts.ports import (
    RouterPort,
    SwitchPort,
    connected_router_ports,
    network_of,
    router_behind,
)
from brume.southbound.from_northbound.facts.settings import is_true
from brume.southbound.from_northbound.flows import DROP, NEXT, default, flow
from brume.southbound.from_northbound.router.ports import address_list, is_bridged
from brume.southbound.pipeline import ROUTER_IN
from brume.southbound.registers import NEXT_HOP_IPV4, NEXT_HOP_IPV6

STAGE = ROUTER_IN.ARP_RESOLVE
FROM_LEARNED = ((Match("ip4"), f"get_arp(outport, {NEXT_HOP_IPV4}); next;"),
                (Match("ip6"), f"get_nd(outport, {NEXT_HOP_IPV6}); next;"))  # fmt: skip


@rule(LogicalRouter)
def learned(router: LogicalRouter, view: View) -> Iterator[Output]:
    yield flow(STAGE, router.uuid, 500, Match("ip4.mcast || ip6.mcast"), NEXT)
    for match, actions in FROM_LEARNED:
        yield flow(STAGE, router.uuid, 1, match, Actions(actions))
    yield default(STAGE, router.uuid, DROP)


@derived
def learns_routers(view: View, router: str) -> bool:
    """Whether the router learns its neighbour routers' MACs like any other (`dynamic_neigh_routers`)."""
    row = view.get(LogicalRouter, router)
    return row is not None and is_true(row.options, "dynamic_neigh_routers", False)


@rule(SwitchPort)
def host(port: SwitchPort, view: View) -> Iterator[Output]:
    """A host's addresses, in every router of its switch that has them on the link."""
    if not port.enabled or port.type in ("router", "virtual"):
        return
    for router_side in view.find(connected_router_ports, port.switch):
        peer = view.get(RouterPort, router_side.peer)
        if peer is None:
            continue
        for addresses in port.addresses:
            actions = Actions(f"eth.dst = {addresses.mac}; next;")
            for address in (*addresses.ipv4, *addresses.ipv6):
                if network_of(peer, address) is not None:
                    hop = NEXT_HOP_IPV6 if ":" in address else NEXT_HOP_IPV4
                    match = Match(f"outport == {peer.quoted} && {hop} == {address}")
                    yield flow(STAGE, peer.router, 100, match, actions, port.uuid)


@rule(SwitchPort)
def neighbor_routers(port: SwitchPort, view: View) -> Iterator[Output]:
    """The other routers on the switch, unless this one learns them."""
    peer = view.get(RouterPort, port.peer) if port.peer is not None else None
    if peer is None or not port.enabled or learns_routers(view, peer.router):
        return
    for other_side in view.find(connected_router_ports, port.switch):
        other = view.get(RouterPort, other_side.peer)
        if other is None or other.uuid == peer.uuid:
            continue
        actions = Actions(f"eth.dst = {other.mac}; next;")
        for hop, networks in ((NEXT_HOP_IPV4, other.ipv4), (NEXT_HOP_IPV6, other.ipv6)):
            if networks:
                addresses = address_list([network.address for network in networks])
                match = Match(f"outport == {peer.quoted} && {hop} == {addresses}")
                yield flow(STAGE, peer.router, 100, match, actions, port.uuid)


@rule(RouterPort)
def router_without_a_switch_between(port: RouterPort, view: View) -> Iterator[Output]:
    """A router port that names another router's as its `peer` is known there."""
    row = view.get(LogicalRouterPort, port.uuid)
    peer = router_behind(row, view) if row is not None else None
    if peer is None:
        return
    actions = Actions(f"eth.dst = {port.mac}; next;")
    for hop, networks in ((NEXT_HOP_IPV4, port.ipv4), (f"{NEXT_HOP_IPV6} ", port.ipv6)):  # northd's spaces
        if networks:
            addresses = address_list([network.address for network in networks])
            yield flow(
                STAGE, peer.router, 100, Match(f"outport == {peer.quoted} && {hop}== {addresses}"), actions, port.uuid
            )


@rule(RouterPort)
def bridged_gateway(port: RouterPort, view: View) -> Iterator[Output]:
    """With redirect-type=bridged, other chassis send to the gateway's MAC over the physical network."""
    if port.gateway and is_bridged(port):
        match = Match(f"outport == {port.quoted} && !is_chassis_resident({port.redirect})")
        yield flow(STAGE, port.router, 50, match, Actions(f"eth.dst = {port.mac}; next;"), port.uuid)


RULES = (learned, host, neighbor_routers, router_without_a_switch_between, bridged_gateway)
