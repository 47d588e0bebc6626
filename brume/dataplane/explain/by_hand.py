"""Traces through rows that people wrote into NB: nothing of the cloud is behind them, cures are ovn-nbctl's commands.

`cause_by_hand` is asked before the causes of the cloud (`causes.py`). It answers for datapaths that no rule made, and
for ACLs by hand wherever they are. What never reached a datapath is in `by_hand_hosts.py`, what routers decide in
`by_hand_routes.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from brume.cloud.network.resources import Port
from brume.dataplane.explain.by_hand_balancers import not_balanced
from brume.dataplane.explain.by_hand_neighbors import given_beyond, given_neighbor
from brume.dataplane.explain.by_hand_outside import network_is_elsewhere, question_goes_nowhere
from brume.dataplane.explain.by_hand_places import leads_nowhere, unbound
from brume.dataplane.explain.by_hand_routes import discarded, forbidden_by_policy, no_route, not_translated
from brume.dataplane.explain.by_hand_switches import limited, nobody_has_the_address
from brume.dataplane.explain.explanation import Cause, Explanation
from brume.dataplane.explain.failure import Failure
from brume.northbound.neighbourhood import interfaces
from brume.northbound.schema import (
    ACL,
    LogicalRouterPort,
    LogicalSwitch,
    LogicalSwitchPort,
    PortGroup,
    router_port_by_name,
    switch_by_name,
    switch_port_by_name,
)
from brume.tables.database import Database

Function = Callable[[Failure], "Cause | None"]
ACL_STAGES: Final = frozenset(("ls_in_acl", "ls_in_acl_after_lb", "ls_out_acl"))
PORT_STAGES: Final = frozenset(("ls_in_check_port_sec", "ls_in_apply_port_sec", "ls_out_apply_port_sec"))
LOOKUP_STAGES: Final = frozenset(("ls_in_l2_lkup", "ls_in_l2_unknown"))
HIGHEST_PRIORITY: Final = 32767


def cause_by_hand(at: Failure) -> Cause | None:
    """Why a packet is dropped by rows that somebody wrote by hand; None if it is not by them, or not known here."""
    if at.datapath is None:
        return _no_such_port_here(at)
    functions: tuple[Function, ...] = (_acl, limited, nobody_has_the_address, forbidden_by_policy, not_balanced)
    if at.datapath.resource is None:
        functions = (
            _disabled,
            _acl,
            limited,
            nobody_has_the_address,
            forbidden_by_policy,
            not_balanced,
            _spoofed,
            _nobody_has_the_mac,
            leads_nowhere,
            unbound,
            network_is_elsewhere,
            question_goes_nowhere,
            given_beyond,
            discarded,
            no_route,
            not_translated,
            _expired,
            _for_the_router,
        )
    for function in functions:
        found = function(at)
        if found is not None:
            return found
    return None


def _no_such_port_here(at: Failure) -> Cause | None:
    """A host is plugged in as a port that was deleted afterwards, or that shall be on another chassis."""
    name, provenance = at.source.port_id, at.tables.provenance
    if name is None or at.where != "physical_to_logical" or provenance.cloud.get(Port, name) is not None:
        return None
    for row in _database(at).find(switch_port_by_name, name):
        wanted, here = row.options.get("requested-chassis", ""), at.hop.chassis
        if not wanted or here in wanted.split(","):
            return None
        who = f"{name}'s host is on {here}, its requested-chassis is {wanted}"
        return Cause(who, (f"brume ovn unbind {name}; brume ovn bind {name} {wanted.partition(',')[0]}",))
    return Cause(f"there is no logical switch port {name} any more", (f"ovn-nbctl lsp-add SWITCH {name}",))


def _disabled(at: Failure) -> Cause | None:
    """Either end's port, or the one that has the destination MAC, is switched off."""
    names = [port.name for port in (at.inport, at.outport) if port is not None]
    rows = [row for name in names for row in _database(at).find(switch_port_by_name, name)]
    behind = [origin.row for origin in at.origins if isinstance(origin.row, LogicalSwitchPort)]
    for row in (*rows, *behind):
        if row.enabled is False:
            cure = f"ovn-nbctl lsp-set-enabled {row.name} enabled"
            return Cause(f"logical switch port {row.name} is disabled", (cure,))
    for name in names:
        for port in _database(at).find(router_port_by_name, name):
            if port.enabled is False:
                return disabled_router_port(port)
    return None


def disabled_router_port(port: LogicalRouterPort) -> Cause:
    """A router's port is switched off."""
    cure = f"ovn-nbctl lrp-set-enabled {port.name} enabled"
    return Cause(f"logical router port {port.name} is disabled", (cure,))


