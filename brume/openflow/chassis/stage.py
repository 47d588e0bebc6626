"""The stage of one chassis: from southbound changes and interfaces to the flows of br-int.

    stage = ChassisStage(southbound, shared, Here(...), tell)      tell(changes) gets what the switch must be told
    stage.put_interface(Interface(...)), stage.put_tunnel(...)      the switch's ports, as they come and go
    stage.take_claims()                                             Port_Binding rows to write back (observed columns)

Rules of this file: a change is taken in whole before flows are told; a port of a datapath that is not local costs one
look; nothing here writes to the southbound database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from brume.derive.engine import Engine
from brume.openflow.chassis.binding import claimed, interface_of
from brume.openflow.chassis.gateways import is_resident
from brume.openflow.chassis.installer import FlowChange, Installer
from brume.openflow.chassis.neighborhood import Neighborhood
from brume.openflow.chassis.rows import (
    Here,
    Interface,
    LocalDatapath,
    LocalGroup,
    LocalPort,
    Tunnel,
    Zone,
    interface_by_iface_id,
)
from brume.openflow.chassis.rules import CHASSIS_RULES
from brume.openflow.chassis.union import Union
from brume.openflow.messages.flow import Flow
from brume.openflow.rows import MulticastReach, PhysicalFlow, SharedFlow
from brume.openflow.shared import SharedTranslation
from brume.southbound.schema import (
    Chassis,
    DatapathBinding,
    HAChassis,
    HAChassisGroup,
    MulticastGroup,
    PortBinding,
    port_binding_by_logical_port,
    port_binding_by_parent_port,
    port_binding_by_virtual_parent,
)
from brume.tables.changes import ChangeSet, MemberChange, RowChange
from brume.tables.database import Database, Transaction

Tell = Callable[[list[FlowChange]], object]

READ_ROWS = frozenset({PortBinding, DatapathBinding, MulticastGroup, Chassis, HAChassis, HAChassisGroup})
READ_MEMBERS = frozenset({MulticastGroup.ports, HAChassisGroup.ha_chassis})
ABOUT_GATEWAYS = frozenset({Chassis, HAChassis, HAChassisGroup})
NOTHING = ChangeSet([], [])


class ChassisStage:
    """What one chassis makes of the southbound database."""

    def __init__(
        self,
        southbound: Database,
        shared: SharedTranslation,
        here: Here,
        tell: Tell,
        known_zones: Mapping[str, int] | None = None,
    ) -> None:
        self.here = here
        self.installer = Installer()
        self._southbound = southbound
        self._shared = shared
        self._tell = tell
        self._local = Database(f"own rows of {here.name}")
        self._physical = Database(f"physical flows of {here.name}")
        self._neighborhood = Neighborhood(southbound, here, self._present, known_zones)
        self._unclaimed: dict[str, None] = {}
        self.engine = Engine([southbound, self._local, shared.flows], self._physical, CHASSIS_RULES)
        own = (Here, Interface, Tunnel, Zone, LocalDatapath, LocalPort, LocalGroup, LocalGroup.ports)
        self.engine.view.claim(self._local, *own)
        self.engine.view.claim(shared.flows, MulticastReach.chassis)
        self._physical.subscribe(self._physical_changed)
        self._union = Union(shared, self, self.installer, self._is_resident)
        self._start()

    def close(self) -> None:
        """The chassis goes away."""
        self._shared.leave(self)
        self._southbound.unsubscribe(self._southbound_changed)

    def flows(self) -> list[Flow]:
        """All flows of br-int."""
        return self.installer.flows()

    def zone(self, user: str) -> int:
        """The connection tracking zone of a user; 0 for none."""
        return self._neighborhood.zones.get(user)

    @property
    def datapaths(self) -> Mapping[str, int]:
        """The local datapaths with their tunnel keys; another object after each change."""
        return self._neighborhood.datapaths

    # ports of the switch

    def put_interface(self, interface: Interface) -> None:
        """A port of br-int is there, or has changed."""
        before = self._local.get(Interface, interface.name)
        transaction = Transaction()
        transaction.put(interface)
        self._interfaces_changed(transaction, before, interface)

    def remove_interface(self, name: str) -> None:
        """A port of br-int has gone."""
        before = self._local.get(Interface, name)
        transaction = Transaction()
        transaction.delete(Interface, name)
        self._interfaces_changed(transaction, before, None)

    def put_tunnel(self, tunnel: Tunnel) -> None:
        """A tunnel port is there."""
        transaction = Transaction()
        transaction.put(tunnel)
        self._update(NOTHING, transaction)

    def remove_tunnel(self, chassis: str) -> None:
        """A tunnel port has gone."""
        transaction = Transaction()
        transaction.delete(Tunnel, chassis)
        self._update(NOTHING, transaction)

    # claims

    def has_claims(self) -> bool:
        """Whether there is something to claim or give up, perhaps."""
        return bool(self._unclaimed)

    def take_claims(self) -> list[PortBinding]:
        """The rows by which this chassis claims ports or gives them up, since the last time."""
        candidates, self._unclaimed = self._unclaimed, {}
        rows = []
        for uuid in candidates:
            port = self._southbound.get(PortBinding, uuid)
            if port is None:
                continue
            row = claimed(port, self.here, self._present(interface_of(port)), self._southbound)
            if row != port:
                rows.append(row)
        return rows

    def take_fresh_zones(self) -> list[int]:
        """Zones given out since the last time: what is tracked in them is to be forgotten."""
        zones, self._neighborhood.fresh_zones = self._neighborhood.fresh_zones, []
        return zones

    # what the shared stage tells

    def flow_changed(self, old: SharedFlow | None, new: SharedFlow | None) -> None:
        """A shared flow of one of our places."""
        self._union.flow_changed(old, new)

    def shared_members_changed(self, members: list[MemberChange]) -> None:
        """Multicast groups reach other chassis now."""
        ours = [change for change in members if self._local.get(LocalGroup, change.member.parent) is not None]
        if ours:
            self.engine.update(ChangeSet([], ours))

    def flows_settled(self) -> None:
        """Tell the switch."""
        changes = self.installer.flush()
        if changes:
            self._tell(changes)

    # inside

    def _start(self) -> None:
        transaction = Transaction()
        transaction.put(self.here)
        self._shared.join(self)
        self._southbound.subscribe(self._southbound_changed)
        for port in self._southbound.rows(PortBinding):
            self._consider(port)
        self._update(NOTHING, transaction)

    def _southbound_changed(self, changes: ChangeSet) -> None:
        rows = [change for change in changes.rows if change.row_type in READ_ROWS]
        members = [change for change in changes.members if change.member.relation in READ_MEMBERS]
        if not rows and not members:
            return
        moved: dict[str, None] = {}
        for change in rows:
            self._row_changed(change, moved)
        for member, _ in members:
            if member.relation is MulticastGroup.ports:
                self._neighborhood.consider_membership(str(member.child))
        if any(change.row_type in ABOUT_GATEWAYS for change in rows) or any(
            change.member.relation is HAChassisGroup.ha_chassis for change in members
        ):
            self._gateways_changed(moved)
        self._update(ChangeSet(rows, members), Transaction(), moved)

    def _row_changed(self, change: RowChange, moved: dict[str, None]) -> None:
        row: Any = change.old if change.new is None else change.new
        if change.row_type is PortBinding:
            moved[row.logical_port] = None
            self._consider(row, exists=change.new is not None)
        elif change.row_type is MulticastGroup:
            self._neighborhood.consider_group(row)
        elif change.row_type is DatapathBinding:
            self._neighborhood.consider_datapath(row)

    def _gateways_changed(self, moved: dict[str, None]) -> None:
        """Groups of chassis, or the chassis there are: look at every port that has a group."""
        for group in self._southbound.rows(HAChassisGroup):
            for port in self._southbound.find(self._neighborhood.by_gateway_group, group.uuid):
                moved[port.logical_port] = None
                self._consider(port)

    def _consider(self, port: PortBinding, *, exists: bool = True) -> None:
        self._neighborhood.consider_port(port, exists=exists)
        if exists and (port.chassis == self.here.uuid or self._neighborhood.is_near(port.uuid)):
            self._unclaimed[port.uuid] = None

    def _interfaces_changed(self, transaction: Transaction, before: Interface | None, after: Interface | None) -> None:
        local = self._local.apply(transaction)
        names = {one.iface_id: None for one in (before, after) if one is not None and one.iface_id is not None}
        for name in names:
            for port in (
                *self._southbound.find(port_binding_by_logical_port, name),
                *self._southbound.find(port_binding_by_parent_port, name),
                *self._southbound.find(port_binding_by_virtual_parent, name),
            ):
                self._consider(port)
        self._update(local, Transaction())

    def _update(self, changes: ChangeSet, transaction: Transaction, moved: Iterable[str] = ()) -> None:
        """Bring own rows, physical flows and the union up to date, then tell the switch."""
        gone, wanted = self._neighborhood.settle(transaction)
        local = self._local.apply(transaction)
        merged = ChangeSet([*changes.rows, *local.rows], [*changes.members, *local.members])
        if merged:
            self.engine.update(merged)
        self._union.ports_moved(moved)
        for place in gone:
            self._union.release(place)
        for place in wanted:
            self._union.want(place)
        self.flows_settled()

    def _physical_changed(self, changes: ChangeSet) -> None:
        for row_type, _, old, new in changes.rows:
            if row_type is PhysicalFlow:
                before = None if old is None else old.flow  # type: ignore[attr-defined]
                after = None if new is None else new.flow  # type: ignore[attr-defined]
                self.installer.change(before, after)

    def _present(self, name: str) -> bool:
        return bool(self._local.find(interface_by_iface_id, name))

    def _is_resident(self, name: str) -> bool:
        return is_resident(self._southbound, name, self.here.uuid)
