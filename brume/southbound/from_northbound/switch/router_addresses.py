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
from brume.southbound.from_northbound.facts.nat import nats_by_router
from brume.southbound.from_northbound.facts.ports import HOSTS, RouterPort, SwitchPort
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
    hosts = switch_has(view, port.switch, HOSTS)
    deliver = Actions(f"outport = {port.quoted}; output;")
    if hosts:
        deliver = Actions(f"clone {{outport = {port.quoted}; output; }}; {FLOOD_TO_HOSTS}")
    nats = [nat for nat in view.find(nats_by_router, peer.router) if nat.type != "snat"]
    ipv4 = [nat.external_ip for nat in nats if not nat.is_ipv6] + [network.address for network in peer.ipv4]
    ipv6 = [nat.external_ip for nat in nats if nat.is_ipv6] + [network.address for network in peer.ipv6]
    for address in dict.fromkeys(ipv4):
        match = Match(f"{NOT_VXLAN} && arp.op == 1 && arp.tpa == {address}")
        yield flow(SWITCH_IN.L2_LKUP, port.switch, L2_ROUTER_ADDRESS, match, deliver)
    for address in dict.fromkeys(ipv6):
        match = Match(f"{NOT_VXLAN} && nd_ns && nd.target == {address}")
        yield flow(SWITCH_IN.L2_LKUP, port.switch, L2_ROUTER_ADDRESS, match, deliver)
    if hosts:
        macs = dict.fromkeys([peer.mac, *(nat.external_mac for nat in nats if nat.external_mac)])
        match = Match(f"eth.src == {{{', '.join(macs)}}} && (arp.op == 1 || rarp.op == 3 || nd_ns)")
        yield flow(SWITCH_IN.L2_LKUP, port.switch, L2_SELF_ORIGINATED, match, FLOOD_TO_HOSTS)


RULES = (router_addresses,)
