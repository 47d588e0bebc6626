"""FDB: behind which port a MAC address was seen (tables 71 and 72)."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.openflow.from_southbound.actions.context import load_field, load_flag
from brume.openflow.messages.flow import Flow
from brume.openflow.messages.match import make_match
from brume.openflow.registers import DATAPATH, INPORT, OUTPORT, Flag
from brume.openflow.rows import SharedFlow
from brume.openflow.tables import Table
from brume.southbound.schema import FDB
from brume.values import MacAddress


@rule(FDB)
def station_flows(row: FDB, _: View) -> Iterator[Output]:
    """Where the address is, and that it is known there."""
    try:
        mac = MacAddress.parse(row.mac).value
    except ValueError as error:
        yield Problem(table="FDB", row=row.uuid, message=str(error))
        return
    cookie = int(row.uuid[:8], 16)
    get = make_match(**{DATAPATH: row.dp_key, "eth_dst": mac})
    known = make_match(**{DATAPATH: row.dp_key, INPORT: row.port_key, "eth_src": mac})
    flows = (
        Flow(Table.GET_FDB, 100, get, (load_field(OUTPORT, row.port_key),), cookie),
        Flow(Table.LOOKUP_FDB, 100, known, (load_flag(Flag.LOOKUP_FDB, 1),), cookie),
    )
    for part, flow in enumerate(flows):
        yield SharedFlow(owner=row.uuid, datapath=row.dp_key, part=part, flow=flow)
