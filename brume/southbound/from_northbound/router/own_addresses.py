"""Answer for the router's own addresses: ARP, neighbour solicitations, echo requests; refuse everything else.

A router with a gateway refuses silently: its addresses may be the outside face of hosts behind it, and only
connection tracking knows which packets are for them.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter
from brume.southbound.from_northbound.facts.addresses import solicited_node
from brume.southbound.from_northbound.facts.balanced import is_vip
from brume.southbound.from_northbound.facts.nat import nats_by_router
from brume.southbound.from_northbound.facts.ports import RouterPort, gateways_of
from brume.southbound.from_northbound.flows import DROP, flow
from brume.southbound.from_northbound.router.nat.force_snat import forced, forced_addresses
from brume.southbound.from_northbound.router.ports import address_list, answers_on, resident
from brume.southbound.pipeline import ROUTER_IN, Stage
from brume.southbound.registers import INPORT_MAC

STAGE = ROUTER_IN.IP_INPUT

UNREACHABLE = (
    (80, " && udp", "icmp{v} {{eth.dst <-> eth.src; ip{v}.dst <-> ip{v}.src; ip.ttl = 255; {port} next; }};"),
    (80, " && tcp", "tcp_reset {{eth.dst <-> eth.src; ip{v}.dst <-> ip{v}.src; next; }};"),
    (80, " && sctp", "sctp_abort {{eth.dst <-> eth.src; ip{v}.dst <-> ip{v}.src; next; }};"),
    (70, "", "icmp{v} {{eth.dst <-> eth.src; ip{v}.dst <-> ip{v}.src; ip.ttl = 255; {protocol} next; }};"),
)
CODES = {
    "4": {"port": "icmp4.type = 3; icmp4.code = 3;", "protocol": "icmp4.type = 3; icmp4.code = 2;"},
    "6": {"port": "icmp6.type = 1; icmp6.code = 4;", "protocol": "icmp6.type = 1; icmp6.code = 3;"},
}


def arp_reply(match: str, mac: str) -> tuple[Match, Actions]:
    """Answer an ARP request that matches with this MAC."""
    actions = (
        f"eth.dst = eth.src; eth.src = {mac}; arp.op = 2; /* ARP reply */ arp.tha = arp.sha; arp.sha = {mac}; "
        "arp.tpa <-> arp.spa; outport = inport; flags.loopback = 1; output;"
    )
    return Match(match), Actions(actions)


def neighbor_advertisement(action: str, mac: str) -> Actions:
    """Answer a neighbour solicitation with this MAC; `action` is nd_na or nd_na_router."""
    return Actions(
        f"{action} {{ eth.src = {mac}; ip6.src = nd.target; nd.tll = {mac}; outport = inport; "
        "flags.loopback = 1; output; };"
    )


@rule(RouterPort)
def arp(port: RouterPort, view: View) -> Iterator[Output]:
    for network in port.ipv4:
        match = (
            f"inport == {port.quoted} && arp.op == 1 && arp.tpa == {network.address} && "
            f"arp.spa == {network.prefix}/{network.length}{answers_on(port, view)}"
        )
        yield flow(STAGE, port.router, 90, *arp_reply(match, str(INPORT_MAC)), port.uuid)


@rule(RouterPort)
def neighbor_discovery(port: RouterPort, view: View) -> Iterator[Output]:
    for network in port.ipv6:
        match = (
            f"inport == {port.quoted} && ip6.dst == {{{network.address}, {solicited_node(network.address)}}} && "
            f"nd_ns && nd.target == {network.address}{resident(port)}"
        )
        yield flow(
            STAGE, port.router, 90, Match(match), neighbor_advertisement("nd_na_router", str(INPORT_MAC)), port.uuid
        )
        reply = Match(f"ip6.dst == {network.address} && udp.src == 547 && udp.dst == 546")
        yield flow(STAGE, port.router, 100, reply, Actions("reg0 = 0; handle_dhcpv6_reply;"))


@rule(RouterPort)
def echo(port: RouterPort, view: View) -> Iterator[Output]:
    if port.ipv4:
        addresses = address_list([network.address for network in port.ipv4])
        match = f"ip4.dst == {addresses} && icmp4.type == 8 && icmp4.code == 0"
        actions = "ip4.dst <-> ip4.src; ip.ttl = 255; icmp4.type = 0; flags.loopback = 1; next; "
        yield flow(STAGE, port.router, 90, Match(match), Actions(actions), port.uuid)
    if port.ipv6:
        addresses = address_list([network.address for network in port.ipv6])
        match = f"ip6.dst == {addresses} && icmp6.type == 128 && icmp6.code == 0"
        actions = "ip6.dst <-> ip6.src; ip.ttl = 255; icmp6.type = 129; flags.loopback = 1; next; "
        yield flow(STAGE, port.router, 90, Match(match), Actions(actions), port.uuid)


@rule(RouterPort)
def unreachable(port: RouterPort, view: View) -> Iterator[Output]:
    router = view.get(LogicalRouter, port.router)
    if gateways_of(view, port.router) or router is None or "chassis" in router.options:
        return
    for network in (*port.ipv4, *port.ipv6):
        version = "6" if ":" in network.address else "4"
        for priority, protocol, answer in UNREACHABLE:
            match = Match(f"ip{version} && ip{version}.dst == {network.address} && !ip.later_frag{protocol}")
            actions = Actions(answer.format(v=version, **CODES[version]))
            yield flow(STAGE, port.router, priority, match, actions, port.uuid)


@rule(RouterPort)
def refuse(port: RouterPort, view: View) -> Iterator[Output]:
    """What is for an address of the router and was not answered; later, where SNAT or a load balancer may claim it."""
    translated = {nat.external_ip for nat in view.find(nats_by_router, port.router) if nat.type == "snat"}
    translated |= forced_addresses(view, port.router)
    for family, networks in (("ip4", port.ipv4), ("ip6", port.ipv6)):
        addresses = [network.address for network in networks]
        shared = [one for one in addresses if one in translated or is_vip(view, port.router, one)]
        ours = [one for one in addresses if one not in shared]
        # Of what is balanced, the port's own address may become the source: then all of them are shared.
        if not forced(view, port.router, "lb").by_port:
            yield from _refuse(port, STAGE, 60, family, ours)
        yield from _refuse(port, ROUTER_IN.ARP_RESOLVE, 2, family, shared)


def _refuse(port: RouterPort, stage: Stage, priority: int, family: str, addresses: list[str]) -> Iterator[Output]:
    if addresses:
        yield flow(stage, port.router, priority, Match(f"{family}.dst == {{{', '.join(addresses)}}}"), DROP, port.uuid)


RULES = (arp, neighbor_discovery, echo, unreachable, refuse)
