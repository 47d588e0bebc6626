"""MAC_Binding and Static_MAC_Binding: the next hop's MAC address (table 66), and whether a pair is known (table 67)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.openflow.from_southbound.actions.context import load_field, load_flag
from brume.openflow.from_southbound.names import datapath_facts, port_facts
from brume.openflow.messages.actions import Actions
from brume.openflow.messages.flow import Flow
from brume.openflow.messages.match import make_match
from brume.openflow.registers import DATAPATH, INPORT, OUTPORT, Flag
from brume.openflow.rows import SharedFlow
from brume.openflow.tables import Table
from brume.southbound.schema import MACBinding, StaticMACBinding
from brume.values import Ipv4Address, MacAddress, parse_address

FOUND: Final = load_flag(Flag.LOOKUP_MAC, 1)
LEARNED, STATIC, STATIC_FIRST = 100, 50, 150


@rule(MACBinding)
def learned_neighbor_flows(row: MACBinding, view: View) -> Iterator[Output]:
    """A neighbour somebody learned."""
    yield from _flows(row, LEARNED, view)


@rule(StaticMACBinding)
def static_neighbor_flows(row: StaticMACBinding, view: View) -> Iterator[Output]:
    """A neighbour the user gave."""
    yield from _flows(row, STATIC_FIRST if row.override_dynamic_mac else STATIC, view)


def _flows(row: MACBinding | StaticMACBinding, priority: int, view: View) -> Iterator[Output]:
    port = port_facts(view, row.logical_port)
    facts = None if port is None else datapath_facts(view, port.datapath)
    if port is None or facts is None:
        return
    try:
        ip, mac = parse_address(row.ip), MacAddress.parse(row.mac)
    except ValueError as error:
        yield Problem(table=row.TABLE.name, row=row.uuid, message=str(error))
        return
    if isinstance(ip, Ipv4Address):
        wanted, known = {"reg0": ip.value}, {"reg0": ip.value, "eth_type": 0x0806}
    else:
        wanted = {"xxreg0": ip.value}
        known = {"xxreg0": ip.value, "eth_type": 0x86DD, "nw_proto": 58, "icmpv6_code": 0}
    get = make_match(**{DATAPATH: facts.key, OUTPORT: port.key}, **wanted)
    lookup = make_match(**{DATAPATH: facts.key, INPORT: port.key, "eth_src": mac.value}, **known)
    answer: Actions = (load_field("eth_dst", mac.value), FOUND)
    cookie = int(row.uuid[:8], 16)
    for part, table, match, actions in (
        (0, Table.MAC_BINDING, get, answer),
        (1, Table.MAC_LOOKUP, lookup, (FOUND,)),
    ):
        flow = Flow(table, priority, match, actions, cookie)
        yield SharedFlow(owner=row.uuid, datapath=facts.key, part=part, flow=flow)
