"""What physical flows share: matching on a logical output port, loading zones and metadata, encapsulating."""

from __future__ import annotations

from typing import Final, NamedTuple

from brume.derive.rules import derived
from brume.derive.view import View
from brume.openflow.chassis.rows import Tunnel, Zone
from brume.openflow.from_southbound.actions.context import load_field
from brume.openflow.messages.actions import Actions, Move, Output, Resubmit, SetField, set_field
from brume.openflow.messages.fields import FIELDS, subfield
from brume.openflow.messages.flow import Flow
from brume.openflow.messages.match import Match, make_match
from brume.openflow.registers import (
    CT_ZONE,
    DATAPATH,
    DNAT_ZONE,
    INPORT,
    LOGICAL_REGISTERS,
    MINIMUM_MULTICAST_KEY,
    OUTPORT,
    SNAT_ZONE,
)
from brume.openflow.rows import PhysicalFlow
from brume.openflow.tables import Table
from brume.southbound.schema import PortBinding

VXLAN_MULTICAST: Final = 0x800
"""VXLAN has 12 bits for a port; this one says that it is a multicast group's."""


class Zones(NamedTuple):
    """Connection tracking zones of a port and its datapath; 0 for none."""

    port: int
    dnat: int
    snat: int

    def actions(self) -> Actions:
        """Load those there are."""
        pairs = ((CT_ZONE, self.port), (DNAT_ZONE, self.dnat), (SNAT_ZONE, self.snat))
        return tuple(load_field(register, number) for register, number in pairs if number)


@derived
def zone(view: View, user: str) -> int:
    """The zone of a user; 0 when it has none."""
    row = view.get(Zone, user)
    return 0 if row is None else row.number


def zones_of(view: View, port: PortBinding) -> Zones:
    """The zones a packet of this port is tracked in."""
    return Zones(
        zone(view, port.logical_port), zone(view, f"{port.datapath}_dnat"), zone(view, f"{port.datapath}_snat")
    )


def to_port(datapath: int, key: int, **more: int | tuple[int, int]) -> Match:
    """A packet for this logical output port."""
    return make_match(**{DATAPATH: datapath, OUTPORT: key}, **more)


def enter(zones: Zones, datapath: int, port: int) -> Actions:
    """The metadata of a packet that comes in by a logical port."""
    return (*zones.actions(), load_field(DATAPATH, datapath), load_field(INPORT, port))


def forget_registers() -> Actions:
    """Registers do not cross from one pipeline to another."""
    return tuple(load_field(register, 0) for register in LOGICAL_REGISTERS)


def encapsulate(tunnel: Tunnel, datapath: int, port: int) -> Actions:
    """Tunnel metadata for a packet to this logical port or multicast group."""
    if tunnel.kind == "vxlan":
        key = VXLAN_MULTICAST | port & (VXLAN_MULTICAST - 1) if port >= MINIMUM_MULTICAST_KEY else port
        return (tunnel_key(datapath | key << 12),)
    moved = Move(subfield(INPORT, 0, 15), subfield("tun_metadata0", 16, 15))
    return (tunnel_key(datapath), load_field("tun_metadata0", port), moved)


def tunnel_key(value: int) -> SetField:
    """The 24 bits of a VNI."""
    return set_field(FIELDS["tun_id"], value, 0xFFFFFF)


def send_to(tunnel: Tunnel, datapath: int, port: int) -> Actions:
    """Encapsulate and send to one chassis."""
    return (*encapsulate(tunnel, datapath, port), Output(tunnel.ofport))


def deliver_to(key: int) -> Actions:
    """Hand the packet to a local logical port."""
    return (load_field(OUTPORT, key), Resubmit(Table.CHECK_LOOPBACK))


def physical(
    owner: str, part: int | str, table: int, priority: int, match: Match, actions: Actions, *, cookie: int | None = None
) -> PhysicalFlow:
    """A flow with the cookie of the row it was made from."""
    number = int(owner[:8], 16) if cookie is None else cookie
    return PhysicalFlow(owner=owner, part=part, flow=Flow(table, priority, match, actions, number))
