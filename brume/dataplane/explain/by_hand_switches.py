"""Traces that end in what a switch does beside delivering: a rate is used up, nobody has a virtual port's address.

Asked by `by_hand`, also in the cloud: its virtual ports are reserved addresses that other ports may use.
"""

from __future__ import annotations

from typing import Final

from brume.cloud.network.resources import Port
from brume.dataplane.explain.explanation import Cause
from brume.dataplane.explain.failure import Failure
from brume.northbound.schema import LogicalSwitch, LogicalSwitchPort, QoS
from brume.southbound.schema import port_binding_by_logical_port
from brume.tables.row import Index

METER_STAGES: Final = frozenset(("ls_in_qos_meter", "ls_out_qos_meter"))
switch_port_by_virtual_address = Index(
    LogicalSwitchPort, "virtual-ip", lambda port: port.options.get("virtual-ip") if port.type == "virtual" else None
)


def limited(at: Failure) -> Cause | None:
    """The bucket of a QoS rule is empty at this moment."""
    limit = next((origin.row for origin in at.origins if isinstance(origin.row, QoS)), None)
    if at.where not in METER_STAGES or limit is None or at.datapath is None:
        return None
    database = at.tables.provenance.northbound.northbound
    burst = f", burst {limit.bandwidth['burst']} kb" if "burst" in limit.bandwidth else ""
    switches = (database.get(LogicalSwitch, uuid) for uuid in database.owners(LogicalSwitch.qos_rules, limit.uuid))
    name = next((switch.name for switch in switches if switch is not None), "SWITCH")
    rule = f"{limit.direction} {limit.priority}"
    who = f"{at.datapath}: QoS rate {limit.bandwidth['rate']} kb/s{burst} of {rule} is used up: {limit.match}"
    return Cause(who, (f"a moment later it passes; or: ovn-nbctl qos-del {name} {rule} '{limit.match}'",))


def nobody_has_the_address(at: Failure) -> Cause | None:
    """The address of a virtual port, which none of its parents has said to have."""
    if at.where != "lr_in_arp_request":
        return None
    provenance = at.tables.provenance
    for row in provenance.northbound.northbound.find(switch_port_by_virtual_address, str(at.target_ip)):
        seen = provenance.southbound.southbound.find(port_binding_by_logical_port, row.name)
        if any(binding.virtual_parent for binding in seen):
            continue
        names = [row.name, *(name for name in row.options.get("virtual-parents", "").split(",") if name)]
        ports = [(name, provenance.cloud.get(Port, name)) for name in names]
        vip, *parents = [name if port is None else provenance.label(port) for name, port in ports]
        who = f"virtual port {vip} is at none of its parents ({', '.join(parents)}): nobody has {at.target_ip}"
        return Cause(who, (f"in the one that has the address: arping -U {at.target_ip}",))
    return None
