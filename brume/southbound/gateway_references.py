"""Which chassis have to do with a group of gateways: HA_Chassis_Group.ref_chassis, which ovn-northd writes.

    ports on a chassis -- switch -- router -- switch -- router -- gateway port, on a group of chassis
         ^                                                                            |
         +------------------------ ref_chassis: these watch the gateways -------------+

The group's chassis and these watch each other (BFD in the tunnels), and send to the first gateway that lives. They are
all chassis that have a port on a switch from where a router with that gateway can be reached, over any routers.

Rules: level-triggered, from what SB holds now. Only groups of several chassis have it. A port that comes to a chassis
where its switch has one already is constant work; else the switches and routers around are walked, never their ports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from brume.southbound.schema import (
    Chassis,
    DatapathBinding,
    HAChassisGroup,
    PortBinding,
    port_binding_by_logical_port,
)
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.row import Index

LINKS: Final = ("patch", "l3gateway")
"""Ports that lead to another datapath: options:peer."""
GATEWAY: Final = "chassisredirect"

links_by_datapath = Index(PortBinding, "datapath of link", lambda row: row.datapath if row.type in LINKS else None)
gateways_by_datapath = Index(
    PortBinding, "datapath of gateway", lambda row: row.datapath if row.type == GATEWAY else None
)
gateways_by_group = Index(
    PortBinding, "group of gateway", lambda row: row.ha_chassis_group if row.type == GATEWAY else None
)


class GatewayReferences:
    """Keeps `ref_chassis` of a southbound's groups as it should be."""

    def __init__(self, southbound: Database) -> None:
        self._southbound = southbound
        self._there: dict[str, Counter[str]] = {}
        """How many ports each chassis has on a switch."""

    def start(self) -> None:
        """Look at everything."""
        self._there.clear()
        for row in self._southbound.rows(PortBinding):
            self._count(row, 1)
        self._settle(row.uuid for row in self._southbound.rows(HAChassisGroup))

    def follow(self, changes: ChangeSet) -> None:
        """Look at the groups that a change concerns."""
        datapaths: dict[str, None] = {}
        groups: dict[str, None] = {}
        for row_type, _, old, new in changes.rows:
            if row_type is PortBinding:
                before, after = _binding(old), _binding(new)
                datapaths.update(dict.fromkeys(self._moved(before, after)))
                if _leads(before) != _leads(after):
                    both = [row for row in (before, after) if row is not None]
                    datapaths.update(dict.fromkeys(one for row in both for one in self._ends(row)))
                    groups.update(dict.fromkeys(row.ha_chassis_group for row in both if row.ha_chassis_group))
        for member, _ in changes.members:
            if member.relation is HAChassisGroup.ha_chassis:
                groups[str(member.parent)] = None
        if datapaths or groups:
            around = {group for datapath in datapaths for group in self._groups_around(datapath)}
            self._settle({**groups, **dict.fromkeys(around)})

    # who is where

    def _moved(self, before: PortBinding | None, after: PortBinding | None) -> Iterator[str]:
        """Count a port where it is now; the switches where a chassis is new, or no longer is."""
        if before is not None and after is not None and _place(before) == _place(after):
            return
        for row, step in ((before, -1), (after, 1)):
            if row is not None and self._count(row, step):
                yield row.datapath

    def _count(self, row: PortBinding, step: int) -> bool:
        """True if the chassis had no port on the switch before, or has none now."""
        if row.chassis is None or not self._is_on_a_switch(row):
            return False
        there = self._there.setdefault(row.datapath, Counter())
        there[row.chassis] += step
        if there[row.chassis] <= 0:
            del there[row.chassis]
            return True
        return step > 0 and there[row.chassis] == 1

    def _is_on_a_switch(self, row: PortBinding) -> bool:
        """A router's own ports do not count; those of a datapath that is gone did, if they were counted."""
        datapath = self._southbound.get(DatapathBinding, row.datapath)
        return row.datapath in self._there if datapath is None else "logical-switch" in datapath.external_ids

    # what is around

    def _ends(self, row: PortBinding) -> Iterator[str]:
        """The datapaths that a port is between."""
        yield row.datapath
        for peer in self._southbound.find(port_binding_by_logical_port, row.options.get("peer", "")):
            yield peer.datapath

    def _around(self, datapath: str) -> set[str]:
        """All datapaths that can be reached from one."""
        found, waiting = {datapath}, [datapath]
        while waiting:
            for link in self._southbound.find(links_by_datapath, waiting.pop()):
                for end in self._ends(link):
                    if end not in found:
                        found.add(end)
                        waiting.append(end)
        return found

    def _groups_around(self, datapath: str) -> set[str]:
        gateways = (row for one in self._around(datapath) for row in self._southbound.find(gateways_by_datapath, one))
        return {row.ha_chassis_group for row in gateways if row.ha_chassis_group is not None}

    # what is written

    def _settle(self, groups: Iterable[str]) -> None:
        transaction, seen = Transaction(self), dict[str, frozenset[str]]()
        for group in groups:
            if self._southbound.get(HAChassisGroup, group) is not None:
                present = set(self._southbound.members(HAChassisGroup.ref_chassis, group))
                wanted = self._wanted(group, seen)
                for chassis in sorted(wanted - present):
                    transaction.add(HAChassisGroup.ref_chassis, group, chassis)
                for chassis in sorted(present - wanted):
                    transaction.remove(HAChassisGroup.ref_chassis, group, chassis)
        self._southbound.apply(transaction)

    def _wanted(self, group: str, seen: dict[str, frozenset[str]]) -> set[str]:
        """`seen` remembers the chassis around datapaths, within one look."""
        if len(self._southbound.members(HAChassisGroup.ha_chassis, group)) < 2:
            return set()
        wanted: set[str] = set()
        for gateway in self._southbound.find(gateways_by_group, group):
            if gateway.datapath not in seen:
                around = self._around(gateway.datapath)
                chassis = frozenset(name for one in around for name in self._there.get(one, ()))
                seen.update(dict.fromkeys(around, chassis))
            wanted |= seen[gateway.datapath]
        return {chassis for chassis in wanted if self._southbound.get(Chassis, chassis) is not None}


def _binding(row: object) -> PortBinding | None:
    return row if isinstance(row, PortBinding) else None


def _place(row: PortBinding) -> tuple[str, str | None]:
    return row.datapath, row.chassis


def _leads(row: PortBinding | None) -> tuple[object, ...] | None:
    """What of a port says what is around."""
    if row is None or (row.type not in LINKS and row.type != GATEWAY):
        return None
    return row.datapath, row.type, row.options.get("peer"), row.ha_chassis_group
