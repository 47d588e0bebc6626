"""Who uses a virtual port's address now: its ARP and neighbour discovery tell the chassis, which claims the port.

An announcement (gratuitous ARP, unsolicited advertisement) and an answer count; what asks for it does not.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.constants import quote
from brume.expressions.match import Match
from brume.northbound.schema import switch_port_by_name
from brume.southbound.from_northbound.facts.addresses import solicited_node
from brume.southbound.from_northbound.facts.ports import SwitchPort
from brume.southbound.from_northbound.facts.virtual_ports import VirtualPort
from brume.southbound.from_northbound.flows import flow
from brume.southbound.pipeline import SWITCH_IN


@rule(VirtualPort)
def claim(virtual: VirtualPort, view: View) -> Iterator[Output]:
    port = view.get(SwitchPort, virtual.port)
    if port is None:
        return
    for name in virtual.parents:
        row = view.one(switch_port_by_name, name)
        parent = view.get(SwitchPort, row.uuid) if row is not None else None
        if parent is None or parent.switch != port.switch:
            continue
        match = Match(f"inport == {quote(name)} && ({_uses(virtual.address)})")
        actions = Actions(f"bind_vport({port.quoted}, inport); next;")
        yield flow(SWITCH_IN.ARP_ND_RSP, port.switch, 100, match, actions, parent.uuid)  # as northd hints


def _uses(address: str) -> str:
    if ":" not in address:
        return f"(arp.op == 1 && arp.spa == {address} && arp.tpa == {address}) || (arp.op == 2 && arp.spa == {address})"
    asks = f"(nd_ns && ip6.dst == {{{address}, {solicited_node(address)}}} && nd.target == {address})"
    return f"{asks} ||(nd_na && nd.target == {address})"  # northd's spaces


RULES = (claim,)
