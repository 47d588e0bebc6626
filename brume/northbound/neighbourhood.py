"""What is on a logical switch beside a port: the ports of routers, and the networks they are in. Read where a lab and a
trace look at rows that somebody wrote by hand; rules read the same through their views.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.northbound.schema import LogicalRouterPort, LogicalSwitch, LogicalSwitchPort, router_port_by_name
from brume.tables.database import Database
from brume.values import InterfaceAddress


def routers_on(northbound: Database, switch: str) -> Iterator[LogicalRouterPort]:
    """The router ports that are connected to a switch."""
    for uuid in northbound.members(LogicalSwitch.ports, switch):
        port = northbound.get(LogicalSwitchPort, uuid)
        if port is not None and port.type == "router":
            yield from northbound.find(router_port_by_name, port.options.get("router-port", ""))


def interfaces(port: LogicalRouterPort) -> Iterator[InterfaceAddress]:
    """The addresses of a router port; what is none, the compiler says."""
    for text in sorted(port.networks):
        try:
            yield InterfaceAddress.parse(text)
        except ValueError:
            continue
