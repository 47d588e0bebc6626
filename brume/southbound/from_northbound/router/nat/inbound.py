"""From outside: undo SNAT on replies (lr_in_unsnat), floating IP to fixed IP (lr_in_dnat)."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter
from brume.southbound.from_northbound.facts.nat import RouterNat
from brume.southbound.from_northbound.flows import NEXT, default, flow
from brume.southbound.from_northbound.router.nat.outside import allowed, exempted, translated
from brume.southbound.from_northbound.router.nat.places import TYPES_IN, TYPES_OUT, Place, place
from brume.southbound.from_northbound.router.packet_length import gateway_mtu, measured
from brume.southbound.pipeline import ROUTER_IN
from brume.southbound.registers import EGRESS_LOOPBACK, INPORT_MAC, PKT_LARGER

UNDO = Actions("ct_snat_in_czone;")
UNDO_LOOPED = Actions("ct_snat;")
"""A packet that came round from egress was translated in the zone of its own (see loopback.py)."""


@rule(LogicalRouter)
def as_it_is(router: LogicalRouter, view: View) -> Iterator[Output]:
    yield default(ROUTER_IN.UNSNAT, router.uuid)
    yield default(ROUTER_IN.DNAT, router.uuid)


@rule(RouterNat)
def undo_snat(nat: RouterNat, view: View) -> Iterator[Output]:
    at = place(nat, view)
    if at is None or nat.type not in TYPES_OUT:
        return
    arriving = f"ip && {at.family}.dst == {nat.external_ip} && inport == {at.port.quoted}"
    fresh = Match(f"{arriving} && flags.loopback == 0{at.on_gateway}")
    yield flow(ROUTER_IN.UNSNAT, nat.router, 100, fresh, NEXT if at.stateless else UNDO, nat.uuid)
    if not at.stateless:
        looped = Match(f"{arriving} && flags.loopback == 1 && flags.use_snat_zone == 1{at.on_gateway}")
        yield flow(ROUTER_IN.UNSNAT, nat.router, 100, looped, UNDO_LOOPED, nat.uuid)


@rule(RouterNat)
def destination(nat: RouterNat, view: View) -> Iterator[Output]:
    at = place(nat, view)
    if at is None or nat.type not in TYPES_IN:
        return
    match = f"ip && {at.family}.dst == {nat.external_ip} && inport == {at.port.quoted}{at.on_gateway}"
    yield from exempted(nat, ROUTER_IN.DNAT, 100, match, "src", view)
    inside = f"ct_dnat_in_czone({translated(nat, nat.logical_ip)});"
    actions = f"{at.family}.dst={nat.logical_ip}; next;" if at.stateless else inside
    yield flow(
        ROUTER_IN.DNAT, nat.router, 100, Match(f"{match}{allowed(nat, 'src', view)}"), Actions(actions), nat.uuid
    )


@rule(RouterNat)
def admission(nat: RouterNat, view: View) -> Iterator[Output]:
    """A distributed floating IP has a MAC of its own; SNAT may send from the router's address to the outside again."""
    at = place(nat, view)
    if at is None:
        return
    if nat.type == "snat":
        match = Match(f"inport == {at.port.quoted} && {at.family}.src == {nat.external_ip}")
        yield flow(ROUTER_IN.IP_INPUT, nat.router, 120, match, NEXT, nat.uuid)
    if nat.distributed:
        own = f"eth.dst == {at.mac} && inport == {at.port.quoted} && {at.resident}"
        yield from measured(at.port, ROUTER_IN.ADMISSION, own, f"{INPORT_MAC} = {at.port.mac}; next;", nat.uuid)
        if gateway_mtu(at.port):
            yield _too_long(at)


def _too_long(at: Place) -> Output:
    nat, family, mtu = at.nat, at.family, gateway_mtu(at.port)
    icmp = (
        f"icmp6.type = 2; /* Packet Too Big. */ icmp6.code = 0; icmp6.frag_mtu = {mtu};"
        if nat.is_ipv6
        else "icmp4.type = 3; /* Destination Unreachable. */ icmp4.code = 4; /* Frag Needed and DF was Set. */ "
        f"icmp4.frag_mtu = {mtu};"
    )
    actions = Actions(
        f"icmp{family[2]}_error {{{EGRESS_LOOPBACK} = 1; {PKT_LARGER} = 0; eth.dst = eth.src; "
        f"eth.src = {nat.external_mac}; {family}.dst = {family}.src; {family}.src = {nat.external_ip}; ip.ttl = 254; "
        f"{icmp} outport = {at.port.quoted}; flags.loopback = 1; output; }};"
    )
    condition = f"{PKT_LARGER} && {EGRESS_LOOPBACK} == 0"
    match = Match(f"inport == {at.port.quoted} && {condition} && {family} && {family}.dst == {nat.external_ip}")
    return flow(ROUTER_IN.IP_INPUT, nat.router, 160, match, actions, nat.uuid)


RULES = (as_it_is, undo_snat, destination, admission)
