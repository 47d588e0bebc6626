"""Router advertisements that nobody asked for (RFC 4861, 6.2.4; ovn-controller's send_ipv6_ras).

A router port's advertisement is put into its network on every chassis that has hosts there, and stays on that chassis.
The time between two of them lies between the port's interval's bounds; where, the chassis draws. Which ports advertise,
the chassis stage says (`chassis/advertising.py`); when, this file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from brume.openflow.messages import ports
from brume.openflow.messages.actions import Resubmit
from brume.openflow.messages.fields import FIELDS
from brume.openflow.packet_in.messages import PacketOut
from brume.openflow.registers import DATAPATH, FLAGS, INPORT, Flag
from brume.openflow.tables import Table
from brume.packets import icmp6, nd
from brume.packets.build import stack
from brume.packets.ethernet import Ethernet
from brume.packets.icmp6 import Icmp6
from brume.packets.ipv6 import Ipv6
from brume.values import Ipv6Address, MacAddress

ALL_NODES_MAC: Final = MacAddress(0x3333_0000_0001)

Draw = Callable[[float, float], float]
"""A number between two."""


class Advertisement(msgspec.Struct, frozen=True):
    """What a router port says of itself (`body` follows the ICMPv6 head), and the switch port it says it through."""

    mac: MacAddress
    source: Ipv6Address
    body: bytes
    shortest: float
    longest: float
    datapath: int
    port: int

    @property
    def interval(self) -> tuple[float, float]:
        """Between two of them."""
        return self.shortest, self.longest

    def packet(self) -> PacketOut:
        """The advertisement, put into the logical ingress pipeline of the network."""
        data = stack(
            Ethernet(ALL_NODES_MAC, self.mac),
            Ipv6(hop_limit=nd.HOP_LIMIT, source=self.source, destination=Ipv6Address.ALL_NODES),
            Icmp6(type=icmp6.ROUTER_ADVERTISEMENT),
            self.body,
        )
        key = FIELDS[INPORT].set(FIELDS[DATAPATH].set(0, self.datapath), self.port)
        key = FIELDS[FLAGS].set(key, 1 << Flag.LOCAL_ONLY)
        return PacketOut(data, key, (Resubmit(Table.INGRESS, ports.CONTROLLER),))


class Advertisements:
    """What one chassis advertises, and when next."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._schedule: dict[str, tuple[Advertisement, float]] = {}

    def update(self, wanted: Mapping[str, Advertisement], now: float) -> None:
        """Advertise exactly these from now on."""
        for name in [name for name in self._schedule if name not in wanted]:
            del self._schedule[name]
        for name, one in wanted.items():
            self.put(name, one, now)

    def put(self, name: str, one: Advertisement | None, now: float) -> None:
        """Advertise this one, or (None) no longer; what has other intervals than before begins to wait anew."""
        known = self._schedule.pop(name, None)
        if one is not None and known is not None and known[0].interval == one.interval:
            self._schedule[name] = (one, known[1])
        elif one is not None:
            self._schedule[name] = (one, now + self._draw(*one.interval))

    def due(self, now: float) -> Iterator[PacketOut]:
        """The packets to send now; each one's next time is set."""
        for name, (one, when) in list(self._schedule.items()):
            if now >= when:
                self._schedule[name] = (one, now + self._draw(*one.interval))
                yield one.packet()

    def next_time(self) -> float:
        """When something is due next; infinity when nothing is."""
        return min((when for _, when in self._schedule.values()), default=float("inf"))
