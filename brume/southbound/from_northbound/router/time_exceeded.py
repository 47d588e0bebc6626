"""Packets whose time to live ends here: tell the sender (RFC 792, RFC 4443 3.3)."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.southbound.from_northbound.facts.addresses import Network
from brume.southbound.from_northbound.facts.ports import RouterPort
from brume.southbound.from_northbound.flows import flow
from brume.southbound.from_northbound.router.ports import is_link_local
from brume.southbound.pipeline import ROUTER_IN

STAGE = ROUTER_IN.IP_INPUT
DYING = "ip.ttl == {0, 1} && !ip.later_frag"


@rule(RouterPort)
def time_exceeded(port: RouterPort, view: View) -> Iterator[Output]:
    send = f"outport = {port.quoted}; flags.loopback = 1; output; }};"
    for network in port.ipv4:
        actions = (
            "icmp4 {eth.dst <-> eth.src; icmp4.type = 11; /* Time exceeded */ "
            f"icmp4.code = 0; /* TTL exceeded in transit */ {_back(port, network, 'ip4')} ; ip.ttl = 254; {send}"
        )
        match = Match(f"inport == {port.quoted} && ip4 && {DYING}")
        yield flow(STAGE, port.router, 31, match, Actions(actions), port.uuid)
    for network in port.ipv6:
        if is_link_local(network):
            continue
        actions = (
            f"icmp6 {{eth.dst <-> eth.src; {_back(port, network, 'ip6')} ; ip.ttl = 254; "
            f"icmp6.type = 3; /* Time exceeded */ icmp6.code = 0; /* TTL exceeded in transit */ {send}"
        )
        match = Match(f"inport == {port.quoted} && ip6 && ip6.src == {network.prefix}/{network.length} && {DYING}")
        yield flow(STAGE, port.router, 31, match, Actions(actions), port.uuid)


def _back(port: RouterPort, network: Network, family: str) -> str:
    """To the sender, from the router; a gateway answers in the name of whom the packet was for."""
    if port.gateway:
        return f"{family}.dst <-> {family}.src"
    return f"{family}.dst = {family}.src; {family}.src = {network.address}"


RULES = (time_exceeded,)
