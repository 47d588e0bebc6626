"""Learn MACs from ARP and neighbour discovery: look whether sender and MAC are known as they are, and if not, learn.

With `always_learn_from_arp_request=false` (Neutron sets it) a request teaches nothing new about strangers, unless it
asks for the router itself: on a shared network each router would otherwise learn every host.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, derived, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter
from brume.southbound.from_northbound.facts.ports import RouterPort
from brume.southbound.from_northbound.facts.settings import is_true
from brume.southbound.from_northbound.flows import DROP, NEXT, default, flow
from brume.southbound.from_northbound.router.ports import resident
from brume.southbound.pipeline import ROUTER_IN
from brume.southbound.registers import LOOKUP_NEIGHBOR_IP_RESULT as IP_KNOWN
from brume.southbound.registers import LOOKUP_NEIGHBOR_RESULT as KNOWN

LOOKUP = ROUTER_IN.LOOKUP_NEIGHBOR
LEARN = ROUTER_IN.LEARN_NEIGHBOR
BY_ARP = f"{KNOWN} = lookup_arp(inport, arp.spa, arp.sha); "


def _always(router: LogicalRouter) -> bool:
    return is_true(router.options, "always_learn_from_arp_request", True)


@derived
def learns_always(view: View, router: str) -> bool:
    """Whether the router learns from every ARP request it hears."""
    row = view.get(LogicalRouter, router)
    return row is None or _always(row)


@rule(LogicalRouter)
def look_up(router: LogicalRouter, view: View) -> Iterator[Output]:
    always = _always(router)
    yes = "" if always else f"{IP_KNOWN} = 1; "
    by_address = "" if always else f"{IP_KNOWN} = lookup_nd_ip(inport, ip6.src); "
    found = (
        ("arp.op == 2", f"{BY_ARP}{yes}next;"),
        ("nd_na", f"{KNOWN} = lookup_nd(inport, nd.target, nd.tll); {yes}next;"),
        ("nd_ns", f"{KNOWN} = lookup_nd(inport, ip6.src, nd.sll); {by_address}next;"),
    )
    for match, actions in found:
        yield flow(LOOKUP, router.uuid, 100, Match(match), Actions(actions))
    if not always:
        unsolicited = Match("nd_na && ip6.src == fe80::/10 && ip6.dst == ff00::/8")
        actions = f"{KNOWN} = lookup_nd(inport, ip6.src, nd.tll); {by_address}next;"
        yield flow(LOOKUP, router.uuid, 110, unsolicited, Actions(actions))
    yield default(LOOKUP, router.uuid, Actions(f"{KNOWN} = 1; next;"))


@rule(LogicalRouter)
def learn(router: LogicalRouter, view: View) -> Iterator[Output]:
    nothing_new = f"{KNOWN} == 1" if _always(router) else f"{KNOWN} == 1 || {IP_KNOWN} == 0"
    yield flow(LEARN, router.uuid, 100, Match(nothing_new), NEXT)
    lessons = (
        (95, "nd_ns && (ip6.src == 0 || nd.sll == 0)", "next;"),
        (95, "nd_na && nd.tll == 0", "put_nd(inport, nd.target, eth.src); next;"),
        (90, "arp", "put_arp(inport, arp.spa, arp.sha); next;"),
        (90, "nd_na", "put_nd(inport, nd.target, nd.tll); next;"),
        (90, "nd_ns", "put_nd(inport, ip6.src, nd.sll); next;"),
    )
    for priority, match, actions in lessons:
        yield flow(LEARN, router.uuid, priority, Match(match), Actions(actions))
    yield default(LEARN, router.uuid, DROP)


@rule(RouterPort)
def look_up_requests(port: RouterPort, view: View) -> Iterator[Output]:
    always = learns_always(view, port.router)
    for network in port.ipv4:
        sender = f"inport == {port.quoted} && arp.spa == {network.prefix}/{network.length}"
        where = f"arp.op == 1{resident(port)}"
        actions = BY_ARP + ("" if always else f"{IP_KNOWN} = lookup_arp_ip(inport, arp.spa); ") + "next;"
        yield flow(LOOKUP, port.router, 100, Match(f"{sender} && {where}"), Actions(actions), port.uuid)
        if not always:
            asks_us = Match(f"{sender} && arp.tpa == {network.address} && {where}")
            yield flow(LOOKUP, port.router, 110, asks_us, Actions(f"{BY_ARP}{IP_KNOWN} = 1; next;"), port.uuid)


RULES = (look_up, learn, look_up_requests)
