"""A multicast group: to its ports on this chassis (table 40), through patch ports and to other chassis (table 39).

Only near ports are looked at one by one; which chassis the group reaches, the shared stage has counted.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
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
    near_port_by_datapath,
)
from brume.openflow.from_southbound.actions.context import load_field
from brume.openflow.from_southbound.names import datapath_facts
from brume.openflow.messages import actions as openflow
from brume.openflow.messages.actions import Action, Resubmit
from brume.openflow.registers import CT_ZONE, OUTPORT
from brume.openflow.rows import MulticastReach
from brume.openflow.tables import Table
from brume.southbound.schema import Chassis, MulticastGroup, PortBinding
from brume.tables.row import Index

localport_by_datapath = Index(
    PortBinding, "datapath of localport", lambda row: row.datapath if row.type == "localport" else None
)


@rule(LocalGroup)
def multicast_flows(local: LocalGroup, view: View) -> Iterator[Output]:
    """The fan-out of one group. The group is the output port again after each part, for what comes next."""
    group, here = view.get(MulticastGroup, local.uuid), view.get(Here, "here")
    facts = None if group is None else datapath_facts(view, group.datapath)
    if group is None or here is None or facts is None:
        return
    nearby: list[Action] = []
    beyond: list[Action] = []
    for port in _members_near(group, view):
        _add(port, here, nearby, beyond, view)
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


def _members_near(group: MulticastGroup, view: View) -> Iterator[PortBinding]:
    """In the order of their uuids, as in a set of references. Localports count everywhere, as ovn-controller has it."""
    near = {local.uuid for local in view.find(near_port_by_datapath, group.datapath)}
    near.update(port.uuid for port in view.find(localport_by_datapath, group.datapath))
    for uuid in sorted(near):
        port = view.get(PortBinding, uuid)
        if port is not None and group.uuid in view.owners(MulticastGroup.ports, uuid):
            yield port


def _add(port: PortBinding, here: Here, nearby: list[Action], beyond: list[Action], view: View) -> None:
    """Where this port's copy is made."""
    number = zone(view, port.logical_port)
    if number:
        nearby.append(load_field(CT_ZONE, number))
    if port.type in ("patch", "localport"):
        beyond += deliver_to(port.tunnel_key)
    elif port.type == "chassisredirect":
        behind = distributed_port(view, port)
        if port.chassis == here.uuid and behind is not None:
            nearby += deliver_to(behind.tunnel_key)
    elif port.type == "localnet":
        if view.one(interface_by_localnet, port.logical_port) is not None:
            nearby += deliver_to(port.tunnel_key)
    elif _is_here(port, here, view):
        nearby += deliver_to(port.tunnel_key)


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
