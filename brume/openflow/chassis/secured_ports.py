"""Port security: which addresses a port of this chassis may use (tables 73 to 75).

Priorities follow ovn-controller's lflow.c (consider_port_sec_flows). Only the chassis with the port has the flows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from brume.derive.rules import Output, derived, rule
from brume.derive.view import View
from brume.openflow.chassis.binding import CLAIMED_WITH_INTERFACE
from brume.openflow.chassis.common import physical
from brume.openflow.chassis.port_security import FieldValues
from brume.openflow.chassis.port_security_in import flows_in
from brume.openflow.chassis.port_security_out import flows_out
from brume.openflow.chassis.rows import Here, LocalPort
from brume.openflow.from_southbound.addresses import PortAddresses, parse_port_addresses
from brume.openflow.from_southbound.names import datapath_facts
from brume.openflow.messages.match import make_match
from brume.openflow.registers import DATAPATH, INPORT, OUTPORT
from brume.southbound.schema import PortBinding


class SecuredPort(NamedTuple):
    """What port security flows depend on in a Port_Binding."""

    datapath: int
    key: int
    addresses: tuple[PortAddresses, ...]


@derived
def secured_port(view: View, uuid: str) -> SecuredPort | None:
    """The port, if it is on this chassis and has port security with at least one MAC address."""
    row, here = view.get(PortBinding, uuid), view.get(Here, "here")
    if row is None or here is None or not row.port_security:
        return None
    if row.chassis != here.uuid or row.type not in CLAIMED_WITH_INTERFACE:
        return None
    facts = datapath_facts(view, row.datapath)
    parsed = [parse_port_addresses(text) for text in sorted(row.port_security)]
    addresses = tuple(one for one in parsed if one is not None)
    return SecuredPort(facts.key, row.tunnel_key, addresses) if facts is not None and addresses else None


@rule(LocalPort)
def port_security_flows(local: LocalPort, view: View) -> Iterator[Output]:
    """Tables 73 to 75 for one port, on the chassis that has it."""
    port = secured_port(view, local.uuid) if local.near else None
    if port is None:
        return
    for register, made in ((INPORT, flows_in(port.addresses)), (OUTPORT, flows_out(port.addresses))):
        for number, one in enumerate(made):
            place: FieldValues = {DATAPATH: port.datapath, register: port.key}
            match = make_match(**place, **one.fields)
            yield physical(local.uuid, f"{register}.{number}", one.table, one.priority, match, one.actions)
