"""What was done to a packet, as values: frames sent, connections tracked, addresses learned, meters passed.

The cache does the same again for the next such packet. `value` is what `mask` of the key had become by then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from brume.dataplane.conntrack.tracker import Request
from brume.dataplane.ports import Port

if TYPE_CHECKING:
    from brume.dataplane.bridge import Bridge


class Sent(NamedTuple):
    """Output to a port, once `mask` of the key has become `value`."""

    mask: int
    value: int
    bridge: Bridge
    port: Port
    queue: int


class Tracked(NamedTuple):
    """A ct action, once `mask` of the key has become `value`."""

    mask: int
    value: int
    request: Request
    table: int | None
    bridge: Bridge


class Learned(NamedTuple):
    """NORMAL saw the source MAC on a port."""

    mask: int
    value: int
    bridge: Bridge
    port: int


class Metered(NamedTuple):
    """A meter was passed; the next packet may be over its rate, and ends there."""

    mask: int
    value: int
    bridge: Bridge
    meter_id: int


Operation = Sent | Tracked | Learned | Metered
