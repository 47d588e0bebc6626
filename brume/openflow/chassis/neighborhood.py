"""The neighbourhood of a chassis: local datapaths, their ports, near ones among them, groups, zones and places.

It takes in one port at a time and settles the sum at the end of a change: what becomes of the chassis's own rows, and
which places of shared flows come and go. Adding a port to a datapath that is local already is constant work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final, NamedTuple

from brume.openflow.chassis.gateways import home_of
from brume.openflow.chassis.locality import MOVERS, reach
from brume.openflow.chassis.nearness import Present, nearness
from brume.openflow.chassis.rows import Here, LocalDatapath, LocalGroup, LocalPort, Zone
from brume.openflow.chassis.zones import ZoneNumbers
from brume.openflow.rows import Place
from brume.southbound.schema import (
    DatapathBinding,
    MulticastGroup,
    PortBinding,
    multicast_group_by_datapath,
    port_binding_by_datapath,
)
from brume.tables.database import Database, Transaction
from brume.tables.row import Index

WITHOUT_ZONE: Final = ("patch", "vtep")
_NO_GROUPS: Final[frozenset[str]] = frozenset()


class NearPort(NamedTuple):
    """What is remembered of a near port."""

    datapath: str
    makes_local: bool
    has_zone: bool


class Shown(NamedTuple):
    """What a port stands for in the chassis's own rows."""

    row: LocalPort
    place: Place | None
    zone: str | None
    groups: frozenset[str] = frozenset()


class PlaceChanges(NamedTuple):
    """Places given up, and places wanted."""

    gone: list[Place]
    wanted: list[Place]


