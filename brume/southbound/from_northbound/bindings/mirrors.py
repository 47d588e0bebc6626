"""Mirror, and Port_Binding.mirror_rules: whose packets Open vSwitch is to copy, and over which tunnel.

The copies are made by the switch of the chassis that has the port. ovn-controller asks Open vSwitch for them; Brume's
own nodes do not, which is said for each mirror that some port has.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.northbound.schema import LogicalSwitchPort
from brume.northbound.schema import Mirror as NorthboundMirror
from brume.southbound.allocation import TunnelKey
from brume.southbound.schema import Mirror, PortBinding
from brume.tables.row import Member


@rule(NorthboundMirror)
def mirror(row: NorthboundMirror, view: View) -> Iterator[Output]:
    yield Mirror(uuid=row.uuid, name=row.name, filter=row.filter, sink=row.sink, type=row.type, index=row.index)


@rule(LogicalSwitchPort.mirror_rules)
def mirrored_port(member: Member, view: View) -> Iterator[Output]:
    port, row = str(member.parent), view.get(NorthboundMirror, member.child)
    if row is None or view.get(TunnelKey, port) is None:
        return
    yield Member(PortBinding.mirror_rules, port, row.uuid)
    message = f"{row.name}: a node that runs Open vSwitch copies packets to {row.sink}; Brume's own nodes do not"
    yield Problem(table="Mirror", row=row.uuid, message=message)


RULES = (mirror, mirrored_port)
