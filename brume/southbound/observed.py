"""What chassis say about rows that the compiler writes itself, as rows of their own: virtual ports, probed backends.

Rules cannot read the tables they write. A virtual port's place stands in observed columns of its Port_Binding, and
whether a backend lives in one of its Service_Monitor, so they are copied to here, and rules read the copy.
Level-triggered: the copy says what the row says now.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from brume.southbound.schema import (
    PortBinding,
    ServiceMonitor,
    port_binding_by_logical_port,
    service_monitor_by_logical_port,
)
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.row import Row

VIRTUAL = "virtual"
ONLINE, OFFLINE = "online", "offline"


class VirtualPlace(Row, frozen=True, kw_only=True):
    """The virtual port `port` is at the port named `parent` now."""

    port: str
    parent: str

    def key(self) -> Hashable:
        return self.port


class Health(Row, frozen=True, kw_only=True):
    """What was found of a backend; none is known of one that has not been probed yet. Who was alive and has gone with
    its port is offline: nobody is there to find it dead."""

    monitor: str
    status: str

    def key(self) -> Hashable:
        return self.monitor


class Places:
    """Keeps `places` equal to what the bindings and the monitors of `southbound` say."""

    def __init__(self, southbound: Database) -> None:
        self.places = Database("places")
        self._southbound = southbound

    def start(self) -> ChangeSet:
        """Take in everything."""
        virtual = [row.uuid for row in self._southbound.rows(PortBinding) if row.type == VIRTUAL]
        return self._look_at(virtual, [row.uuid for row in self._southbound.rows(ServiceMonitor)])

    def update(self, changes: ChangeSet) -> ChangeSet:
        """Take in what changed in the southbound; returns the changed places."""
        changed = [row for row in changes.rows if row.row_type is PortBinding]
        virtual = [str(key) for _, key, old, new in changed if _is_virtual(old) or _is_virtual(new)]
        monitors = {str(row.key): None for row in changes.rows if row.row_type is ServiceMonitor}
        for _, _, old, new in changed:
            if _is_up(old) != _is_up(new) and isinstance(row := new or old, PortBinding):
                found = self._southbound.find(service_monitor_by_logical_port, row.logical_port)
                monitors |= dict.fromkeys(monitor.uuid for monitor in found)
        return self._look_at(virtual, monitors)

    def _look_at(self, ports: Iterable[str], monitors: Iterable[str]) -> ChangeSet:
        transaction = Transaction()
        for uuid in monitors:
            monitor = self._southbound.get(ServiceMonitor, uuid)
            if monitor is not None and monitor.status is not None:
                bound = self._southbound.find(port_binding_by_logical_port, monitor.logical_port)
                gone = monitor.status == ONLINE and not any(port.up for port in bound)
                transaction.put(Health(monitor=uuid, status=OFFLINE if gone else monitor.status))
            else:
                transaction.delete(Health, uuid)
        for uuid in ports:
            port = self._southbound.get(PortBinding, uuid)
            if port is not None and _is_virtual(port) and port.virtual_parent and port.chassis:
                transaction.put(VirtualPlace(port=uuid, parent=port.virtual_parent))
            else:
                transaction.delete(VirtualPlace, uuid)
        return self.places.apply(transaction)


def _is_up(row: Row | None) -> bool:
    return isinstance(row, PortBinding) and row.up is True


def _is_virtual(row: Row | None) -> bool:
    return isinstance(row, PortBinding) and row.type == VIRTUAL