class Neighborhood:
    """Everything a chassis has to do with."""

    by_gateway_group: Final = Index(PortBinding, "ha_chassis_group", lambda row: row.ha_chassis_group)

    def __init__(
        self, southbound: Database, here: Here, present: Present, known_zones: Mapping[str, int] | None = None
    ) -> None:
        self.zones = ZoneNumbers(known_zones)
        self.datapaths: dict[str, int] = {}
        self.fresh_zones: list[int] = []
        self._southbound = southbound
        self._here = here
        self._present = present
        self._near: dict[str, NearPort] = {}
        self._seeds: Counter[str] = Counter()
        self._shown: dict[str, Shown] = {}
        self._groups: dict[str, str] = {}
        self._touched_ports: dict[str, None] = {}
        self._touched_groups: dict[str, None] = {}
        self._walk = True

    def is_near(self, uuid: str) -> bool:
        """Whether a port is near."""
        return uuid in self._near

    # something has changed

    def consider_port(self, row: PortBinding, *, exists: bool) -> None:
        """A port has come, changed or gone; or something that decides about it has."""
        before, after = self._near.get(row.uuid), self._as_near(row) if exists else None
        if before != after:
            self._count(before, -1)
            self._count(after, +1)
            if after is None:
                del self._near[row.uuid]
            else:
                self._near[row.uuid] = after
        if row.uuid in self._shown or row.datapath in self.datapaths:
            self._touched_ports[row.uuid] = None
        if row.type in MOVERS:
            self._walk = True

    def consider_membership(self, port: str) -> None:
        """A port has joined or left a multicast group."""
        if port in self._near or port in self._shown:
            self._touched_ports[port] = None

    def consider_group(self, group: MulticastGroup) -> None:
        """A multicast group has come, changed or gone."""
        if group.uuid in self._groups or group.datapath in self.datapaths:
            self._touched_groups[group.uuid] = None

    def consider_datapath(self, datapath: DatapathBinding) -> None:
        """A datapath has come, changed or gone."""
        if self.datapaths.get(datapath.uuid) != datapath.tunnel_key or self._row(datapath.uuid) is None:
            self._walk = True

    def settle(self, transaction: Transaction) -> PlaceChanges:
        """Write the chassis's own rows; returns how its places change."""
        places = PlaceChanges([], [])
        if self._walk:
            self._walk = False
            self._walk_again(transaction, places)
        ports, self._touched_ports = self._touched_ports, {}
        for uuid in ports:
            self._settle_port(uuid, transaction, places)
        groups, self._touched_groups = self._touched_groups, {}
        for uuid in groups:
            self._settle_group(uuid, transaction)
        return places

    # one port

    def _as_near(self, port: PortBinding) -> NearPort | None:
        what = nearness(port, self._here, self._present, self._southbound)
        if not what.near:
            return None
        has_zone = port.type not in WITHOUT_ZONE
        if port.type == "chassisredirect":
            has_zone = home_of(self._southbound, port) == self._here.uuid
        return NearPort(port.datapath, what.makes_local, has_zone)

    def _count(self, port: NearPort | None, step: int) -> None:
        """Keep count of the ports that make a datapath local; the first and the last one matter."""
        if port is None or not port.makes_local:
            return
        count = self._seeds[port.datapath] = self._seeds[port.datapath] + step
        if count == (1 if step > 0 else 0):
            self._walk = True
        if not count:
            del self._seeds[port.datapath]

    def _settle_port(self, uuid: str, transaction: Transaction, places: PlaceChanges) -> None:
        before, after = self._shown.get(uuid), self._as_shown(uuid)
        if before == after:
            return
        if after is None:
            del self._shown[uuid]
            transaction.delete(LocalPort, uuid)
        else:
            self._shown[uuid] = after
            transaction.put(after.row)
        self._change_groups(uuid, before, after, transaction)
        self._change_place(before and before.place, after and after.place, places)
        self._change_zone(before and before.zone, after and after.zone, transaction)

    def _as_shown(self, uuid: str) -> Shown | None:
        port = self._southbound.get(PortBinding, uuid)
        key = None if port is None else self.datapaths.get(port.datapath)
        if port is None or key is None:
            return None
        near = self._near.get(uuid)
        row = LocalPort(uuid=uuid, datapath=port.datapath, near=near is not None)
        if near is None and port.type != "localport":  # groups reach localports from everywhere
            return Shown(row, None, None)
        groups = frozenset(self._southbound.owners(MulticastGroup.ports, uuid))
        if near is None:
            return Shown(row, None, None, groups)
        zone = port.logical_port if near.has_zone else None
        return Shown(row, Place(key, port.tunnel_key), zone, groups)

    def _change_place(self, old: Place | None, new: Place | None, places: PlaceChanges) -> None:
        if old == new:
            return
        if old is not None:
            places.gone.append(old)
        if new is not None:
            places.wanted.append(new)

    def _change_groups(self, uuid: str, old: Shown | None, new: Shown | None, transaction: Transaction) -> None:
        before, after = old.groups if old is not None else _NO_GROUPS, new.groups if new is not None else _NO_GROUPS
        for group in before - after:
            transaction.remove(LocalGroup.ports, group, uuid)
        for group in after - before:
            transaction.add(LocalGroup.ports, group, uuid)

    def _change_zone(self, old: str | None, new: str | None, transaction: Transaction) -> None:
        if old == new:
            return
        if old is not None:
            self.zones.remove(old)
            transaction.delete(Zone, old)
        if new is not None:
            number = self.zones.add(new)
            self.fresh_zones.append(number)
            transaction.put(Zone(user=new, number=number))

    # groups

    def _settle_group(self, uuid: str, transaction: Transaction) -> None:
        group = self._southbound.get(MulticastGroup, uuid)
        if group is None or group.datapath not in self.datapaths:
            if self._groups.pop(uuid, None) is not None:
                transaction.delete(LocalGroup, uuid)
        else:
            self._groups[uuid] = group.datapath
            transaction.put(LocalGroup(uuid=uuid, datapath=group.datapath))

    # datapaths

    def _row(self, uuid: str) -> DatapathBinding | None:
        return self._southbound.get(DatapathBinding, uuid)

    def _walk_again(self, transaction: Transaction, places: PlaceChanges) -> None:
        """Which datapaths are local now; all ports and groups of those that come or go are touched."""
        rows = [self._row(uuid) for uuid in reach(self._southbound, self._seeds, self._here)]
        now = {row.uuid: row.tunnel_key for row in rows if row is not None}
        before, self.datapaths = self.datapaths, now
        for uuid, _ in sorted(before.items() ^ now.items()):
            self._touch_datapath(uuid)
        for uuid, key in before.items() - now.items():
            self._change_place(Place(key, 0), None, places)
            transaction.delete(LocalDatapath, uuid)
        for uuid, key in sorted(now.items() - before.items()):
            self._change_place(None, Place(key, 0), places)
            transaction.put(LocalDatapath(uuid=uuid, tunnel_key=key))
        for uuid in before.keys() - now.keys():
            for use in ("dnat", "snat"):
                self._change_zone(f"{uuid}_{use}", None, transaction)
        for uuid in sorted(now.keys() - before.keys()):
            for use in ("dnat", "snat"):
                self._change_zone(None, f"{uuid}_{use}", transaction)

    def _touch_datapath(self, uuid: str) -> None:
        for port in self._southbound.find(port_binding_by_datapath, uuid):
            self._touched_ports[port.uuid] = None
        for group in self._southbound.find(multicast_group_by_datapath, uuid):
            self._touched_groups[group.uuid] = None
