"""Forwarding groups: an address of nobody's own, whose connections are spread over some ports of the switch.

ovn-northd 23.03 counts the groups of a switch and the ports of a group with one variable, so that of several groups on
one switch some have no flows. Here every group has its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.constants import quote
from brume.expressions.match import Match
from brume.northbound.schema import ForwardingGroup, LogicalSwitch, switch_port_by_name
from brume.southbound.from_northbound.facts.ports import SwitchPort
from brume.southbound.from_northbound.flows import flow
from brume.southbound.pipeline import SWITCH_IN
from brume.southbound.priorities import L2_UNICAST
from brume.tables.row import Member


@rule(LogicalSwitch.forwarding_groups)
def forwarding_group(member: Member, view: View) -> Iterator[Output]:
    switch, group = str(member.parent), view.get(ForwardingGroup, member.child)
    if group is None or view.get(LogicalSwitch, switch) is None:
        return
    answer = (
        f"eth.dst = eth.src; eth.src = {group.vmac}; arp.op = 2; /* ARP reply */ arp.tha = arp.sha; "
        f"arp.sha = {group.vmac}; arp.tpa = arp.spa; arp.spa = {group.vip}; outport = inport; flags.loopback = 1; "
        "output;"
    )
    yield flow(
        SWITCH_IN.ARP_ND_RSP, switch, 50, Match(f"arp.tpa == {group.vip} && arp.op == 1"), Actions(answer), group.uuid
    )
    liveness = 'liveness="true",' if group.liveness else ""
    spread = Actions(f"fwd_group({liveness}childports={','.join(quote(name) for name in sorted(group.child_port))});")
    yield flow(SWITCH_IN.L2_LKUP, switch, L2_UNICAST, Match(f"eth.dst == {group.vmac}"), spread, group.uuid)


@rule(LogicalSwitch.forwarding_groups)
def what_is_wrong(member: Member, view: View) -> Iterator[Output]:
    switch, group = str(member.parent), view.get(ForwardingGroup, member.child)
    if group is None:
        return
    for name in sorted(group.child_port):
        if not _is_on(switch, name, view):
            message = f"child port {name} is not on the switch, so the group {group.name} reaches nobody"
            yield Problem(table="Forwarding_Group", row=group.uuid, message=message)
    if group.liveness:
        message = "liveness: Brume's nodes do not watch each other's tunnels; connections go to dead ports, too"
        yield Problem(table="Forwarding_Group", row=group.uuid, message=message)


def _is_on(switch: str, name: str, view: View) -> bool:
    row = view.one(switch_port_by_name, name)
    port = view.get(SwitchPort, row.uuid) if row is not None else None
    return port is not None and port.switch == switch


RULES = (forwarding_group, what_is_wrong)
