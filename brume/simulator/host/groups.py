"""Groups: which IPv4 multicast groups a host has joined (IGMP version 3, RFC 3376, as Linux speaks it).

A host says so when it joins and leaves, and when a router or switch asks (a tenth of a second later; a real one draws a
time). A group is joined by adding its address with `autojoin` (ip-address(8)). Not here: MLD, and source filters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brume.packets.build import stack
from brume.packets.igmp import (
    ALL_REPORTS,
    IS_EXCLUDE,
    ROUTER_ALERT,
    TO_EXCLUDE,
    TO_INCLUDE,
    Record4,
    membership4,
    report,
)
from brume.packets.ipv4 import IGMP, Ipv4
from brume.values import Ipv4Address

if TYPE_CHECKING:
    from brume.simulator.host.host import Host

ANSWER_AFTER = 0.1
CONTROL = 48
"""The DSCP of internetwork control (CS6), which Linux gives these messages."""


class Groups:
    """The groups of one host."""

    __slots__ = ("_joined", "host")

    def __init__(self, host: Host) -> None:
        self.host = host
        self._joined: dict[Ipv4Address, None] = {}

    def join(self, group: Ipv4Address) -> None:
        """Hear what is sent to a group."""
        self._joined[group] = None
        self._say(Record4(TO_EXCLUDE, group=group))

    def leave(self, group: Ipv4Address) -> None:
        """Hear it no more."""
        if group in self._joined:
            del self._joined[group]
            self._say(Record4(TO_INCLUDE, group=group))

    def abandon(self) -> None:
        """Lose power: forget all, without telling anybody."""
        self._joined = {}

    def receive(self, payload: bytes) -> None:
        """Take an IGMP message: a question is answered."""
        if membership4(payload).asks and self._joined:
            self.host.scheduler.call_later(ANSWER_AFTER, self._answer)

    def _answer(self) -> None:
        if self._joined:
            self._say(*(Record4(IS_EXCLUDE, group=group) for group in self._joined))

    def _say(self, *records: Record4) -> None:
        source = next(
            (mine.address for mine in self.host.addresses if isinstance(mine.address, Ipv4Address)
             and not mine.address.is_multicast), Ipv4Address.ANY,
        )  # fmt: skip
        header = Ipv4(ttl=1, protocol=IGMP, dscp=CONTROL, source=source, destination=ALL_REPORTS, options=ROUTER_ALERT)
        self.host.internet.transmit_to_group(ALL_REPORTS, stack(header, report(*records)))
