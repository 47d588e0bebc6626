"""What a bridge has ports for, and what leaves through them: data only."""

from __future__ import annotations

from enum import Enum

import msgspec


class PortKind(Enum):
    """Where frames that leave through a port go."""

    LOCAL = "local"  # the bridge's own port; its number is LOCAL
    INTERNAL = "internal"  # a port the host itself has
    TAP = "tap"  # an instance, a wire, a card: somebody takes the frames from the result
    PATCH = "patch"  # straight into another bridge of the same switch
    TUNNEL = "tunnel"  # around the frame goes a Geneve, VXLAN or GRE header


class Port(msgspec.Struct, frozen=True, kw_only=True):
    """A port of a bridge. What is None or empty does not apply to its kind."""

    number: int
    name: str
    kind: PortKind = PortKind.TAP
    peer: str = ""  # patch: the other port's name
    protocol: str = "geneve"  # tunnel: geneve, vxlan or gre
    remote: int | None = None  # tunnel: the other chassis; None takes tun_dst ("remote_ip=flow")
    local: int = 0  # tunnel: our own address
    tunnel_key: int | None = None  # tunnel: fixed key; None takes tun_id ("key=flow")
    tag: int | None = None  # access VLAN, for NORMAL
    trunks: tuple[int, ...] = ()  # VLANs let through, for NORMAL; empty is all


class PortCounters(msgspec.Struct):
    """What went through a port."""

    received: int = 0
    received_bytes: int = 0
    sent: int = 0
    sent_bytes: int = 0
