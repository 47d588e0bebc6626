"""Addresses that a router asks the others on its switch to route to it: `add_route` of translations and load balancers.

The others get a route for each address, and those that know where the router is (a gateway themselves) its MAC. Only
the IPv4 addresses of gateway ports, as in OVN.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, derived, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.southbound.from_northbound.bindings.nat_addresses import leaves_by
from brume.southbound.from_northbound.facts.balanced import ROUTABLE, router_vips
from brume.southbound.from_northbound.facts.nat import RouterNat
from brume.southbound.from_northbound.facts.ports import RouterPort, SwitchPort, connected_router_ports, gateways_of
from brume.southbound.from_northbound.facts.settings import is_true
from brume.southbound.from_northbound.flows import flow
from brume.southbound.from_northbound.router.arp_resolve import learns_routers
from brume.southbound.from_northbound.router.nat.places import is_gateway_router
from brume.southbound.from_northbound.router.routing import CONNECTED, PER_BIT, Way, route_by
from brume.southbound.pipeline import ROUTER_IN
from brume.southbound.registers import NEXT_HOP_IPV4
from brume.tables.row import Index

Routables = tuple[tuple[str, tuple[str, ...]], ...]
"""MACs, and the addresses that are to be found there."""


def _asks(nat: RouterNat) -> bool:
    return nat.type != "snat" and not nat.is_ipv6 and is_true(nat.options, "add_route", False)


routed_translations = Index(RouterNat, "router", lambda nat: nat.router if _asks(nat) else None)


@derived
def routables(view: View, port: str) -> Routables:
    """What a router port asks the others to route to it."""
    gateway = view.get(RouterPort, port)
    if gateway is None or not gateway.gateway:
        return ()
    own = {network.address for network in gateway.ipv4}
    apart: list[tuple[str, tuple[str, ...]]] = []
    central: dict[str, None] = {}
    for nat in sorted(_translations(gateway, view), key=lambda nat: nat.uuid):
        if nat.distributed:
            apart.append(((nat.external_mac or "").lower(), (nat.external_ip,)))
        elif nat.external_ip not in own:
            central[nat.external_ip] = None
    vips = sorted(vip.address for vip in view.find(router_vips, (gateway.router, ROUTABLE)))
    central |= {address: None for address in vips if ":" not in address}
    return (*apart, (gateway.mac, tuple(central))) if central else tuple(apart)


def _translations(port: RouterPort, view: View) -> Iterator[RouterNat]:
    gateways = gateways_of(view, port.router)
    # northd asks while it is still counting gateway ports: for the first of them all translations are its own.
    gateways = gateways if gateways[0].uuid != port.uuid else gateways[:1]
    for nat in view.find(routed_translations, port.router):
        if leaves_by(nat, port, gateways):
            yield nat


@rule(SwitchPort)
def asked_for(side: SwitchPort, view: View) -> Iterator[Output]:
    """What the router behind a port asks for, in the other routers on the switch: nothing is run where none asks."""
    found = routables(view, side.peer) if side.peer is not None else ()
    for port in view.find(connected_router_ports, side.switch) if found else ():
        peer = view.get(RouterPort, port.peer)
        if peer is None or peer.uuid == side.peer:
            continue
        resolves = port.enabled and not learns_routers(view, peer.router)
        resolves = resolves and (peer.gateway or is_gateway_router(view, peer.router))
        for mac, addresses in found:
            yield from _routes(peer, addresses, view)
            if resolves:
                match = Match(f"outport == {peer.quoted} && {NEXT_HOP_IPV4} == {{{', '.join(addresses)}}}")
                yield flow(ROUTER_IN.ARP_RESOLVE, peer.router, 100, match, Actions(f"eth.dst = {mac}; next;"))


def _routes(peer: RouterPort, addresses: tuple[str, ...], view: View) -> Iterator[Output]:
    for network in peer.ipv4[:1]:
        way = Way(peer, network.address, None)
        for address in addresses:
            yield from route_by(
                peer.router, 32 * PER_BIT + CONNECTED, f"ip4.dst == {address}/32", way, 4, view, peer.uuid
            )


RULES = (asked_for,)
