"""A port with an OpenFlow port of this switch behind it: VIFs, localports, containers, localnet and l2gateway ports.

Table 0 turns the OpenFlow port (and VLAN tag) into logical metadata, table 65 turns it back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from brume.derive.view import View
from brume.openflow.chassis.common import Zones, enter, physical, to_port, zones_of
from brume.openflow.chassis.local_output import local_output
from brume.openflow.from_southbound.actions.context import load_flag
from brume.openflow.messages.actions import Action, Actions, Output, PopVlan, PushVlan, Resubmit, SetField
from brume.openflow.messages.fields import FIELDS
from brume.openflow.messages.match import VLAN_PRESENT, make_match
from brume.openflow.registers import DATAPATH, INPORT, Flag
from brume.openflow.rows import PhysicalFlow
from brume.openflow.tables import Table
from brume.southbound.schema import PortBinding

WITHOUT_TAG = (0, VLAN_PRESENT)
BEHIND_A_BRIDGE = ("localnet", "l2gateway")


class Attachment(NamedTuple):
    """Where a logical port is attached: OpenFlow port, VLAN tag or 0, the port it is nested in."""

    ofport: int
    tag: int = 0
    parent: PortBinding | None = None


def attached_flows(port: PortBinding, datapath: int, at: Attachment, view: View) -> Iterator[PhysicalFlow]:
    """Both directions."""
    zones = zones_of(view, port)
    yield from local_output(port, datapath, zones, at.parent)
    yield from _from_wire(port, datapath, at, zones)
    out = output(at, port.options.get("ethtype", ""))
    yield physical(port.uuid, "out", Table.LOGICAL_TO_PHYSICAL, 100, to_port(datapath, port.tunnel_key), out)
    if port.type == "localport":
        match = make_match(**{DATAPATH: datapath, INPORT: port.tunnel_key})
        stay: Actions = (Resubmit(Table.LOCAL_OUTPUT),)
        yield physical(port.uuid, "stay", Table.REMOTE_OUTPUT, 150, match, stay)


def _from_wire(port: PortBinding, datapath: int, at: Attachment, zones: Zones) -> Iterator[PhysicalFlow]:
    """Table 0. Behind a bridge both untagged frames and those with tag 0 are taken."""
    table, owner = Table.PHYSICAL_TO_LOGICAL, port.uuid
    entered: Actions = (
        *enter(zones, datapath, port.tunnel_key),
        *((load_flag(Flag.FROM_LOCALPORT, 1),) if port.type == "localport" else ()),
        Resubmit(Table.INGRESS),
    )
    nested: Actions = (load_flag(Flag.NESTED_CONTAINER, 1),) if at.parent is not None else ()
    bridged = port.type in BEHIND_A_BRIDGE
    passing = port.options.get("vlan-passthru") == "true"
    if at.tag or (bridged and not passing):
        match = make_match(in_port=at.ofport, vlan_tci=(at.tag | VLAN_PRESENT, 0x1FFF))
        stripped = (*nested, PopVlan(), *entered)
        yield physical(owner, "tagged", table, 150 if at.tag else 100, match, stripped)
    else:
        yield physical(owner, "in", table, 100, make_match(in_port=at.ofport), entered)
    if bridged and not at.tag:
        untagged = make_match(in_port=at.ofport, vlan_tci=WITHOUT_TAG)
        yield physical(owner, "untagged", table, 100, untagged, entered)


def output(at: Attachment, ethertype: str) -> Actions:
    """To the OpenFlow port; a tag is put on and, for whoever gets the packet next, taken off again."""
    if not at.tag:
        return (Output(at.ofport),)
    return (*push_tag(at.tag, ethertype), Output(at.ofport), PopVlan())


def push_tag(tag: int, ethertype: str) -> tuple[Action, ...]:
    """802.1Q, or 802.1ad where the port's options say so."""
    push = PushVlan(0x88A8 if ethertype.lower() == "802.11ad" else 0x8100)
    return (push, SetField(FIELDS["vlan_vid"], tag | VLAN_PRESENT))
