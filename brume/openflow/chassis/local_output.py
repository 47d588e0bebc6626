"""Flows that every port delivered on this chassis has, VIF, patch and localnet alike: tables 40, 41 and 64."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.openflow.chassis.common import Zones, physical, to_port
from brume.openflow.from_southbound.actions.context import load_field, whole
from brume.openflow.messages import ports
from brume.openflow.messages.actions import Actions, Pop, Push, Resubmit
from brume.openflow.registers import FLAGS, INPORT, Flag
from brume.openflow.rows import PhysicalFlow
from brume.openflow.tables import Table
from brume.southbound.schema import PortBinding

LOOPBACK: Final = Flag.ALLOW_LOOPBACK.mask
NESTED: Final = Flag.NESTED_CONTAINER.mask

FROM_NOWHERE: Final[Actions] = (
    Push(whole("in_port")),
    load_field("in_port", ports.NONE),
    Resubmit(Table.LOGICAL_TO_PHYSICAL),
    Pop(whole("in_port")),
)
"""OpenFlow never sends a packet back where it came from; without an input port it does."""


def local_output(
    port: PortBinding, datapath: int, zones: Zones, parent: PortBinding | None = None
) -> Iterator[PhysicalFlow]:
    """Zones, no loopback unless allowed, loopback where allowed; for a container's port always."""
    owner, key = port.uuid, port.tunnel_key
    deliver = (*zones.actions(), Resubmit(Table.CHECK_LOOPBACK))
    yield physical(owner, "deliver", Table.LOCAL_OUTPUT, 100, to_port(datapath, key), deliver)
    looping: dict[str, int | tuple[int, int]] = {FLAGS: (0, LOOPBACK), INPORT: key}
    same = to_port(datapath, key, **looping)
    yield physical(owner, "loop", Table.CHECK_LOOPBACK, 100, same, ())
    if parent is None:
        back = to_port(datapath, key, **{FLAGS: (LOOPBACK, LOOPBACK)})
        yield physical(owner, "back", Table.SAVE_INPORT, 100, back, FROM_NOWHERE)
        return
    yield physical(owner, "back", Table.SAVE_INPORT, 100, to_port(datapath, key), FROM_NOWHERE)
    up = to_port(datapath, parent.tunnel_key, **{FLAGS: (NESTED, NESTED)})
    yield physical(owner, "up", Table.SAVE_INPORT, 100, up, FROM_NOWHERE, cookie=0)
