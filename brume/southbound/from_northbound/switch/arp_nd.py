"""Answer ARP requests and neighbour solicitations for addresses that ports are known to have.

The switch answers for the port, so that the request needs no flooding. A port that asks for its own address gets no
answer: it is checking that nobody else has it (RFC 5227, RFC 4862 5.4).
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, Problem, derived, rule
from brume.derive.view import View
from brume.expressions.actions import Actions, go_on
from brume.expressions.fields import inport
from brume.expressions.match import Match
from brume.northbound.schema import LogicalSwitch, LogicalSwitchPort
from brume.southbound.from_northbound.facts.addresses import parse_ip_addresses, solicited_node
from brume.southbound.from_northbound.facts.ports import RouterPort, SwitchPort
from brume.southbound.from_northbound.facts.settings import is_true, settings
from brume.southbound.from_northbound.flows import default, flow
from brume.southbound.pipeline import SWITCH_IN

STAGE = SWITCH_IN.ARP_ND_RSP
ALWAYS_UP = ("router", "localport")
"""Types of port that are answered for whether they are up or not."""

NOT_COMPILED = ("vtep",)
"""Types of port whose flows are missing; they are connected as ordinary ports are."""


@rule(LogicalSwitch)
def no_answer(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    yield default(STAGE, switch.uuid)


@derived
def is_transparent(view: View, switch: str) -> bool:
    """Whether the switch carries its ports' VLAN tags, so that nobody knows to which of them an address belongs."""
    row = view.get(LogicalSwitch, switch)
    return row is not None and is_true(row.other_config, "vlan-passthru", False)


@derived
def is_up(view: View, port: str) -> bool:
    """Whether the port is up."""
    row = view.get(LogicalSwitchPort, port)
    return row is not None and row.up is True


@rule(SwitchPort)
def arp_nd_responder(port: SwitchPort, view: View) -> Iterator[Output]:
    if port.type == "localnet":
        # Requests from outside are answered by the chassis of the port they ask for, or by several at once.
        yield flow(STAGE, port.switch, 100, inport.equals(port.name), go_on, port.uuid)
    if port.type in NOT_COMPILED:
        yield Problem(table="Logical_Switch_Port", row=port.uuid, message=f"{port.type} ports are not compiled")
        return
    if port.unknown or port.type in ("external", "virtual") or is_transparent(view, port.switch):
        return
    if not settings(view).ignore_lsp_down and port.type not in ALWAYS_UP and not is_up(view, port.uuid):
        return
    for addresses in port.addresses:
        for address in addresses.ipv4:
            yield from _arp(port, addresses.mac, address)
        for address in addresses.ipv6:
            yield from _neighbour_discovery(port, addresses.mac, address)


def _arp(port: SwitchPort, mac: str, address: str) -> Iterator[Output]:
    match = f"arp.tpa == {address} && arp.op == 1"
    answer = (
        f"eth.dst = eth.src; eth.src = {mac}; arp.op = 2; /* ARP reply */ arp.tha = arp.sha; arp.sha = {mac}; "
        f"arp.tpa = arp.spa; arp.spa = {address}; outport = inport; flags.loopback = 1; output;"
    )
    yield flow(STAGE, port.switch, 50, Match(match), Actions(answer), port.uuid)
    yield flow(STAGE, port.switch, 100, Match(f"{match} && inport == {port.quoted}"), go_on, port.uuid)


def _neighbour_discovery(port: SwitchPort, mac: str, address: str) -> Iterator[Output]:
    match = f"nd_ns && ip6.dst == {{{address}, {solicited_node(address)}}} && nd.target == {address}"
    advertisement = "nd_na_router" if port.type == "router" else "nd_na"
    answer = (
        f"{advertisement} {{ eth.src = {mac}; ip6.src = {address}; nd.target = {address}; nd.tll = {mac}; "
        "outport = inport; flags.loopback = 1; output; };"
    )
    yield flow(STAGE, port.switch, 50, Match(match), Actions(answer), port.uuid)
    yield flow(STAGE, port.switch, 100, Match(f"{match} && inport == {port.quoted}"), go_on, port.uuid)


@rule(SwitchPort)
def arp_proxy(port: SwitchPort, view: View) -> Iterator[Output]:
    if port.peer is None or "arp_proxy" not in port.options:
        return
    peer = view.get(RouterPort, port.peer)
    ipv4, _ = parse_ip_addresses(port.options["arp_proxy"].split())
    if peer is None or not ipv4:
        return
    answer = (
        f"eth.dst = eth.src; eth.src = {peer.mac}; arp.op = 2; /* ARP reply */ arp.tha = arp.sha; "
        f"arp.sha = {peer.mac}; arp.tpa <-> arp.spa; outport = inport; flags.loopback = 1; output;"
    )
    yield flow(
        STAGE, port.switch, 50, Match(f"arp.op == 1 && arp.tpa == {{{','.join(ipv4)}}}"), Actions(answer), port.uuid
    )


RULES = (no_answer, arp_nd_responder, arp_proxy)
