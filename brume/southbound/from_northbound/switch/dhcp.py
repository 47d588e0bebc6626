"""Answer DHCPv4: the request of a port whose options the northbound gives is turned into its answer on the spot.

Two stages: the options are put into the packet (and a bit says that this could be done), then the packet turns round.
On its way back it passes the ACLs of the port, whatever they say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from brume.derive.rules import Output, Problem, derived, rule
from brume.derive.view import View
from brume.expressions.actions import Actions, do, go_on
from brume.expressions.match import Match
from brume.northbound.schema import DHCPOptions, LogicalSwitch
from brume.southbound.from_northbound.facts.balanced import tracks
from brume.southbound.from_northbound.facts.ports import SwitchPort
from brume.southbound.from_northbound.flows import default, flow
from brume.southbound.from_northbound.switch.external import serving_ports
from brume.southbound.pipeline import SWITCH_IN, SWITCH_OUT
from brume.southbound.priorities import ACL_SERVICE
from brume.southbound.registers import DHCP_OPTS_RESULT
from brume.values.address import parse_address
from brume.values.prefix import InterfaceAddress, Prefix

ACCEPT = go_on
NEEDED: Final = ("server_id", "server_mac", "lease_time")
ACCEPT_TRACKED = do(Actions("ct_commit;"), go_on)


class Offer(msgspec.Struct, frozen=True, gc=False):
    """What the ports that refer to one DHCP_Options row are told.."""

    prefix: Prefix
    server_ip: str
    options: tuple[tuple[str, str], ...]
    text: str
    response: Actions
    to_port: str

    def options_for(self, hostname: str | None) -> str:
        """The options as text, in order of their names; a port's own hostname goes before the row's."""
        if hostname is None:
            return self.text
        return _in_order({**dict(self.options), "hostname": hostname})


def _in_order(options: dict[str, str]) -> str:
    return ", ".join(f"{name} = {options[name]}" for name in sorted(options))


@derived
def offer(view: View, options: str) -> Offer | None:
    """What a DHCP_Options row offers; None if something that every answer needs is missing."""
    row = view.get(DHCPOptions, options)
    if row is None or not all(name in row.options for name in NEEDED):
        return None
    prefix = parse_prefix(row.cidr)
    if prefix is None or prefix.version != 4:
        return None
    told = {**row.options, "netmask": str(prefix.netmask)}
    mac, server = told.pop("server_mac"), row.options["server_id"]
    response = (
        f"eth.dst = eth.src; eth.src = {mac}; ip4.src = {server}; udp.src = 67; udp.dst = 68; "
        "outport = inport; flags.loopback = 1; output;"
    )
    to_port = f"eth.src == {mac} && ip4.src == {server} && udp && udp.src == 67 && udp.dst == 68"
    return Offer(prefix, server, tuple(told.items()), _in_order(told), Actions(response), to_port)


def parse_prefix(cidr: str) -> Prefix | None:
    """The network of a DHCP_Options row; host bits are passed over, as OVN does."""
    try:
        return InterfaceAddress.parse(cidr).prefix
    except ValueError:
        return None


@rule(DHCPOptions)
def incomplete_offer(row: DHCPOptions, view: View) -> Iterator[Output]:
    """Without what every answer needs nobody is answered, and who asks hears nothing of why."""
    prefix = parse_prefix(row.cidr)
    if prefix is None:
        yield Problem(table="DHCP_Options", row=row.uuid, message=f"cidr {row.cidr!r} is not a network")
        return
    lacking = ", ".join(name for name in (NEEDED if prefix.version == 4 else NEEDED[:1]) if name not in row.options)
    if lacking:
        message = f"nobody is offered an address of {row.cidr}: options without {lacking}"
        yield Problem(table="DHCP_Options", row=row.uuid, message=message)


@rule(LogicalSwitch)
def no_dhcp(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    yield default(SWITCH_IN.DHCP_OPTIONS, switch.uuid)
    yield default(SWITCH_IN.DHCP_RESPONSE, switch.uuid)


@rule(SwitchPort)
def dhcpv4(port: SwitchPort, view: View) -> Iterator[Output]:
    offered = offer(view, port.dhcpv4) if port.dhcpv4 is not None else None
    if offered is None:
        return
    if port.type != "external":
        accept = ACCEPT_TRACKED if tracks(view, port.switch) else ACCEPT
        match = Match(f"outport == {port.quoted} && {offered.to_port}")
        yield flow(SWITCH_OUT.ACL, port.switch, ACL_SERVICE, match, accept, port.dhcpv4)
    if not port.enabled or port.type == "router":
        return
    for inport, condition in serving_ports(port, view):
        for addresses in port.addresses:
            for address in addresses.ipv4:
                if parse_address(address) in offered.prefix:
                    yield from _answer(port, offered, addresses.mac, address, inport, condition)
                    break


def _answer(port: SwitchPort, offered: Offer, mac: str, address: str, inport: str, condition: str) -> Iterator[Output]:
    options = offered.options_for(port.options.get("hostname"))
    put = Actions(f"{DHCP_OPTS_RESULT} = put_dhcp_opts(offerip = {address}, {options}); next;")
    sender = f"inport == {inport} && eth.src == {mac}"
    discover = (
        f"{sender} && ip4.src == 0.0.0.0 && ip4.dst == 255.255.255.255 && udp.src == 68 && udp.dst == 67{condition}"
    )
    # A lease is renewed from the address itself, to the server or to everybody (RFC 2131, 4.4.5).
    renew = (
        f"{sender} && ip4.src == {address} && ip4.dst == {{{offered.server_ip}, 255.255.255.255}} "
        f"&& udp.src == 68 && udp.dst == 67{condition}"
    )
    answered = f"{sender} && ip4 && udp.src == 68 && udp.dst == 67 && {DHCP_OPTS_RESULT}{condition}"
    yield flow(SWITCH_IN.DHCP_OPTIONS, port.switch, 100, Match(discover), put, port.dhcpv4)
    yield flow(SWITCH_IN.DHCP_OPTIONS, port.switch, 100, Match(renew), put, port.dhcpv4)
    yield flow(SWITCH_IN.DHCP_RESPONSE, port.switch, 100, Match(answered), offered.response, port.dhcpv4)


RULES = (incomplete_offer, no_dhcp, dhcpv4)
