"""Static_MAC_Binding: neighbours of router ports whose MAC is given instead of learned."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.northbound.schema import LogicalRouterPort, router_port_by_name
from brume.northbound.schema import StaticMACBinding as NorthboundStaticMACBinding
from brume.southbound.from_northbound.facts.ports import RouterPort
from brume.southbound.schema import StaticMACBinding


@rule(NorthboundStaticMACBinding)
def static_neighbor(row: NorthboundStaticMACBinding, view: View) -> Iterator[Output]:
    named: LogicalRouterPort | None = view.one(router_port_by_name, row.logical_port)
    port = view.get(RouterPort, named.uuid) if named is not None else None
    if port is None:
        message = f"logical_port {row.logical_port!r} is no port of a router"
        yield Problem(table="Static_MAC_Binding", row=row.uuid, message=message)
        return
    yield StaticMACBinding(
        uuid=row.uuid,
        logical_port=row.logical_port,
        ip=row.ip,
        mac=row.mac,
        override_dynamic_mac=row.override_dynamic_mac,
        datapath=port.router,
    )


RULES = (static_neighbor,)
