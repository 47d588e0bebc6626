"""The address of a virtual port, as routers see it: the MAC of the port that has it now.

As long as nobody has it, routers ask for it by ARP (the MAC 00:00:00:00:00:00 says: not known), and what it would send
through a distributed floating IP is dropped rather than sent by the gateway's chassis, with the wrong MAC.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import switch_port_by_name
from brume.southbound.from_northbound.facts.nat import RouterNat
from brume.southbound.from_northbound.facts.ports import RouterPort, SwitchPort, connected_router_ports, network_of
from brume.southbound.from_northbound.facts.virtual_ports import VirtualPort, is_virtual
from brume.southbound.from_northbound.flows import DROP, flow
from brume.southbound.from_northbound.router.nat.places import place
from brume.southbound.observed import VirtualPlace
from brume.southbound.pipeline import ROUTER_IN
from brume.southbound.registers import NEXT_HOP_IPV4, NEXT_HOP_IPV6

NOT_KNOWN: Final = "00:00:00:00:00:00"


@rule(VirtualPort)
def virtual_port(virtual: VirtualPort, view: View) -> Iterator[Output]:
    """In the first router that has the address on the link; northd takes the first of its own order."""
    port = view.get(SwitchPort, virtual.port)
    if port is None or not port.enabled:
        return
    place_now = view.get(VirtualPlace, virtual.port)
    parent = _parent(place_now.parent, view) if place_now is not None else port
    if parent is None:
        return
    mac = parent.addresses[0].mac if place_now is not None and parent.addresses else NOT_KNOWN
    peer = _router(parent.switch, virtual.address, view)
    if peer is None or (place_now is not None and not parent.addresses):
        return
    hop = NEXT_HOP_IPV6 if ":" in virtual.address else NEXT_HOP_IPV4
    match = Match(f"outport == {peer.quoted} && {hop} == {virtual.address}")
    yield flow(ROUTER_IN.ARP_RESOLVE, peer.router, 100, match, Actions(f"eth.dst = {mac}; next;"), virtual.port)


def _parent(name: str, view: View) -> SwitchPort | None:
    row = view.one(switch_port_by_name, name)
    return view.get(SwitchPort, row.uuid) if row is not None else None


def _router(switch: str, address: str, view: View) -> RouterPort | None:
    """The router port of a switch that has the address on the link."""
    sides = sorted(view.find(connected_router_ports, switch), key=lambda side: side.uuid)
    peers = (view.get(RouterPort, side.peer) for side in sides)
    return next((peer for peer in peers if peer is not None and network_of(peer, address) is not None), None)


@rule(RouterNat)
def nobody_has_it(nat: RouterNat, view: View) -> Iterator[Output]:
    at = place(nat, view)
    if at is None or not nat.distributed or not is_virtual(view, nat.logical_port or ""):
        return
    match = Match(f"{at.family}.src == {nat.logical_ip} && outport == {at.port.quoted}")
    yield flow(ROUTER_IN.GW_REDIRECT, nat.router, 80, match, DROP, nat.uuid)


RULES = (virtual_port, nobody_has_it)
