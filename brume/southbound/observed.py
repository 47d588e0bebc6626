"""What chassis say about rows that the compiler writes itself, as rows of their own: virtual ports, probed backends.

Rules cannot read the tables they write. A virtual port's place stands in observed columns of its Port_Binding, and
whether a backend lives in one of its Service_Monitor, so they are copied to here, and rules read the copy.
Level-triggered: the copy says what the row says now.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from brume.southbound.schema import PortBinding, ServiceMonitor
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.row import Row

VIRTUAL = "virtual"
ONLINE = "online"


class VirtualPlace(Row, frozen=True, kw_only=True):
    """The virtual port `port` is at the port named `parent` now."""

    port: str
    parent: str

    def key(self) -> Hashable:
        return self.port


class Health(Row, frozen=True, kw_only=True):
    """What was found of a backend; none is known of one that has not been probed yet."""

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
        return self._look_at(virtual, [str(row.key) for row in changes.rows if row.row_type is ServiceMonitor])

    def _look_at(self, ports: Iterable[str], monitors: Iterable[str]) -> ChangeSet:
        transaction = Transaction()
        for uuid in monitors:
            monitor = self._southbound.get(ServiceMonitor, uuid)
            if monitor is not None and monitor.status is not None:
                transaction.put(Health(monitor=uuid, status=monitor.status))
            else:
                transaction.delete(Health, uuid)
        for uuid in ports:
            port = self._southbound.get(PortBinding, uuid)
            if port is not None and _is_virtual(port) and port.virtual_parent and port.chassis:
                transaction.put(VirtualPlace(port=uuid, parent=port.virtual_parent))
            else:
                transaction.delete(VirtualPlace, uuid)
        return self.places.apply(transaction)


def _is_virtual(row: Row | None) -> bool:
    return isinstance(row, PortBinding) and row.type == VIRTUAL
