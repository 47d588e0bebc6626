"""Patch ports: from one datapath into the next, without leaving the switch (table 65)."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.view import View
from brume.openflow.chassis.common import Zones, enter, forget_registers, physical, to_port, zones_of
from brume.openflow.chassis.local_output import local_output
from brume.openflow.from_southbound.actions.context import load_field
from brume.openflow.from_southbound.names import datapath_facts
from brume.openflow.messages.actions import Clone, CtClear, Resubmit
from brume.openflow.registers import CT_ZONE, DNAT_ZONE, FLAGS, OUTPORT, SNAT_ZONE
from brume.openflow.rows import PhysicalFlow
from brume.openflow.tables import Table
from brume.southbound.schema import PortBinding, port_binding_by_logical_port


def peer_of(view: View, port: PortBinding) -> PortBinding | None:
    """The port at the other end; None unless each names the other."""
    name = port.options.get("peer")
    peer = None if name is None else view.one(port_binding_by_logical_port, name)
    if peer is None or peer.type != port.type or peer.options.get("peer") != port.logical_port:
        return None
    return peer


def patch_flows(port: PortBinding, datapath: int, view: View) -> Iterator[PhysicalFlow]:
    """Into the peer's ingress pipeline, with nothing kept but the packet."""
    peer = peer_of(view, port)
    beyond = None if peer is None else datapath_facts(view, peer.datapath)
    if peer is None or beyond is None:
        return
    # a patch port has no zone of its own; ovn-controller looks one up and finds none
    yield from local_output(port, datapath, zones_of(view, port))
    zones: Zones = zones_of(view, peer)
    crossing = (
        CtClear(),
        load_field(DNAT_ZONE, 0),
        load_field(SNAT_ZONE, 0),
        load_field(CT_ZONE, 0),
        *enter(zones, beyond.key, peer.tunnel_key),
        load_field(FLAGS, 0),
        load_field(OUTPORT, 0),
        *forget_registers(),
        Resubmit(Table.INGRESS),
    )
    match = to_port(datapath, port.tunnel_key)
    yield physical(port.uuid, "cross", Table.LOGICAL_TO_PHYSICAL, 100, match, (Clone(crossing),))
