"""The elements of address sets and port groups: one flow for each element and logical flow that keeps the set open.

An element that comes or goes runs one instance here, and no logical flow is translated again.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, derived, rule
from brume.derive.view import View
from brume.expressions.shape import shape_of
from brume.expressions.slots import references_in
from brume.openflow.from_southbound.logical_flows import datapaths_of, names_sets, translated_with_sets
from brume.openflow.from_southbound.names import Names, datapath_facts
from brume.southbound.schema import (
    AddressSet,
    LogicalDPGroup,
    LogicalFlow,
    PortGroup,
    datapath_by_tunnel_key,
)
from brume.tables.row import Index, Member


def _sets_named(flow: LogicalFlow) -> list[tuple[str, str]]:
    """What a flow is found under: ("$", set) and (datapath or group of datapaths, "@port group")."""
    if not names_sets(flow):
        return []
    where = flow.logical_datapath or flow.logical_dp_group or ""
    return [
        ("$", reference.name) if reference.sigil == "$" else (where, f"@{reference.name}")
        for reference in references_in(shape_of(str(flow.match)))
    ]


flow_by_set = Index(LogicalFlow, "sets named", _sets_named, many=True)


@derived
def address_set_name(view: View, uuid: str) -> str | None:
    """The name of an address set."""
    row = view.get(AddressSet, uuid)
    return None if row is None else row.name


@derived
def port_group_place(view: View, uuid: str) -> tuple[str, str] | None:
    """(datapath uuid, name in matches) of a port group that northd split off: `<datapath key>_<name>`."""
    row = view.get(PortGroup, uuid)
    if row is None:
        return None
    key, _, name = row.name.partition("_")
    datapath = view.one(datapath_by_tunnel_key, int(key)) if key.isdecimal() else None
    return None if datapath is None else (datapath.uuid, name)


@rule(AddressSet.addresses)
def address_flows(member: Member, view: View) -> Iterator[Output]:
    """The flows of one address."""
    name = address_set_name(view, str(member.parent))
    if name is None:
        return
    for flow in view.find(flow_by_set, ("$", name)):
        for datapath in datapaths_of(flow, view):
            yield from _element_flows(flow, datapath, "$" + name, str(member.child), view)


@rule(PortGroup.ports)
def group_port_flows(member: Member, view: View) -> Iterator[Output]:
    """The flows of one port of a group."""
    place = port_group_place(view, str(member.parent))
    if place is None:
        return
    datapath, name = place
    holders = (datapath, *view.owners(LogicalDPGroup.datapaths, datapath))
    for holder in holders:
        for flow in view.find(flow_by_set, (holder, f"@{name}")):
            yield from _element_flows(flow, datapath, "@" + name, str(member.child), view)


def _element_flows(flow: LogicalFlow, datapath: str, reference: str, element: str, view: View) -> Iterator[Output]:
    facts = datapath_facts(view, datapath)
    if facts is None:
        return
    opened = translated_with_sets(view, flow.key(), datapath).open_sets
    names = Names(view, datapath, facts)
    for number, (template, residence, frame) in enumerate(opened):
        if str(template.reference) != reference:
            continue
        found = template.flow(element, names)
        if found is not None:
            yield frame.shared(f"{number}{reference} {element}", found, residence)
