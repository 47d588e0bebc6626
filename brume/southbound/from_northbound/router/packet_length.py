"""Packets longer than the gateway port's MTU (`gateway_mtu`): tell the sender to send shorter ones.

Off unless the option is set. A packet is measured when it comes in by the gateway port, and when it is to go out by
it; the answer is an ICMP error (RFC 1191, RFC 8201) that starts its way at the router again.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter
from brume.southbound.from_northbound.facts.ports import RouterPort, router_ports
from brume.southbound.from_northbound.facts.settings import number
from brume.southbound.from_northbound.flows import default, flow
from brume.southbound.pipeline import ROUTER_IN, Stage
from brume.southbound.registers import EGRESS_LOOPBACK, PKT_LARGER

ETHERNET_HEADER = 14
"""Bytes before the IP packet, which the MTU does not count."""


def gateway_mtu(port: RouterPort) -> int:
    """The port's `gateway_mtu`; 0 if it has none."""
    return number(port.options, "gateway_mtu")


def measured(port: RouterPort, stage: Stage, match: str, actions: str, hint: str) -> Iterator[Output]:
    """A flow that also measures the packet, if the port has a `gateway_mtu`; and one for what is exempt from that."""
    mtu = gateway_mtu(port)
    if not mtu:
        yield flow(stage, port.router, 50, Match(match), Actions(actions), hint)
        return
    check = f"{PKT_LARGER} = check_pkt_larger({mtu + ETHERNET_HEADER}); "
    yield flow(stage, port.router, 50, Match(match), Actions(check + actions), hint)
    exempt = port.options.get("gateway_mtu_bypass")
    if exempt:
        yield flow(stage, port.router, 55, Match(f"{match} && ({exempt})"), Actions(actions), hint)


@rule(LogicalRouter)
def any_length(router: LogicalRouter, view: View) -> Iterator[Output]:
    yield default(ROUTER_IN.CHK_PKT_LEN, router.uuid)
    yield default(ROUTER_IN.LARGER_PKTS, router.uuid)


@rule(RouterPort)
def too_long(port: RouterPort, view: View) -> Iterator[Output]:
    mtu = gateway_mtu(port)
    if not mtu:
        return
    yield from measured(port, ROUTER_IN.CHK_PKT_LEN, f"outport == {port.quoted}", "next;", port.uuid)
    yield from _errors(port, mtu, ROUTER_IN.IP_INPUT, "")
    for other in view.find(router_ports, port.router):
        if other.uuid != port.uuid:
            yield from _errors(other, mtu, ROUTER_IN.LARGER_PKTS, f"outport == {port.quoted} && ")


def _errors(port: RouterPort, mtu: int, stage: Stage, way_out: str) -> Iterator[Output]:
    first = f"{EGRESS_LOOPBACK} = 1; {PKT_LARGER} = 0; eth.dst = {port.mac}; "
    again = f"next(pipeline=ingress, table={ROUTER_IN.ADMISSION.table}); }};"
    condition = f"{PKT_LARGER} && {EGRESS_LOOPBACK} == 0"
    if port.ipv4:
        actions = (
            f"icmp4_error {{{first}ip4.dst = ip4.src; ip4.src = {port.ipv4[0].address}; ip.ttl = 255; "
            "icmp4.type = 3; /* Destination Unreachable. */ icmp4.code = 4; /* Frag Needed and DF was Set. */ "
            f"icmp4.frag_mtu = {mtu}; {again}"
        )
        match = Match(f"inport == {port.quoted} && {way_out}ip4 && {condition}")
        yield flow(stage, port.router, 150, match, Actions(actions), port.uuid)
    if port.ipv6:
        actions = (
            f"icmp6_error {{{first}ip6.dst = ip6.src; ip6.src = {port.ipv6[0].address}; ip.ttl = 255; "
            f"icmp6.type = 2; /* Packet Too Big. */ icmp6.code = 0; icmp6.frag_mtu = {mtu}; {again}"
        )
        match = Match(f"inport == {port.quoted} && {way_out}ip6 && {condition}")
        yield flow(stage, port.router, 150, match, Actions(actions), port.uuid)


RULES = (any_length, too_long)
