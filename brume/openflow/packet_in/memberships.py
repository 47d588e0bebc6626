"""Memberships: which ports of this chassis have joined which multicast groups, and until when that is believed.

    memberships.learn(seen, until, most)      what a host said; returns the groups that changed
    memberships.expire(now)                   what was not said again in time is forgotten; returns the same

A group is (datapath, address); behind which ports multicast routers are stands under the address `mrouters`. Time is an
argument; how long something is believed the southbound says (IP_Multicast).
"""

from __future__ import annotations

from typing import Final

from brume.openflow.packet_in.messages import LearnMembership

MULTICAST_ROUTERS: Final = "mrouters"
Group = tuple[int, str]


class Memberships:
    """The groups of one chassis."""

    def __init__(self) -> None:
        self._ports: dict[Group, dict[int, float]] = {}

    def ports(self, group: Group) -> frozenset[int]:
        """The ports that have joined."""
        return frozenset(self._ports.get(group, ()))

    def groups(self) -> list[Group]:
        """All groups that somebody has joined."""
        return list(self._ports)

    def learn(self, seen: LearnMembership, until: float, most: int) -> set[Group]:
        """Take in what a host said, unless its switch has as many groups as it may have."""
        changed = set()
        addresses = [str(address) for address in seen.joined] + [MULTICAST_ROUTERS] * seen.asks
        for address in addresses:
            group = (seen.datapath, address)
            if group not in self._ports and address != MULTICAST_ROUTERS and self._count(seen.datapath) >= most:
                continue
            ports = self._ports.setdefault(group, {})
            if seen.port not in ports:
                changed.add(group)
            ports[seen.port] = until
        for address in map(str, seen.left):
            changed |= self._forget((seen.datapath, address), seen.port)
        return changed

    def expire(self, now: float) -> set[Group]:
        """Forget what has not been said again in time."""
        old = [(group, port) for group, ports in self._ports.items() for port, until in ports.items() if until <= now]
        changed: set[Group] = set()
        for group, port in old:
            changed |= self._forget(group, port)
        return changed

    def flush(self, datapath: int) -> set[Group]:
        """Forget a switch."""
        gone = {group for group in self._ports if group[0] == datapath}
        for group in gone:
            del self._ports[group]
        return gone

    def next_time(self) -> float:
        """When something is forgotten next; infinity when nothing is known."""
        return min((until for ports in self._ports.values() for until in ports.values()), default=float("inf"))

    def _count(self, datapath: int) -> int:
        return sum(1 for known, address in self._ports if known == datapath and address != MULTICAST_ROUTERS)

    def _forget(self, group: Group, port: int) -> set[Group]:
        ports = self._ports.get(group, {})
        if ports.pop(port, None) is None:
            return set()
        if not ports:
            del self._ports[group]
        return {group}
