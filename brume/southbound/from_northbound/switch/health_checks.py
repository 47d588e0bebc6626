"""Answer ARP requests and neighbour solicitations for the address that backends are probed from (ls_in_arp_rsp).

Nobody has that address: probes are sent by the chassis, and the answers are taken out before they reach anybody.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.southbound.from_northbound.balancing import probed_port
from brume.southbound.from_northbound.bindings.deployment import monitor_mac
from brume.southbound.from_northbound.facts.ports import switch_of
from brume.southbound.from_northbound.facts.probes import Probe
from brume.southbound.from_northbound.flows import flow
from brume.southbound.pipeline import SWITCH_IN


@rule(Probe)
def answer(probe: Probe, view: View) -> Iterator[Output]:
    port = probed_port(view, probe.logical_port)
    switch = switch_of(view, port.uuid) if port is not None else None
    if switch is None:
        return
    mac, source = monitor_mac(view), probe.source
    if ":" in probe.address:
        match = f"nd_ns && nd.target == {source}"
        actions = (
            f"nd_na {{ eth.dst = eth.src; eth.src = {mac}; ip6.src = {source}; nd.target = {source}; "
            f"nd.tll = {mac}; outport = inport; flags.loopback = 1; output; }};"
        )
    else:
        match = f"arp.tpa == {source} && arp.op == 1"
        actions = (
            f"eth.dst = eth.src; eth.src = {mac}; arp.op = 2; /* ARP reply */ arp.tha = arp.sha; arp.sha = {mac}; "
            f"arp.tpa = arp.spa; arp.spa = {source}; outport = inport; flags.loopback = 1; output;"
        )
    yield flow(SWITCH_IN.ARP_ND_RSP, switch, 110, Match(match), Actions(actions), probe.balancer)


RULES = (answer,)
