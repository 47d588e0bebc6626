"""Packets that wait until the MAC address of their next hop is known (ovn-controller's buffered_packets).

Limits are the real one's: four packets for each next hop (the oldest goes first), a thousand next hops, ten seconds.
Time is an argument; it is in seconds.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from brume.openflow.messages import ports
from brume.openflow.messages.actions import Resubmit
from brume.openflow.packet_in.messages import Await, PacketOut
from brume.openflow.tables import OUTPUT
from brume.values import IpAddress, MacAddress

DEPTH: Final = 4
HOPS: Final = 1000
PATIENCE: Final = 10.0

NextHop = tuple[int, int, IpAddress]
"""Datapath key, output port key, address."""


class BufferedPackets:
    """The waiting packets of one chassis, by next hop."""

    def __init__(self) -> None:
        self._waiting: dict[NextHop, tuple[float, deque[Await]]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, packet: Await, now: float) -> bool:
        """Keep a packet; False when there are too many next hops already."""
        hop = (packet.datapath, packet.port, packet.ip)
        if hop not in self._waiting and len(self._waiting) >= HOPS:
            return False
        _, queue = self._waiting.pop(hop, (now, deque(maxlen=DEPTH)))
        queue.append(packet)
        self._waiting[hop] = (now, queue)  # at the end: the dictionary is in order of time
        return True

    def release(self, hop: NextHop, mac: MacAddress) -> list[PacketOut]:
        """What waited for this next hop, addressed to it and on its way out of the ingress pipeline."""
        _, queue = self._waiting.pop(hop, (0.0, deque[Await]()))
        onward = (Resubmit(OUTPUT, ports.CONTROLLER),)
        return [PacketOut(mac.packed + packet.data[6:], packet.key, onward) for packet in queue]

    def expire(self, now: float) -> int:
        """Forget what has waited too long; returns for how many next hops."""
        old = []
        for hop, (since, _) in self._waiting.items():
            if now <= since + PATIENCE:
                break
            old.append(hop)
        for hop in old:
            del self._waiting[hop]
        return len(old)
