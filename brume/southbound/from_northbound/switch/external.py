"""External ports: hosts outside the cloud that it serves (DHCP, ARP) through a localnet port.

One chassis of the port's group serves it; on the others its requests to routers are dropped, so that only one answers.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import drop
from brume.expressions.match import Match
from brume.northbound.schema import LogicalSwitch, LogicalSwitchPort
from brume.southbound.from_northbound.facts.addresses import PortAddresses, solicited_node
from brume.southbound.from_northbound.facts.ports import SwitchPort, connected_router_ports, localnet_ports
from brume.southbound.from_northbound.flows import default, flow
from brume.southbound.pipeline import SWITCH_IN


@rule(LogicalSwitch)
def no_external_port(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    yield default(SWITCH_IN.EXTERNAL_PORT, switch.uuid)


def serving_ports(port: SwitchPort, view: View) -> Iterator[tuple[str, str]]:
    """Where requests of a port come in, and on what further condition they are served."""
    if port.type != "external":
        yield port.quoted, ""
        return
    row = view.get(LogicalSwitchPort, port.uuid)
    if row is not None and row.ha_chassis_group is not None:
        for localnet in view.find(localnet_ports, port.switch):
            yield localnet.quoted, f" && is_chassis_resident({port.quoted})"


@rule(SwitchPort)
def external_port(port: SwitchPort, view: View) -> Iterator[Output]:
    if port.type != "external":
        return
    for localnet in view.find(localnet_ports, port.switch):
        for sender in port.addresses:
            for router_port in view.find(connected_router_ports, port.switch):
                for router in router_port.addresses:
                    for match in _requests(port, localnet, sender, router):
                        yield flow(SWITCH_IN.EXTERNAL_PORT, port.switch, 100, Match(match), drop, port.uuid)


def _requests(port: SwitchPort, localnet: SwitchPort, sender: PortAddresses, router: PortAddresses) -> Iterator[str]:
    start = f"inport == {localnet.quoted} && eth.src == {sender.mac}"
    elsewhere = f"!is_chassis_resident({port.quoted})"
    for address in router.ipv4:
        yield f"{start} && {elsewhere} && arp.tpa == {address} && arp.op == 1"
    for address in router.ipv6:
        group = solicited_node(address)
        yield f"{start} && {elsewhere} && nd_ns && ip6.dst == {{{address}, {group}}} && nd.target == {address}"
    yield f"{start} && eth.dst == {router.mac} && {elsewhere}"


RULES = (no_external_port, external_port)
