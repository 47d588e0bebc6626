"""Traces through rows that people wrote into NB: nothing of the cloud is behind them, cures are ovn-nbctl's commands.

`cause_by_hand` is asked before the causes of the cloud (`causes.py`), and answers only for datapaths that no rule made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from brume.dataplane.explain.explanation import Cause, Explanation
from brume.dataplane.explain.failure import Failure, binding_of
from brume.dataplane.explain.provenance import Provenance
from brume.dataplane.explain.topology import Station
from brume.northbound.schema import (
    ACL,
    NAT,
    LogicalSwitch,
    LogicalSwitchPort,
    router_by_name,
    switch_port_by_name,
)
from brume.tables.database import Database
from brume.values import Ipv4Address

Function = Callable[[Failure], "Cause | None"]
ACL_STAGES: Final = frozenset(("ls_in_acl", "ls_in_acl_after_lb", "ls_out_acl"))
PORT_STAGES: Final = frozenset(("ls_in_check_port_sec", "ls_in_apply_port_sec", "ls_out_apply_port_sec"))
ROUTING: Final = frozenset(("lr_in_ip_routing", "lr_in_ip_routing_ecmp"))
OUTPUT_TABLES: Final = frozenset(("remote_output", "local_output", "check_loopback", "logical_to_physical"))


def cause_by_hand(at: Failure) -> Cause | None:
    """Why a packet is dropped in a datapath that somebody wrote by hand; None if it is not one, or not known here."""
    if at.datapath is None or at.datapath.resource is not None:
        return None
    for function in (_disabled, _acl, _spoofed, _unbound, _no_route):
        found = function(at)
        if found is not None:
            return found
    return None


def _disabled(at: Failure) -> Cause | None:
    """Either end's port, or the one that has the destination MAC, is switched off."""
    names = [port.name for port in (at.inport, at.outport) if port is not None]
    rows = [row for name in names for row in _database(at).find(switch_port_by_name, name)]
    behind = [origin.row for origin in at.origins if isinstance(origin.row, LogicalSwitchPort)]
    for row in (*rows, *behind):
        if row.enabled is False:
            cure = f"ovn-nbctl lsp-set-enabled {row.name} enabled"
            return Cause(f"logical switch port {row.name} is disabled", (cure,))
    return None


def _acl(at: Failure) -> Cause | None:
    acl = next((origin.row for origin in at.origins if isinstance(origin.row, ACL)), None)
    if at.where not in ACL_STAGES or acl is None or at.datapath is None:
        return None
    match = f"ip4.src == {at.source_ip} && ip4.dst == {at.target_ip}"
    better = f"ovn-nbctl acl-add {at.datapath.name} {acl.direction} {acl.priority + 1} '{match}' allow-related"
    return Cause(
        f"switch {at.datapath.name}: ACL {acl.direction} {acl.priority} {acl.action}: {acl.match}",
        (better, f"ovn-nbctl acl-del {at.datapath.name} {acl.direction} {acl.priority} '{acl.match}'"),
    )


def _spoofed(at: Failure) -> Cause | None:
    port = at.outport if at.where == "ls_out_apply_port_sec" else at.inport
    if at.where not in PORT_STAGES or port is None:
        return None
    address = at.target_ip if port is at.outport else at.source_ip
    return Cause(
        f"port security of {port.name} does not let {address} through",
        (f"ovn-nbctl lsp-set-port-security {port.name} 'MAC IP' ...", f"ovn-nbctl lsp-set-port-security {port.name}"),
    )


def _unbound(at: Failure) -> Cause | None:
    binding = binding_of(at.outport)
    if at.where not in OUTPUT_TABLES or binding is None or binding.chassis is not None:
        return None
    name = binding.logical_port
    if binding.type == "chassisredirect":
        port = name.removeprefix("cr-")
        return Cause(f"no living chassis has gateway port {port}", (f"ovn-nbctl lrp-get-gateway-chassis {port}",))
    return (
        Cause(f"logical port {name} is on no chassis", (f"brume ovn bind {name} CHASSIS",))
        if not binding.type
        else None
    )


def _no_route(at: Failure) -> Cause | None:
    if at.where not in ROUTING or at.datapath is None:
        return None
    routers = _database(at).find(router_by_name, at.datapath.name)
    cure = f"ovn-nbctl lr-route-add {at.datapath.name} {at.target_ip} NEXT_HOP"
    return Cause(f"router {at.datapath.name} has no route to {at.target_ip}", (cure,) if routers else ())


def _database(at: Failure) -> Database:
    return at.tables.provenance.northbound.northbound


# from outside


def address_from_outside(provenance: Provenance, station: Station) -> Ipv4Address | Cause | None:
    """Where a host on a hand-written port is reached from outside: an address that is translated to its own, or its
    own on an external switch; a Cause if nowhere; None if the port is not by hand."""
    northbound = provenance.northbound.northbound
    ports = northbound.find(switch_port_by_name, station.port_id or "")
    if not ports or provenance.northbound.because((LogicalSwitchPort, ports[0].uuid)):
        return None
    own = [one.address for one in station.addresses if isinstance(one.address, Ipv4Address)]
    for nat in northbound.rows(NAT):
        if nat.type != "snat" and nat.logical_ip in map(str, own):
            return Ipv4Address.parse(nat.external_ip)
    if own and _is_external(northbound, ports[0]):
        return own[0]
    address = own[0] if own else "ADDRESS"
    cure = f"ovn-nbctl lr-nat-add ROUTER dnat_and_snat EXTERNAL_ADDRESS {address}"
    return Cause(f"{station.name} cannot be reached from outside: no address is translated to {address}", (cure,))


def _is_external(northbound: Database, port: LogicalSwitchPort) -> bool:
    siblings = (
        northbound.get(LogicalSwitchPort, uuid)
        for switch in northbound.owners(LogicalSwitch.ports, port.uuid)
        for uuid in northbound.members(LogicalSwitch.ports, switch)
    )
    return any(one is not None and one.type == "localnet" for one in siblings)


# where there is no OpenStack


def without_openstack(explanation: Explanation) -> Explanation:
    """The same without cures that nobody in a lab has: the cloud's causes are true there too, its commands are not."""
    cause = explanation.cause
    if cause is None:
        return explanation
    cure = tuple(_in_a_lab(cause.cure))
    return msgspec.structs.replace(explanation, cause=msgspec.structs.replace(cause, cure=cure))


def _in_a_lab(cures: Iterable[str]) -> Iterable[str]:
    for cure in cures:
        if "openstack " not in cure:
            yield cure.replace("brume exec", "brume ovn exec")
