"""ARP requests and neighbour solicitations for a router's addresses go to that router.

They are flooded to hosts as well, but not to other routers: these would only learn from them, and there may be many.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions, do, output
from brume.expressions.fields import outport
from brume.expressions.match import Match
from brume.southbound.from_northbound.bindings.multicast_groups import FLOOD_L2_GROUP
from brume.southbound.from_northbound.facts.balanced import is_vip
from brume.southbound.from_northbound.facts.nat import RouterNat, nats_with_mac
from brume.southbound.from_northbound.facts.ports import HOSTS, RouterPort, SwitchPort, router_ports
from brume.southbound.from_northbound.flows import flow, switch_has
from brume.southbound.pipeline import SWITCH_IN
from brume.southbound.priorities import L2_ROUTER_ADDRESS, L2_SELF_ORIGINATED
from brume.southbound.registers import NOT_VXLAN

FLOOD_TO_HOSTS = do(outport.assign(FLOOD_L2_GROUP.name), output)


@rule(SwitchPort)
def router_addresses(port: SwitchPort, view: View) -> Iterator[Output]:
    peer = view.get(RouterPort, port.peer) if port.peer is not None else None
    if peer is None or not peer.enabled:
        return
    for network in (*peer.ipv4, *peer.ipv6):
        yield request(port, network.address, view)
    if switch_has(view, port.switch, HOSTS):
        translations = view.find(nats_with_mac, peer.router)
        macs = dict.fromkeys([peer.mac, *(nat.external_mac or "" for nat in translations)])
        match = Match(f"eth.src == {{{', '.join(macs)}}} && (arp.op == 1 || rarp.op == 3 || nd_ns)")
        yield flow(SWITCH_IN.L2_LKUP, port.switch, L2_SELF_ORIGINATED, match, FLOOD_TO_HOSTS)


@rule(RouterNat)
def translated_address(nat: RouterNat, view: View) -> Iterator[Output]:
    """A floating IP is an address of its router on every switch the router is connected to."""
    if nat.type == "snat" or is_vip(view, nat.router, nat.external_ip):
        return
    for peer in view.find(router_ports, nat.router):
        port = view.get(SwitchPort, peer.switch_port) if peer.switch_port is not None else None
        if port is not None and peer.enabled:
            yield request(port, nat.external_ip, view)


def request(port: SwitchPort, address: str, view: View) -> Output:
    """Send requests for an address to the router behind the port."""
    deliver = f"outport = {port.quoted}; output;"
    if switch_has(view, port.switch, HOSTS):
        deliver = f"clone {{outport = {port.quoted}; output; }}; {FLOOD_TO_HOSTS}"
    asked = f"nd_ns && nd.target == {address}" if ":" in address else f"arp.op == 1 && arp.tpa == {address}"
    match = Match(f"{NOT_VXLAN} && {asked}")
    return flow(SWITCH_IN.L2_LKUP, port.switch, L2_ROUTER_ADDRESS, match, Actions(deliver), port.uuid)


RULES = (router_addresses, translated_address)
