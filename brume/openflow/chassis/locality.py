"""Which datapaths are local: those of ports that this chassis claims, and those that patch ports lead to from there.

Not a rule of the derivation, since it is one walk over the whole neighbourhood; it is walked again only when a port
that can change it has changed. Source: ovn-controller's local_data.c.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from brume.openflow.chassis.gateways import gateway_order
from brume.openflow.chassis.localnet import patch_port_by_datapath
from brume.openflow.chassis.rows import Here
from brume.southbound.schema import PortBinding, port_binding_by_logical_port
from brume.tables.database import Database

MOVERS: Final = ("patch", "l3gateway", "chassisredirect")
"""Types of ports that can change what is reached."""


def reach(southbound: Database, seeds: Iterable[str], here: Here) -> set[str]:
    """The uuids of all datapaths reached from the seeds."""
    found = set(seeds)
    waiting = list(found)
    while waiting:
        for port in southbound.find(patch_port_by_datapath, waiting.pop()):
            if not _leads_on(southbound, port, here):
                continue
            for peer in southbound.find(port_binding_by_logical_port, port.options.get("peer", "")):
                if peer.datapath not in found:
                    found.add(peer.datapath)
                    waiting.append(peer.datapath)
    return found


def _leads_on(southbound: Database, port: PortBinding, here: Here) -> bool:
    """Whether the datapath behind a patch port is worked on here (need_add_peer_to_local)."""
    if port.type == "l3gateway":
        return port.chassis == here.uuid
    redirect = port.options.get("chassis-redirect-port")
    if redirect is None:
        return True
    for gateway in southbound.find(port_binding_by_logical_port, redirect):
        if gateway.options.get("always-redirect") != "true":
            return True
        return here.uuid in gateway_order(southbound, gateway.ha_chassis_group)
    return False