def _acl(at: Failure) -> Cause | None:
    acl = next((origin.row for origin in at.origins if isinstance(origin.row, ACL)), None)
    if at.where not in ACL_STAGES or acl is None or at.datapath is None:
        return None
    if at.tables.provenance.northbound.because((ACL, acl.uuid)):
        return None  # the cloud's: a security group's
    what, name = _holder(at, acl)
    cures = [f"ovn-nbctl acl-del {name} {acl.direction} {acl.priority} '{acl.match}'"]
    if acl.priority < HIGHEST_PRIORITY:
        ip = f"ip{at.target_ip.VERSION}"
        match = f"{ip}.src == {at.source_ip} && {ip}.dst == {at.target_ip}"
        late = "--apply-after-lb " if at.where == "ls_in_acl_after_lb" else ""  # what is allowed before is asked again
        cures.insert(0, f"ovn-nbctl {late}acl-add {name} {acl.direction} {acl.priority + 1} '{match}' allow-related")
    who = f"{what}: ACL {acl.direction} {acl.priority} {acl.action}: {acl.match}"
    return Cause(who if at.datapath.resource is None else f"{who} (written by hand)", tuple(cures))


def _holder(at: Failure, acl: ACL) -> tuple[str, str]:
    """What an ACL hangs on, in words, and its name: a port group, or a switch."""
    database = _database(at)
    for uuid in database.owners(PortGroup.acls, acl.uuid):
        group = database.get(PortGroup, uuid)
        if group is not None:
            return f"port group {group.name}", group.name
    for uuid in database.owners(LogicalSwitch.acls, acl.uuid):
        switch = database.get(LogicalSwitch, uuid)
        if switch is not None and (at.datapath is None or at.datapath.resource is None):
            return f"switch {switch.name}", switch.name
        if switch is not None:
            return str(at.datapath), switch.name
    return str(at.datapath), "SWITCH"


def _spoofed(at: Failure) -> Cause | None:
    receives = at.where == "ls_out_apply_port_sec"
    port = at.outport if receives else at.inport
    if at.where not in PORT_STAGES or port is None:
        return None
    mac, address = (at.target_mac, at.target_ip) if receives else (at.source.mac, at.source_ip)
    known = [f"'{text}'" for row in _database(at).find(switch_port_by_name, port.name) for text in _secured(row)]
    command = f"ovn-nbctl lsp-set-port-security {port.name}"
    return Cause(
        f"port security of {port.name} does not let {address} through",
        (" ".join([command, *known, f"'{mac} {address}'"]), f"or, without any check: {command}"),
    )


def _secured(port: LogicalSwitchPort) -> list[str]:
    return sorted(port.port_security)


def _nobody_has_the_mac(at: Failure) -> Cause | None:
    """The usual reasons: a router's switch port, or a host's, that was given no addresses."""
    if at.where not in LOOKUP_STAGES or at.datapath is None:
        return None
    who = f"no port of switch {at.datapath.name} has the MAC address {at.target_mac}"
    for port in _ports_of(at):
        for peer in _database(at).find(router_port_by_name, port.options.get("router-port", "")):
            if peer.mac.lower() == str(at.target_mac):
                return Cause(who, (f"ovn-nbctl lsp-set-addresses {port.name} router",))
    target = at.target
    if target is not None and target.mac == at.target_mac:
        own = " ".join(str(one.address) for one in target.addresses)
        return Cause(who, (f"ovn-nbctl lsp-set-addresses {target.name} '{target.mac} {own}'",))
    return given_neighbor(at) or Cause(who, ("does the sender remember an old address? brume ovn exec NAME arp",))


def _ports_of(at: Failure) -> list[LogicalSwitchPort]:
    """The ports of the switch where the packet is."""
    database, name = _database(at), at.datapath.name if at.datapath is not None else ""
    uuids = [
        uuid for row in database.find(switch_by_name, name) for uuid in database.members(LogicalSwitch.ports, row.uuid)
    ]
    return [row for row in (database.get(LogicalSwitchPort, uuid) for uuid in uuids) if row is not None]


def _expired(at: Failure) -> Cause | None:
    if at.datapath is None or at.datapath.kind != "router" or at.ttl > 1 or at.where != "lr_in_ip_input":
        return None
    cure = f"is there a loop between routers? ovn-nbctl lr-route-list {at.datapath.name}"
    return Cause(f"{at.datapath}: the packet's time to live is used up; it answers ICMP time exceeded", (cure,))


def _for_the_router(at: Failure) -> Cause | None:
    if at.datapath is None or at.datapath.kind != "router" or at.where != "lr_in_ip_input":
        return None
    for row in _database(at).rows(LogicalRouterPort):
        if any(own.address == at.target_ip for own in interfaces(row)):
            who = (
                f"{at.target_ip} is {at.datapath}'s own address (port {row.name}), and it answers nothing but ICMP echo"
            )
            return Cause(who)
    return None


def _database(at: Failure) -> Database:
    return at.tables.provenance.northbound.northbound


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
