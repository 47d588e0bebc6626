"""Addresses that no packet may have where it comes in: drop (RFC 1812, 5.3.7), and what a router keeps to itself."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter
from brume.southbound.from_northbound.facts.ports import RouterPort
from brume.southbound.from_northbound.facts.settings import is_true
from brume.southbound.from_northbound.flows import DROP, NEXT, default, flow
from brume.southbound.pipeline import ROUTER_IN
from brume.southbound.registers import EGRESS_LOOPBACK

STAGE = ROUTER_IN.IP_INPUT
MARTIANS = Match(
    "ip4.src_mcast ||ip4.src == 255.255.255.255 || ip4.src == 127.0.0.0/8 || ip4.dst == 127.0.0.0/8 || "
    "ip4.src == 0.0.0.0/8 || ip4.dst == 0.0.0.0/8"
)
DYING = "ip.ttl == {0, 1}"


@rule(LogicalRouter)
def martians(router: LogicalRouter, view: View) -> Iterator[Output]:
    relay = is_true(router.options, "mcast_relay", False)
    verdicts: tuple[tuple[int, str, Actions], ...] = (
        (85, "arp || nd", DROP),
        (84, "nd_rs || nd_ra", NEXT),
        (83, "ip6.mcast_rsvd", DROP),
        (82, "ip4.mcast || ip6.mcast", NEXT if relay else DROP),
        (50, "eth.bcast", DROP),
        (32, f"{DYING} && !ip.later_frag && (ip4.mcast || ip6.mcast)", DROP),
        (30, DYING, DROP),
    )
    yield flow(STAGE, router.uuid, 100, MARTIANS, DROP)
    for priority, match, verdict in verdicts:
        yield flow(STAGE, router.uuid, priority, Match(match), verdict)
    yield default(STAGE, router.uuid)


@rule(RouterPort)
def own_source(port: RouterPort, view: View) -> Iterator[Output]:
    """Nobody else may send from the router's address, or from a broadcast address."""
    if port.ipv4:
        addresses = ", ".join(address for network in port.ipv4 for address in (network.address, network.broadcast))
        match = Match(f"ip4.src == {{{addresses}}} && {EGRESS_LOOPBACK} == 0")
        yield flow(STAGE, port.router, 100, match, DROP, port.uuid)


RULES = (martians, own_source)
