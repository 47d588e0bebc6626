"""Taking the packet of a packet-in apart, and building the reply around the same link.

Rule: a reply keeps the VLAN tag of the packet it answers, as pinctrl does.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from brume.openflow.packet_in.messages import KEPT, BadPacketIn, PacketIn, PacketOut
from brume.packets import PacketError
from brume.packets.build import stack
from brume.packets.ethernet import Ethernet, Vlan
from brume.packets.header import Header
from brume.packets.ipv4 import Ipv4
from brume.packets.ipv6 import Ipv6
from brume.packets.layers import Layer, walk

H = TypeVar("H", bound=Header)


class Parsed(msgspec.Struct, frozen=True):
    """A frame's layers, found by kind."""

    data: bytes
    layers: tuple[Layer, ...]

    @property
    def ethernet(self) -> Ethernet:
        """The outermost header."""
        return self.require(Ethernet)

    @property
    def ip(self) -> Ipv4 | Ipv6:
        """The outer IP header of either version."""
        for layer in self.layers:
            if isinstance(layer.content, Ipv4 | Ipv6):
                return layer.content
        raise BadPacketIn("not an IP packet")

    def find(self, kind: type[H]) -> H | None:
        """The first header of a kind."""
        for layer in self.layers:
            if isinstance(layer.content, kind):
                return layer.content
        return None

    def require(self, kind: type[H]) -> H:
        """The first header of a kind; BadPacketIn when there is none."""
        found = self.find(kind)
        if found is None:
            raise BadPacketIn(f"no {kind.__name__} header in the packet")
        return found

    def offset_of(self, header: Header) -> int:
        """Where a header begins in the frame."""
        return next(layer.offset for layer in self.layers if layer.content is header)


def parse(packet_in: PacketIn) -> Parsed:
    """The packet's layers as far as they make sense."""
    layers: list[Layer] = []
    try:
        for layer in walk(packet_in.data):
            layers.append(layer)  # noqa: PERF402  (what was read before an error stays)
    except PacketError:
        if not layers:
            raise BadPacketIn("not even an Ethernet header") from None
    return Parsed(packet_in.data, tuple(layers))


def reply(packet_in: PacketIn, packet: Parsed, link: Ethernet, *layers: Header | bytes) -> PacketOut:
    """A packet made of `layers` behind `link`, put out with the actions nested in the userdata."""
    tags = [layer.content for layer in packet.layers if isinstance(layer.content, Vlan)]
    tag = (Vlan(priority=tags[0].priority, vlan=tags[0].vlan),) if tags else ()
    return PacketOut(stack(link, *tag, *layers), packet_in.key & KEPT, packet_in.userdata)
