"""Which physical networks chassis reach, and the localnet ports that name one which no chassis has.

    Logical_Switch_Port options:network_name  <->  Chassis other_config:ovn-bridge-mappings (network:bridge,...)

No rule: rules read the northbound, and this asks what chassis say of themselves. It is asked when somebody looks, and
walks localnet ports and chassis only. A southbound without any chassis says nothing: they may yet come.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Problem
from brume.northbound.schema import LogicalSwitch, LogicalSwitchPort
from brume.southbound.schema import Chassis
from brume.tables.database import Database
from brume.tables.row import Index

LOCALNET: Final = "localnet"
OPTION: Final = "network_name"
MAPPINGS: Final = "ovn-bridge-mappings"
localnets = Index(LogicalSwitchPort, "localnet", lambda port: True if port.type == LOCALNET else None)


def networks_of(chassis: Chassis) -> frozenset[str]:
    """The physical networks that a chassis has a bridge for; ovn-controller before 22.03 said so in external_ids."""
    text = chassis.other_config.get(MAPPINGS) or chassis.external_ids.get(MAPPINGS, "")
    return frozenset(name.strip() for name, colon, _ in (one.partition(":") for one in text.split(",")) if colon)


def known_networks(southbound: Database) -> list[str]:
    """The physical networks that at least one chassis has."""
    return sorted({name for chassis in southbound.rows(Chassis) for name in networks_of(chassis)})


def lacking(port: LogicalSwitchPort, known: list[str]) -> str | None:
    """Why a localnet port leads nowhere on any chassis; None if it does lead somewhere."""
    network = port.options.get(OPTION, "")
    if network in known:
        return None
    lead = f"localnet port {port.name} leads nowhere"
    if not network:
        return f"{lead}: no options:{OPTION}; the chassis have {', '.join(known) or 'none'}"
    there = f"they have {', '.join(known)}" if known else f"they have none ({MAPPINGS})"
    return f"{lead}: no chassis has the network {network!r}, {there}"


def unreachable(northbound: Database, southbound: Database) -> Iterator[Problem]:
    """The localnet ports of switches that name no network of any chassis."""
    ports = northbound.find(localnets, True)
    if not ports or not southbound.rows(Chassis):
        return
    known = known_networks(southbound)
    for port in sorted(ports, key=lambda one: one.name):
        message = lacking(port, known) if northbound.owners(LogicalSwitch.ports, port.uuid) else None
        if message is not None:
            yield Problem(table=LogicalSwitchPort.TABLE.name, row=port.uuid, message=message)
