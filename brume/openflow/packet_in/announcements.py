"""Gratuitous ARP: telling the physical network where an address is now (ovn-controller's send_garp_rarp).

An address is announced one second after it appears, then with pauses of 2, 4, 8 and 16 seconds, then no more.
An address without IPv4 is announced by RARP. Which addresses there are, the chassis stage says; when, this file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from brume.openflow.messages import ports
from brume.openflow.messages.actions import Resubmit
from brume.openflow.messages.fields import FIELDS
from brume.openflow.packet_in.messages import PacketOut
from brume.openflow.registers import DATAPATH, INPORT
from brume.openflow.tables import Table
from brume.packets.arp import Arp
from brume.packets.build import stack
from brume.packets.ethernet import RARP, Ethernet
from brume.values import Ipv4Address, MacAddress

FIRST_DELAY: Final = 1.0
LAST_PAUSE: Final = 16.0


class Announcement(msgspec.Struct, frozen=True):
    """An address and the logical port it is announced from."""

    mac: MacAddress
    ip: Ipv4Address | None
    datapath: int
    port: int

    def packet(self) -> PacketOut:
        """The ARP or RARP request, put into the logical ingress pipeline."""
        link = Ethernet(MacAddress.BROADCAST, self.mac)
        if self.ip is not None:
            data = stack(link, Arp(sender_mac=self.mac, sender_ip=self.ip, target_ip=self.ip))
        else:
            data = stack(Ethernet(MacAddress.BROADCAST, self.mac, RARP), rarp_request(self.mac))
        key = FIELDS[INPORT].set(FIELDS[DATAPATH].set(0, self.datapath), self.port)
        return PacketOut(data, key, (Resubmit(Table.INGRESS, ports.CONTROLLER),))


def rarp_request(mac: MacAddress) -> bytes:
    """RFC 903: who am I?"""
    return bytes.fromhex("0001080006040003") + mac.packed + bytes(4) + mac.packed + bytes(4)


class Announcements:
    """What one chassis still has to announce, and when."""

    def __init__(self) -> None:
        self._schedule: dict[str, tuple[Announcement, float, float]] = {}

    def update(self, wanted: Mapping[str, Announcement], now: float) -> None:
        """Announce exactly these from now on; what is new starts, what is gone stops."""
        for name in [name for name in self._schedule if name not in wanted]:
            del self._schedule[name]
        for name, announcement in wanted.items():
            known = self._schedule.get(name)
            if known is None:
                self._schedule[name] = (announcement, now + FIRST_DELAY, 1.0)
            elif known[0] != announcement:
                self._schedule[name] = (announcement, known[1], known[2])

    def due(self, now: float) -> Iterable[PacketOut]:
        """The packets to send now; each one's next time is set."""
        for name, (announcement, when, pause) in list(self._schedule.items()):
            if now < when:
                continue
            longer = pause * 2
            following = now + longer if pause < LAST_PAUSE else float("inf")
            self._schedule[name] = (announcement, following, longer)
            yield announcement.packet()

    def next_time(self) -> float:
        """When something is due next; infinity when nothing is."""
        return min((when for _, when, _ in self._schedule.values()), default=float("inf"))
