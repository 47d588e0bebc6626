"""A multicast group: to its ports on this chassis (table 40), through patch ports and to other chassis (table 39).

Only near ports are looked at one by one; which chassis the group reaches, the shared stage has counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from brume.derive.rules import Output, derived, rule
from brume.derive.view import View
from brume.openflow.chassis.binding import can_bind
from brume.openflow.chassis.common import deliver_to, encapsulate, physical, to_port, zone
from brume.openflow.chassis.localnet import plugged_localnet
from brume.openflow.chassis.redirect import distributed_port
from brume.openflow.chassis.rows import (
    Here,
    LocalGroup,
    Tunnel,
    interface_by_iface_id,
    interface_by_localnet,
)
from brume.openflow.from_southbound.actions.context import load_field
from brume.openflow.from_southbound.names import datapath_facts
from brume.openflow.messages import actions as openflow
from brume.openflow.messages.actions import Action, Actions, Resubmit
from brume.openflow.registers import CT_ZONE, OUTPORT
from brume.openflow.rows import MulticastReach
from brume.openflow.tables import Table
from brume.southbound.schema import Chassis, MulticastGroup, PortBinding


@rule(LocalGroup)
def multicast_flows(local: LocalGroup, view: View) -> Iterator[Output]:
    """The fan-out of one group. The group is the output port again after each part, for what comes next."""
    group, here = view.get(MulticastGroup, local.uuid), view.get(Here, "here")
    facts = None if group is None else datapath_facts(view, group.datapath)
    if group is None or here is None or facts is None:
        return
    nearby: list[Action] = []
    beyond: list[Action] = []
    for uuid in sorted(view.members(LocalGroup.ports, group.uuid)):  # as in a set of references
        copy = copy_for(view, uuid)
        nearby += copy.nearby
        beyond += copy.beyond
    again = load_field(OUTPORT, group.tunnel_key)
    match = to_port(facts.key, group.tunnel_key)
    if nearby:
        yield physical(group.uuid, "local", Table.LOCAL_OUTPUT, 100, match, (*nearby, again))
    if beyond:
        beyond.append(again)
    if plugged_localnet(view, group.datapath) is None:
        beyond += _to_chassis(group, facts.key, here, view)
    if beyond:
        if nearby:
            beyond.append(Resubmit(Table.LOCAL_OUTPUT))
        yield physical(group.uuid, "remote", Table.REMOTE_OUTPUT, 100, match, tuple(beyond))


class Copy(NamedTuple):
    """What is done for one port of a group: on every chassis with the group, and only where the packet came in."""

    nearby: Actions = ()
    beyond: Actions = ()


@derived
def copy_for(view: View, uuid: str) -> Copy:
    """Where this port's copy is made."""
    port, here = view.get(PortBinding, uuid), view.get(Here, "here")
    if port is None or here is None:
        return Copy()
    number = zone(view, port.logical_port)
    zones: Actions = (load_field(CT_ZONE, number),) if number else ()
    deliver = deliver_to(port.tunnel_key)
    if port.type in ("patch", "localport"):
        return Copy(zones, deliver)
    if port.type == "chassisredirect":
        behind = distributed_port(view, port)
        here_too = port.chassis == here.uuid and behind is not None
        return Copy((*zones, *deliver_to(behind.tunnel_key)) if here_too and behind is not None else zones)
    if port.type == "localnet":
        plugged = view.one(interface_by_localnet, port.logical_port) is not None
        return Copy((*zones, *deliver) if plugged else zones)
    return Copy((*zones, *deliver) if _is_here(port, here, view) else zones)


def _is_here(port: PortBinding, here: Here, view: View) -> bool:
    if port.type == "l3gateway":
        return port.chassis == here.uuid
    name = port.parent_port or port.logical_port
    present = view.one(interface_by_iface_id, name) is not None
    return present and port.chassis == here.uuid and can_bind(port, here.uuid, here.name, here.hostname)


def _to_chassis(group: MulticastGroup, datapath: int, here: Here, view: View) -> Iterator[Action]:
    """One copy for each other chassis that the group reaches, in the order of their names."""
    reached = [view.get(Chassis, uuid) for uuid in view.members(MulticastReach.chassis, group.uuid)]
    last = ""
    for chassis in sorted((one for one in reached if one is not None), key=lambda one: one.name):
        tunnel = None if chassis.uuid == here.uuid else view.get(Tunnel, chassis.uuid)
        if tunnel is None:
            continue
        if tunnel.kind != last:
            yield from encapsulate(tunnel, datapath, group.tunnel_key)
            last = tunnel.kind
        yield openflow.Output(tunnel.ofport)
