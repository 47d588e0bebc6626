"""Which ports of a local datapath a chassis has to do with itself (ovn-controller's related_lport_ids), and which of
these make their datapath local.

A VIF of another chassis is not near: here it is only a destination, and flows that mention it as input port of the
ingress or output port of the egress pipeline are of no use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from brume.openflow.chassis.binding import can_bind, interface_of
from brume.openflow.chassis.gateways import Reader, gateway_order
from brume.openflow.chassis.rows import Here
from brume.southbound.schema import PortBinding

Present = Callable[[str], bool]
"""Is there an interface with this iface-id?"""

ALWAYS_NEAR: Final = ("patch", "localnet", "vtep")


class Nearness(NamedTuple):
    """What a port is to a chassis."""

    near: bool
    makes_local: bool


FAR: Final = Nearness(False, False)
NEAR: Final = Nearness(True, False)
OURS: Final = Nearness(True, True)


def nearness(port: PortBinding, here: Here, present: Present, reader: Reader) -> Nearness:
    """What this port is to this chassis."""
    if port.type in ALWAYS_NEAR:
        return NEAR
    if port.type == "localport":
        return NEAR if present(port.logical_port) else FAR
    if port.type in ("l2gateway", "l3gateway"):
        return OURS if here.name == port.options.get(f"{port.type}-chassis") else FAR
    if port.type in ("chassisredirect", "external"):
        return OURS if here.uuid in gateway_order(reader, port.ha_chassis_group) else FAR
    if port.type == "remote":
        return FAR
    attached = present(interface_of(port))
    return OURS if attached and can_bind(port, here.uuid, here.name, here.hostname) else FAR
