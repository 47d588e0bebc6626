"""Memberships: which ports of this chassis have joined which multicast groups, and until when that is believed.

    memberships.learn(seen, until, most)      what a host said; returns the groups that changed
    memberships.expire(now)                   what was not said again in time is forgotten; returns the same

A group is (datapath, address); behind which ports multicast routers are stands under the address `mrouters`. Time is an
argument; how long something is believed the southbound says (IP_Multicast).
"""

from __future__ import annotations

from typing import Final

from brume.openflow.packet_in.deadlines import Deadlines
from brume.openflow.packet_in.messages import LearnMembership

MULTICAST_ROUTERS: Final = "mrouters"
Group = tuple[int, str]


class Memberships:
    """The groups of one chassis."""

    def __init__(self) -> None:
        self._switches: dict[int, dict[str, set[int]]] = {}
        """Ports by datapath and address."""
        self._until: Deadlines[tuple[Group, int]] = Deadlines()

    def ports(self, group: Group) -> frozenset[int]:
        """The ports that have joined."""
        return frozenset(self._switches.get(group[0], {}).get(group[1], ()))

    def groups(self) -> list[Group]:
        """All groups that somebody has joined."""
        return [(datapath, address) for datapath, groups in self._switches.items() for address in groups]

    def learn(self, seen: LearnMembership, until: float, most: int) -> set[Group]:
        """Take in what a host said, unless its switch has as many groups as it may have."""
        changed = set()
        groups = self._switches.setdefault(seen.datapath, {})
        addresses = [str(address) for address in seen.joined] + [MULTICAST_ROUTERS] * seen.asks
        for address in addresses:
            if address not in groups and address != MULTICAST_ROUTERS and _count(groups) >= most:
                continue
            group = (seen.datapath, address)
            ports = groups.setdefault(address, set())
            if seen.port not in ports:
                changed.add(group)
            ports.add(seen.port)
            self._until.put((group, seen.port), until)
        for address in map(str, seen.left):
            changed |= self._forget((seen.datapath, address), seen.port)
        if not groups:
            self._switches.pop(seen.datapath, None)
        return changed

    def expire(self, now: float) -> set[Group]:
        """Forget what has not been said again in time."""
        changed: set[Group] = set()
        for group, port in self._until.due(now):
            changed |= self._forget(group, port)
        return changed

    def flush(self, datapath: int) -> set[Group]:
        """Forget a switch."""
        gone = {(datapath, address): ports for address, ports in self._switches.pop(datapath, {}).items()}
        for group, ports in gone.items():
            for port in ports:
                self._until.drop((group, port))
        return set(gone)

    def next_time(self) -> float:
        """When something is forgotten next; infinity when nothing is known."""
        return self._until.next_time()

    def _forget(self, group: Group, port: int) -> set[Group]:
        datapath, address = group
        groups = self._switches.get(datapath, {})
        ports = groups.get(address, set())
        if port not in ports:
            return set()
        ports.remove(port)
        self._until.drop((group, port))
        if not ports:
            del groups[address]
            if not groups:
                del self._switches[datapath]
        return {group}


def _count(groups: dict[str, set[int]]) -> int:
    return len(groups) - (MULTICAST_ROUTERS in groups)
