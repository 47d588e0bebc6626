"""What the nodes report, written back to the cloud: ports that are up, chassis that live, nodes that live.

Observed state only: no rule of the cloud depends on it but what it is shown as.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from brume.cloud.compute import nodes
from brume.cloud.context import RequestContext
from brume.cloud.network.agents import observe_chassis
from brume.cloud.network.ports import set_port_status
from brume.cloud.network.resources import Port
from brume.cloud.store.engine import Store
from brume.southbound.schema import PortBinding
from brume.tables.changes import ChangeSet

HEARTBEAT = 30.0
"""Seconds between two signs of life."""


class NodeFacts(NamedTuple):
    """What a node says of itself."""

    name: str
    address: str
    is_gateway: bool
    bridge_mappings: tuple[tuple[str, str], ...]


class Observed:
    """Collects reports, and writes them in one transaction when asked to."""

    def __init__(
        self,
        store: Store,
        context: Callable[[], RequestContext],
        on_report: Callable[[], object],
    ) -> None:
        self._store = store
        self._context = context
        self._on_report = on_report
        self._ports: dict[str, bool] = {}

    def follow(self, changes: ChangeSet) -> None:
        """Remember which port bindings of the southbound went up or down."""
        for change in changes.rows:
            if change.row_type is PortBinding:
                old, new = change.old, change.new
                was = isinstance(old, PortBinding) and bool(old.up)
                if isinstance(new, PortBinding) and bool(new.up) != was:
                    self._ports[new.logical_port] = bool(new.up)
                    self._on_report()

    def settle(self) -> None:
        """Write what was remembered."""
        if not self._ports:
            return
        ports, self._ports = self._ports, {}
        with self._store.write(self._context()) as session:
            for port_id, up in ports.items():
                if session.get(Port, port_id) is not None:
                    set_port_status(self._context(), session, port_id, up)

    def heartbeat(self, facts: Iterable[NodeFacts]) -> None:
        """Say that these nodes live."""
        context = self._context()
        with self._store.write(context) as session:
            for node in facts:
                nodes.register(context, session, node.name, node.address)
                observe_chassis(
                    session,
                    node.name,
                    node.name,
                    context.now,
                    is_gateway=node.is_gateway,
                    bridge_mappings=node.bridge_mappings,
                    availability_zones=("nova",),
                )
