"""A gateway port that is on this chassis: what is sent to it leaves by the distributed port behind it (table 40)."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.view import View
from brume.openflow.chassis.common import physical, to_port, zones_of
from brume.openflow.from_southbound.actions.context import load_field
from brume.openflow.messages.actions import Actions, Resubmit
from brume.openflow.registers import OUTPORT
from brume.openflow.rows import PhysicalFlow
from brume.openflow.tables import Table
from brume.southbound.schema import PortBinding, port_binding_by_logical_port


def distributed_port(view: View, port: PortBinding) -> PortBinding | None:
    """The port a chassisredirect port stands for."""
    found = view.one(port_binding_by_logical_port, port.options.get("distributed-port", ""))
    return found if found is not None and found.datapath == port.datapath else None


def redirect_flows(port: PortBinding, datapath: int, view: View) -> Iterator[PhysicalFlow]:
    """Without its distributed port the packet is dropped."""
    behind = distributed_port(view, port)
    actions: Actions = ()
    if behind is not None:
        zones = zones_of(view, behind).actions()
        actions = (load_field(OUTPORT, behind.tunnel_key), *zones, Resubmit(Table.CHECK_LOOPBACK))
    yield physical(port.uuid, "redirect", Table.LOCAL_OUTPUT, 100, to_port(datapath, port.tunnel_key), actions)
