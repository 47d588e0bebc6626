"""Claiming ports: which chassis a port is on, written by that chassis into the observed columns of Port_Binding.

A VIF is claimed by the chassis that has an interface with its name, if the port may be there; a container's port by
the chassis that has the port it is inside (binding.c, consider_container_lport); a gateway port by the chassis that is
first in its HA group. A virtual port is claimed when a packet shows behind which port its address is (`learning`), and
kept as long as that port is here. What nobody has any longer is given up. Pure: rows in, rows out.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from brume.openflow.chassis.gateways import Reader, gateway_order
from brume.openflow.chassis.rows import Here
from brume.southbound.schema import PortBinding, encap_by_chassis_name

CLAIMED_WITH_INTERFACE: Final = ("", "virtual")
CLAIMED_BY_GROUP: Final = ("chassisredirect", "external")
NEVER_CLAIMED: Final = ("patch", "localnet", "localport", "remote", "vtep")


def can_bind(port: PortBinding, chassis: str, name: str, hostname: str) -> bool:
    """Whether requested-chassis lets a port be on this chassis (a list: the first is meant, the others are extra)."""
    if port.requested_chassis == chassis:
        return True
    wanted = port.options.get("requested-chassis", "")
    return not wanted or wanted.split(",")[0] in (name, hostname)


def interface_of(port: PortBinding) -> str:
    """The name of the interface that a port is here with: its own, or that of the port it is inside (a container), or
    at (a virtual one)."""
    return (port.virtual_parent or "") if port.type == "virtual" else port.parent_port or port.logical_port


def claimed(port: PortBinding, here: Here, present: bool, reader: Reader) -> PortBinding:
    """The row as this chassis wants it; `present` says that the port's interface is here."""
    if port.type in NEVER_CLAIMED:
        return port
    if port.type in CLAIMED_BY_GROUP:
        mine = gateway_order(reader, port.ha_chassis_group)[:1] == (here.uuid,)
    elif port.type in ("l2gateway", "l3gateway"):
        wanted = port.options.get(f"{port.type}-chassis")
        mine = wanted == here.name
    elif port.type in CLAIMED_WITH_INTERFACE:
        mine = present and can_bind(port, here.uuid, here.name, here.hostname)
    else:
        return port
    if mine:
        return replace(port, chassis=here.uuid, up=True, encap=_encap(here, reader))
    if port.chassis == here.uuid:
        down = False if port.type in CLAIMED_WITH_INTERFACE else port.up
        parent = None if port.type == "virtual" else port.virtual_parent
        return replace(port, chassis=None, up=down, encap=None, virtual_parent=parent)
    return port


def _encap(here: Here, reader: Reader) -> str | None:
    """Only where a chassis has several does the binding say which."""
    encaps = reader.find(encap_by_chassis_name, here.name)
    return encaps[0].uuid if len(encaps) > 1 else None
