"""Answer DHCPv6, in the two stages of DHCPv4. A stateless server gives options but no address."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from brume.derive.rules import Output, derived, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import DHCPOptions
from brume.southbound.from_northbound.facts.addresses import link_local, parse_mac
from brume.southbound.from_northbound.facts.balanced import tracks
from brume.southbound.from_northbound.facts.ports import SwitchPort
from brume.southbound.from_northbound.facts.settings import is_true
from brume.southbound.from_northbound.flows import flow
from brume.southbound.from_northbound.switch.dhcp import ACCEPT, ACCEPT_TRACKED, parse_prefix
from brume.southbound.from_northbound.switch.external import serving_ports
from brume.southbound.pipeline import SWITCH_IN, SWITCH_OUT
from brume.southbound.priorities import ACL_SERVICE
from brume.southbound.registers import DHCP_OPTS_RESULT
from brume.values.address import parse_address
from brume.values.prefix import Prefix


class Offer6(msgspec.Struct, frozen=True, gc=False):
    """What the ports that refer to one DHCP_Options row of an IPv6 subnet are told."""

    prefix: Prefix | None
    stateless: bool
    options: str
    response: Actions
    to_port: str


@derived
def offer6(view: View, options: str) -> Offer6 | None:
    """What a DHCP_Options row offers; None if its server_id is not a MAC."""
    row = view.get(DHCPOptions, options)
    mac = row.options.get("server_id", "") if row is not None else ""
    if row is None or parse_mac(mac) is None:
        return None
    server = link_local(mac)
    told = {name: value for name, value in row.options.items() if name != "dhcpv6_stateless"}
    response = (
        f"eth.dst = eth.src; eth.src = {mac}; ip6.dst = ip6.src; ip6.src = {server}; "
        "udp.src = 547; udp.dst = 546; outport = inport; flags.loopback = 1; output;"
    )
    return Offer6(
        prefix=parse_prefix(row.cidr),
        stateless=is_true(row.options, "dhcpv6_stateless", False),
        options=", ".join(f"{name} = {told[name]}" for name in sorted(told)),
        response=Actions(response),
        to_port=f"eth.src == {mac} && ip6.src == {server} && udp && udp.src == 547 && udp.dst == 546",
    )


@rule(SwitchPort)
def dhcpv6(port: SwitchPort, view: View) -> Iterator[Output]:
    offered = offer6(view, port.dhcpv6) if port.dhcpv6 is not None else None
    if offered is None:
        return
    if port.type != "external":
        accept = ACCEPT_TRACKED if tracks(view, port.switch) else ACCEPT
        match = Match(f"outport == {port.quoted} && {offered.to_port}")
        yield flow(SWITCH_OUT.ACL, port.switch, ACL_SERVICE, match, accept, port.dhcpv6)
    if not port.enabled or port.type == "router" or offered.prefix is None:
        return
    for inport, condition in serving_ports(port, view):
        for addresses in port.addresses:
            for address in addresses.ipv6:
                if parse_address(address) in offered.prefix:
                    yield from _answer(port, offered, addresses.mac, address, inport, condition)
                    break


def _answer(port: SwitchPort, offered: Offer6, mac: str, address: str, inport: str, condition: str) -> Iterator[Output]:
    match = (
        f"inport == {inport} && eth.src == {mac} && ip6.dst == ff02::1:2 && udp.src == 546 && udp.dst == 547{condition}"
    )
    options = offered.options if offered.stateless else f"ia_addr = {address}, {offered.options}"
    put = Actions(f"{DHCP_OPTS_RESULT} = put_dhcpv6_opts({options}); next;")
    yield flow(SWITCH_IN.DHCP_OPTIONS, port.switch, 100, Match(match), put, port.dhcpv6)
    answered = Match(f"{match} && {DHCP_OPTS_RESULT}")
    yield flow(SWITCH_IN.DHCP_RESPONSE, port.switch, 100, answered, offered.response, port.dhcpv6)


RULES = (dhcpv6,)
