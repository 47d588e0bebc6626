"""Traces that end where a port is on no chassis, or leads nowhere: what rows by hand say of places and connections.

Asked by `by_hand` for datapaths that no rule made. Cures name what is there: the chassis, the switch, the router.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.dataplane.explain.explanation import Cause
from brume.dataplane.explain.failure import Failure, binding_of
from brume.northbound.schema import (
    LogicalRouter,
    LogicalRouterPort,
    LogicalSwitch,
    LogicalSwitchPort,
    router_port_by_name,
    switch_port_by_name,
)
from brume.southbound.schema import Chassis, PortBinding
from brume.tables.database import Database

OUTPUT_TABLES: Final = frozenset(("remote_output", "local_output", "check_loopback", "logical_to_physical"))
ARP_STAGES: Final = frozenset(("lr_in_arp_resolve", "lr_in_arp_request"))


def joined_by(switch: str, port: str) -> str:
    """The command that connects a switch with a router's port."""
    name = f"{switch}-{port}"
    return (
        f"ovn-nbctl lsp-add {switch} {name} -- lsp-set-type {name} router"
        f" -- lsp-set-addresses {name} router -- lsp-set-options {name} router-port={port}"
    )


def leads_nowhere(at: Failure) -> Cause | None:
    """A router sends by a port to which neither a switch nor a router is connected."""
    if at.where not in ARP_STAGES | OUTPUT_TABLES or at.datapath is None or at.datapath.kind != "router":
        return None
    database = at.tables.provenance.northbound.northbound
    name = at.outport.name if at.outport is not None else ""
    for port in database.find(router_port_by_name, name):
        if _is_connected(database, port):
            return None
        switch, near = _switch_of_the_target(at, database), at.next_hop
        astray = next(iter(_astray(database, switch)), None) if switch is not None else None
        cure = joined_by("SWITCH" if switch is None else switch.name, name)
        if astray is not None:
            cure = f"ovn-nbctl lsp-set-options {astray.name} router-port={name}"
        who = f"no switch port leads to router port {name}, by which {at.datapath} sends to {near}"
        return Cause(who, (cure,))
    return None


def _is_connected(database: Database, port: LogicalRouterPort) -> bool:
    if port.peer is not None and database.find(router_port_by_name, port.peer):
        return True
    return any(
        one.type == "router" and one.options.get("router-port") == port.name for one in database.rows(LogicalSwitchPort)
    )


def _switch_of_the_target(at: Failure, database: Database) -> LogicalSwitch | None:
    name = at.target.port_id if at.target is not None else None
    for row in database.find(switch_port_by_name, name or ""):
        for uuid in database.owners(LogicalSwitch.ports, row.uuid):
            return database.get(LogicalSwitch, uuid)
    return None


def _astray(database: Database, switch: LogicalSwitch) -> Iterator[LogicalSwitchPort]:
    """The switch's ports for a router that name a port which no router has."""
    for uuid in database.members(LogicalSwitch.ports, switch.uuid):
        row = database.get(LogicalSwitchPort, uuid)
        peer = row.options.get("router-port", "") if row is not None and row.type == "router" else None
        if row is not None and peer is not None and not database.find(router_port_by_name, peer):
            yield row


def unbound(at: Failure) -> Cause | None:
    """The port that a packet is for is on no chassis: a host's, a gateway port, or that of a router on one chassis."""
    binding = binding_of(at.outport)
    if at.where not in OUTPUT_TABLES or binding is None or binding.chassis is not None:
        return None
    if binding.type == "chassisredirect":
        port = binding.logical_port.removeprefix("cr-")
        cure = f"ovn-nbctl lrp-set-gateway-chassis {port} {_some_chassis(at)}"
        return Cause(f"no living chassis has gateway port {port}", (cure, f"ovn-nbctl lrp-get-gateway-chassis {port}"))
    if binding.type == "l3gateway":
        return _router_without_chassis(at, binding)
    return _host_elsewhere(at, binding.logical_port) if not binding.type else None


def _host_elsewhere(at: Failure, name: str) -> Cause:
    """Nothing is plugged in, or not where it shall be."""
    for row in at.tables.provenance.northbound.northbound.find(switch_port_by_name, name):
        wanted = row.options.get("requested-chassis", "")
        if wanted:
            is_bound = at.target is not None and at.target.port_id == name and at.target.plug is not None
            first = f"brume ovn unbind {name}; " if is_bound else ""
            who = f"logical port {name} is on no chassis: its requested-chassis is {wanted}"
            return Cause(who, (f"{first}brume ovn bind {name} {wanted.partition(',')[0]}",))
    return Cause(f"logical port {name} is on no chassis", (f"brume ovn bind {name} CHASSIS",))


def _router_without_chassis(at: Failure, binding: PortBinding) -> Cause | None:
    database = at.tables.provenance.northbound.northbound
    for port in database.find(router_port_by_name, binding.options.get("peer", "")):
        for uuid in database.owners(LogicalRouter.ports, port.uuid):
            router = database.get(LogicalRouter, uuid)
            if router is not None:
                who = (
                    f"router {router.name} shall be on chassis {router.options.get('chassis', '')}, which is not there"
                )
                return Cause(who, (f"ovn-nbctl set logical_router {router.name} options:chassis={_some_chassis(at)}",))
    return None


def _some_chassis(at: Failure) -> str:
    names = sorted(row.name for row in at.tables.provenance.southbound.southbound.rows(Chassis))
    return names[0] if names else "CHASSIS"
