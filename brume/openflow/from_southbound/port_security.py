"""Port security: the words that both directions share.

The flows are for the chassis the port is on, so they are tagged with its residence. Order and priorities follow
ovn-controller's lflow.c (consider_port_sec_flows).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from brume.derive.rules import Output, derived, rule
from brume.derive.view import View
from brume.openflow.from_southbound.actions.context import load_flag
from brume.openflow.from_southbound.addresses import PortAddresses, parse_port_addresses
from brume.openflow.from_southbound.names import datapath_facts
from brume.openflow.messages.actions import Actions
from brume.openflow.messages.flow import Flow
from brume.openflow.messages.match import Match, make_match
from brume.openflow.registers import DATAPATH, Flag
from brume.openflow.rows import Residence, SharedFlow
from brume.southbound.schema import PortBinding
from brume.values import InterfaceAddress

FAIL: Final[Actions] = (load_flag(Flag.PORT_SECURITY_FAILED, 1),)
PASS: Final[Actions] = (load_flag(Flag.PORT_SECURITY_FAILED, 0),)

IPV4, ARP, IPV6 = 0x0800, 0x0806, 0x86DD
UDP, ICMP6 = 17, 58
SOLICITATION, ADVERTISEMENT = 135, 136

FieldValue = int | tuple[int, int]
FieldValues = dict[str, FieldValue]


class SecureFlow(NamedTuple):
    """One flow of a port: table, priority, fields besides datapath and port, what it does."""

    table: int
    priority: int
    fields: FieldValues
    actions: Actions


class SecuredPort(NamedTuple):
    """What port security flows depend on in a Port_Binding."""

    name: str
    datapath: int
    key: int
    addresses: tuple[PortAddresses, ...]


@derived
def secured_port(view: View, uuid: str) -> SecuredPort | None:
    """The port, if it has port security with at least one MAC address."""
    row = view.get(PortBinding, uuid)
    if row is None or not row.port_security:
        return None
    facts = datapath_facts(view, row.datapath)
    parsed = [parse_port_addresses(text) for text in sorted(row.port_security)]
    addresses = tuple(one for one in parsed if one is not None)
    if facts is None or not addresses:
        return None
    return SecuredPort(row.logical_port, facts.key, row.tunnel_key, addresses)


@rule(PortBinding)
def port_security_flows(row: PortBinding, view: View) -> Iterator[Output]:
    """Tables 73 to 75 for one port."""
    from brume.openflow.from_southbound.port_security_in import flows_in
    from brume.openflow.from_southbound.port_security_out import flows_out

    if not row.port_security:
        return
    port = secured_port(view, row.uuid)
    if port is None:
        return
    for register, made in (("reg14", flows_in(port.addresses)), ("reg15", flows_out(port.addresses))):
        for number, one in enumerate(made):
            match = make_match(**{DATAPATH: port.datapath, register: port.key}, **one.fields)
            yield _shared(row.uuid, port, f"{register}.{number}", one, match)


def _shared(uuid: str, port: SecuredPort, part: str, one: SecureFlow, match: Match) -> SharedFlow:
    return SharedFlow(
        owner=uuid,
        datapath=port.datapath,
        port=port.key,
        part=part,
        residence=(Residence(port.name, True),),
        flow=Flow(one.table, one.priority, match, one.actions, int(uuid[:8], 16)),
    )


def allowed(address: InterfaceAddress) -> FieldValue:
    """The address alone, or the whole network when no host bit is set (`10.0.1.0/24`)."""
    bits, number = address.address.BITS, address.address.value
    ones = (1 << bits) - 1
    hosts = ones >> address.length
    return number if number & hosts or address.length == bits else (number, ones ^ hosts)
