"""Traces whose way outside is a localnet port of a network that no chassis has, or not the one where the packet is.

The packet may be for that port alone, for everybody (a flood) of whom nobody is there, or an unheard question for a
MAC address. Cures are ovn-nbctl's: asked for networks that were built by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.dataplane.explain.by_hand_places import ARP_STAGES, OUTPUT_TABLES
from brume.dataplane.explain.explanation import Cause
from brume.dataplane.explain.failure import Failure, binding_of
from brume.dataplane.explain.provenance import Provenance
from brume.dataplane.explain.topology import Station
from brume.northbound.schema import LogicalSwitch, LogicalSwitchPort, switch_by_name, switch_port_by_name
from brume.southbound.from_northbound.facts.ports import switch_port_by_router_port
from brume.southbound.physical_networks import LOCALNET, OPTION, known_networks, lacking, networks_of
from brume.southbound.schema import chassis_by_name
from brume.tables.database import Database

REDIRECT: Final = "cr-"
"""How the name of a gateway port on its chassis begins."""


def network_is_elsewhere(at: Failure) -> Cause | None:
    """A switch puts a packet out by a localnet port, alone or in a flood, and there is no bridge for its network."""
    if at.where not in OUTPUT_TABLES or at.datapath is None or at.datapath.kind == "router":
        return None
    binding, provenance = binding_of(at.outport), at.tables.provenance
    if binding is not None and binding.type != LOCALNET:
        return None
    database = provenance.northbound.northbound
    switches = [row.uuid for row in database.find(switch_by_name, at.datapath.name)]
    ports = [one for one in _localnets(database, switches) if binding is None or binding.logical_port == one.name]
    return _nowhere(ports, provenance) or _not_here(ports, at.hop.chassis, provenance)


def question_goes_nowhere(at: Failure) -> Cause | None:
    """A router asks on a switch whose way outside leads nowhere."""
    binding, provenance = binding_of(at.outport), at.tables.provenance
    if at.where not in ARP_STAGES or binding is None:
        return None
    database = provenance.northbound.northbound
    doors = database.find(switch_port_by_router_port, binding.logical_port.removeprefix(REDIRECT))
    switches = [uuid for door in doors for uuid in database.owners(LogicalSwitch.ports, door.uuid)]
    return _nowhere(_localnets(database, switches), provenance)


def host_asks_nowhere(provenance: Provenance, station: Station) -> Cause | None:
    """A host on a port by hand asks on such a switch."""
    database = provenance.northbound.northbound
    ports = database.find(switch_port_by_name, station.port_id or "")
    if any(provenance.northbound.because((LogicalSwitchPort, port.uuid)) for port in ports):
        return None
    switches = [uuid for port in ports for uuid in database.owners(LogicalSwitch.ports, port.uuid)]
    return _nowhere(_localnets(database, switches), provenance)


def _localnets(database: Database, switches: list[str]) -> Iterator[LogicalSwitchPort]:
    for switch in switches:
        for uuid in database.members(LogicalSwitch.ports, switch):
            row = database.get(LogicalSwitchPort, uuid)
            if row is not None and row.type == LOCALNET:
                yield row


def _nowhere(ports: Iterator[LogicalSwitchPort] | list[LogicalSwitchPort], provenance: Provenance) -> Cause | None:
    known = known_networks(provenance.southbound.southbound)
    for port in ports:
        message = lacking(port, known)
        if message is not None:
            wanted = known[0] if len(known) == 1 else "NETWORK"
            return Cause(message, (f"ovn-nbctl set logical_switch_port {port.name} options:{OPTION}={wanted}",))
    return None


def _not_here(ports: list[LogicalSwitchPort], chassis: str, provenance: Provenance) -> Cause | None:
    rows = provenance.southbound.southbound.find(chassis_by_name, chassis)
    here = {network for row in rows for network in networks_of(row)}
    for port in ports:
        network = port.options.get(OPTION, "")
        if network not in here:
            who = f"localnet port {port.name} leads nowhere on {chassis}: it has no bridge for the network {network}"
            return Cause(who, (f"add {network}:BRIDGE to the ovn-bridge-mappings of {chassis}",))
    return None
