"""Answer for the outside addresses (lr_in_ip_input), and find their MAC from inside (lr_in_arp_resolve)."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.southbound.from_northbound.facts.addresses import solicited_node
from brume.southbound.from_northbound.facts.nat import RouterNat
from brume.southbound.from_northbound.facts.ports import RouterPort, gateways_of
from brume.southbound.from_northbound.flows import DROP, flow
from brume.southbound.from_northbound.router.nat.places import Place, place, where
from brume.southbound.from_northbound.router.own_addresses import arp_reply, neighbor_advertisement
from brume.southbound.from_northbound.router.ports import bridged_ports
from brume.southbound.pipeline import ROUTER_IN
from brume.southbound.registers import INPORT_MAC, NEXT_HOP_IPV4, NEXT_HOP_IPV6


@rule(RouterNat)
def answer_inside(nat: RouterNat, view: View) -> Iterator[Output]:
    """Who asks by a port that is no gateway gets that port's MAC."""
    yield flow(ROUTER_IN.IP_INPUT, nat.router, 90, *_reply(nat, "", "", str(INPORT_MAC)), nat.uuid)


@rule(RouterNat)
def answer_outside(nat: RouterNat, view: View) -> Iterator[Output]:
    """Only the chassis that translates answers, so that switches outside learn where to send."""
    at = where(nat, view)
    if at is None:
        return
    mac = nat.external_mac if nat.distributed and nat.external_mac is not None else str(INPORT_MAC)
    by_port = f"inport == {at.port.quoted} && "
    yield flow(ROUTER_IN.IP_INPUT, nat.router, 92, *_reply(nat, by_port, f" && {at.resident}", mac), nat.uuid)
    match, _ = _reply(nat, by_port, "", mac)
    yield flow(ROUTER_IN.IP_INPUT, nat.router, 91, match, DROP, nat.uuid)


def _reply(nat: RouterNat, before: str, after: str, mac: str) -> tuple[Match, Actions]:
    address = nat.external_ip
    if not nat.is_ipv6:
        return arp_reply(f"{before}arp.op == 1 && arp.tpa == {address}{after}", mac)
    match = f"{before}ip6.dst == {{{address}, {solicited_node(address)}}} && nd_ns && nd.target == {address}{after}"
    return Match(match), neighbor_advertisement("nd_na", mac)


@rule(RouterNat)
def resolve(nat: RouterNat, view: View) -> Iterator[Output]:
    at = place(nat, view)
    if at is not None:
        yield from _resolve(at)
    if at is not None and nat.distributed and view.find(bridged_ports, nat.router):
        yield from _past_the_gateway(at, gateways_of(view, nat.router)[0])


def _past_the_gateway(at: Place, first: RouterPort) -> Iterator[Output]:
    """With redirect-type=bridged others send to the gateway's MAC (arp_resolve.py); this one's own packets do not."""
    nat = at.nat
    match = Match(f"outport == {first.quoted} && {at.family}.src == {nat.logical_ip} && {at.resident}")
    learned = f"get_nd(outport, {NEXT_HOP_IPV6})" if nat.is_ipv6 else f"get_arp(outport, {NEXT_HOP_IPV4})"
    yield flow(ROUTER_IN.ARP_RESOLVE, nat.router, 90, match, Actions(f"{learned}; next;"), nat.uuid)


def _resolve(at: Place) -> Iterator[Output]:
    nat, port = at.nat, at.port
    untranslated = f"inport == {port.quoted} && outport == {port.quoted} && {at.family}.dst == {nat.external_ip}"
    yield flow(ROUTER_IN.ARP_RESOLVE, nat.router, 150, Match(untranslated), DROP, nat.uuid)
    hop = NEXT_HOP_IPV6 if nat.is_ipv6 else NEXT_HOP_IPV4
    match = Match(f"outport == {port.quoted} && {hop} == {nat.external_ip}")
    mac = nat.external_mac if nat.distributed else port.mac
    yield flow(ROUTER_IN.ARP_RESOLVE, nat.router, 100, match, Actions(f"eth.dst = {mac}; next;"), nat.uuid)


RULES = (answer_inside, answer_outside, resolve)
