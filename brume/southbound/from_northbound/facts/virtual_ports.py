"""Virtual ports: an address that is now at one port, now at another (VRRP, keepalived).

A virtual port has no interface. Its options name the address and the ports that may have it; the chassis that sees one
of them use the address claims the virtual port, and says at which parent it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.northbound.schema import LogicalSwitchPort, switch_port_by_name
from brume.southbound.from_northbound.facts.addresses import is_address
from brume.southbound.from_northbound.facts.ports import switch_of
from brume.tables.row import Row

VIRTUAL = "virtual"


class VirtualPort(Row, frozen=True, kw_only=True):
    """A virtual port: its address, and the names of the ports that may have it."""

    port: str
    address: str
    parents: tuple[str, ...]

    def key(self) -> str:
        return self.port


def is_virtual(view: View, name: str) -> bool:
    """Whether the port of this name is a virtual one that is on a switch."""
    row = view.one(switch_port_by_name, name)
    return row is not None and row.type == VIRTUAL and switch_of(view, row.uuid) is not None


@rule(LogicalSwitchPort)
def virtual_port(port: LogicalSwitchPort, view: View) -> Iterator[Output]:
    if port.type != VIRTUAL or switch_of(view, port.uuid) is None:
        return
    address, parents = port.options.get("virtual-ip"), port.options.get("virtual-parents")
    if address is None or parents is None:
        message = "a virtual port without options:virtual-ip and virtual-parents is never anywhere"
        yield Problem(table="Logical_Switch_Port", row=port.uuid, message=message)
    elif not is_address(address):
        yield Problem(table="Logical_Switch_Port", row=port.uuid, message=f"virtual-ip {address!r} is not an address")
    else:
        named = tuple(name for name in parents.split(",") if name)
        yield VirtualPort(port=port.uuid, address=address, parents=named)


RULES = (virtual_port,)
