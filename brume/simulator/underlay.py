"""Underlay: the network between chassis.

It carries whole outer frames (Ethernet, IPv4, UDP, Geneve, ...) to whoever owns the outer destination
address, as a routed data centre does; so chassis need no ARP among themselves. Not a switch and not a router:
it looks at one address.

Rules: an IP packet longer than the MTU is dropped, never fragmented; what is dropped is counted by reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Protocol

from brume.packets.errors import PacketError
from brume.packets.ethernet import IPV4, Ethernet
from brume.packets.ipv4 import Ipv4
from brume.simulator.clock import Scheduler
from brume.simulator.wire import LATENCY, Receive
from brume.values import Ipv4Address

MTU = 1500


class Watch(Protocol):
    """Something that captures what the underlay carries."""

    def __call__(self, time: float, frame: bytes, /) -> object:
        """A frame was delivered or dropped at a time."""
        ...


class Underlay:
    """Chassis by tunnel address."""

    __slots__ = ("_endpoints", "_watches", "carried", "drops", "latency", "mtu", "scheduler")

    def __init__(self, scheduler: Scheduler, mtu: int = MTU, latency: float = LATENCY) -> None:
        self.scheduler = scheduler
        self.mtu = mtu
        self.latency = latency
        self.carried = 0
        self.drops: Counter[str] = Counter()
        self._endpoints: dict[Ipv4Address, Receive] = {}
        self._watches: tuple[Watch, ...] = ()

    def attach(self, address: Ipv4Address, receive: Receive) -> Callable[[bytes], None]:
        """Join with an address; frames are sent by what is given back."""
        if address in self._endpoints:
            raise ValueError(f"tunnel address {address} is taken; each chassis needs its own")
        self._endpoints[address] = receive
        return self.send

    def detach(self, address: Ipv4Address) -> None:
        """Leave; what comes for the address is dropped from now on."""
        self._endpoints.pop(address, None)

    def tap(self, watch: Watch) -> Callable[[], None]:
        """Watch all frames, dropped ones too; call what is given back to stop."""
        self._watches += (watch,)

        def remove() -> None:
            self._watches = tuple(other for other in self._watches if other is not watch)

        return remove

    def send(self, frame: bytes) -> None:
        """Carry a frame to the owner of its destination address."""
        for watch in self._watches:
            watch(self.scheduler.now(), frame)
        try:
            if Ethernet.parse(frame).ethertype != IPV4:
                self.drops["not IPv4"] += 1
                return
            header = Ipv4.parse(frame, Ethernet.minimum())
        except PacketError:
            self.drops["garbled"] += 1
            return
        if header.total_length > self.mtu:
            self.drops["longer than the MTU"] += 1
        else:
            self.scheduler.call_later(self.latency, self._deliver, header.destination, frame)

    def _deliver(self, destination: Ipv4Address, frame: bytes) -> None:
        receive = self._endpoints.get(destination)
        if receive is None:
            self.drops["no chassis has the address"] += 1
            return
        self.carried += 1
        receive(frame)
