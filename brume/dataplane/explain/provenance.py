"""Where a flow comes from, and what the numbers in a packet's metadata mean.

    cookie of an OpenFlow flow -> Logical_Flow -> Northbound row -> the cloud's row -> the API request that made it

Read from the live stages, which keep `because` for all they derive. Nothing is changed. One Provenance is good for one
question: it remembers what it looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, Protocol

from brume.cloud.resource import Resource
from brume.dataplane.explain.words import northbound_label, resource_label
from brume.derive.engine import Reason
from brume.northbound import schema as northbound_schema
from brume.openflow.messages.fields import FIELDS
from brume.openflow.messages.flow import Flow
from brume.openflow.tables import Table, logical_table
from brume.southbound.compiler import Compiler
from brume.southbound.pipeline import Stage, stage_at
from brume.southbound.schema import (
    LogicalDPGroup,
    LogicalFlow,
    MACBinding,
    MulticastGroup,
    PortBinding,
    datapath_by_tunnel_key,
    flow_by_datapath,
    flow_by_dp_group,
    flow_cookie,
    mac_binding_by_datapath,
    multicast_group_by_tunnel_key,
    port_binding_by_datapath,
    port_binding_by_tunnel_key,
)
from brume.tables.database import Database
from brume.tables.row import Member, Row

RequestOf = Callable[[Resource], "str | None"]
NameOf = Callable[[str], "str | None"]
DATAPATH = FIELDS["metadata"]
HINTED: tuple[type[Any], ...] = (
    northbound_schema.ACL,
    northbound_schema.LogicalSwitchPort,
    northbound_schema.LogicalRouterPort,
    northbound_schema.LogicalRouterStaticRoute,
    northbound_schema.NAT,
    northbound_schema.LogicalRouterPolicy,
    northbound_schema.DHCPOptions,
    northbound_schema.QoS,
)
"""What ovn-northd's hints lead to."""
_CLASSES: dict[str, type[Row]] = {
    kind.TABLE.name: kind
    for kind in vars(northbound_schema).values()
    if isinstance(kind, type) and issubclass(kind, Row) and hasattr(kind, "TABLE")
}


class Origin(NamedTuple):
    """One row behind a flow: `stage` is southbound, northbound or cloud; `request` made the cloud's row."""

    stage: str
    table: str
    identity: str
    label: str
    row: Row
    request: str | None = None


class Datapath(NamedTuple):
    """A logical switch or router."""

    key: int
    uuid: str
    kind: str  # switch or router
    name: str
    resource: Resource | None

    def __str__(self) -> str:
        """As who looks at it calls it: a switch is a network to a tenant."""
        kind = "network" if self.kind == "switch" and self.resource is not None else self.kind
        return f"{kind} {self.name}"


class LogicalPort(NamedTuple):
    """A logical port or multicast group, and what the tenant calls it."""

    name: str
    label: str
    binding: PortBinding | MulticastGroup
    resource: Resource | None


class Upstream(Protocol):
    """What NB is derived from: the cloud, by its compiler; nothing, where people write NB."""

    @property
    def cloud(self) -> Database:
        """The cloud's rows."""

    @property
    def northbound(self) -> Database:
        """NB."""

    def because(self, output: Member | tuple[type[Row], Hashable]) -> tuple[Reason, ...]:
        """The rules and the cloud's rows that an output comes from."""


class Provenance:
    """The stages of one cloud, asked backwards."""

    def __init__(
        self,
        northbound: Upstream,
        southbound: Compiler,
        server_name: NameOf = lambda identity: None,
        request_of: RequestOf = lambda row: None,
    ) -> None:
        self.northbound = northbound
        self.southbound = southbound
        self.cloud = northbound.cloud
        self.server_name = server_name
        self._request_of = request_of
        self._flows: dict[str, dict[tuple[str, int, int], list[LogicalFlow]]] = {}
        self._datapaths: dict[int, Datapath | None] = {}

    # numbers to names

    def datapath(self, key: int) -> Datapath | None:
        """The datapath with this tunnel key."""
        if key not in self._datapaths:
            self._datapaths[key] = self._datapath(key)
        return self._datapaths[key]

    def _datapath(self, key: int) -> Datapath | None:
        found = self.southbound.southbound.find(datapath_by_tunnel_key, key)
        if not found:
            return None
        (row,) = found
        ids = row.external_ids
        kind = "router" if "logical-router" in ids else "switch"
        resource = next((origin.row for origin in self.chain(row) if isinstance(origin.row, Resource)), None)
        name = ids.get("name2") or getattr(resource, "name", "") or ids.get("name", row.uuid)
        return Datapath(key, row.uuid, kind, name, resource)

    def port(self, datapath: Datapath | None, key: int) -> LogicalPort | None:
        """The logical port (or multicast group) with this key in a datapath."""
        if datapath is None or not key:
            return None
        southbound = self.southbound.southbound
        for binding in southbound.find(port_binding_by_tunnel_key, (datapath.uuid, key)):
            resource = next((origin.row for origin in self.chain(binding) if isinstance(origin.row, Resource)), None)
            label = self.label(resource) if resource is not None else binding.logical_port
            if binding.type == "chassisredirect":
                label = f"{label}, on its gateway chassis"
            elif binding.type == "localnet":
                label = f"physical network {binding.options.get('network_name', '')}"
            return LogicalPort(binding.logical_port, label, binding, resource)
        for group in southbound.find(multicast_group_by_tunnel_key, (datapath.uuid, key)):
            return LogicalPort(group.name, f"multicast group {group.name}", group, None)
        return None

    # flows to rows

    def stage(self, datapath: Datapath | None, table: int) -> Stage | None:
        """The logical stage an OpenFlow table of br-int holds for a datapath."""
        place = logical_table(table)
        if place is None or datapath is None:
            return None
        pipeline, number = place
        try:
            return stage_at(datapath.kind, pipeline, number)  # type: ignore[arg-type]
        except KeyError:
            return None

    def logical_flow(self, datapath: Datapath | None, flow: Flow) -> LogicalFlow | None:
        """The logical flow a flow of br-int was made of: same table and priority, and its cookie."""
        place = logical_table(flow.table)
        if datapath is None or place is None or not flow.cookie:
            return None
        for candidate in self._flows_of(datapath.uuid).get((*place, flow.priority), ()):
            if flow_cookie(candidate) == flow.cookie:
                return candidate
        return None

    def _flows_of(self, datapath: str) -> dict[tuple[str, int, int], list[LogicalFlow]]:
        known = self._flows.get(datapath)
        if known is None:
            known = self._flows[datapath] = {}
            southbound = self.southbound.southbound
            groups = southbound.owners(LogicalDPGroup.datapaths, datapath)
            shared = (flow for group in groups for flow in southbound.find(flow_by_dp_group, group))
            for flow in (*southbound.find(flow_by_datapath, datapath), *shared):
                known.setdefault((flow.pipeline, flow.table_id, flow.priority), []).append(flow)
        return known

    def physical_row(self, datapath: Datapath | None, flow: Flow) -> Row | None:
        """The southbound row a flow outside the logical pipelines was made of: a port, a neighbour."""
        if datapath is None or not flow.cookie:
            return None
        southbound = self.southbound.southbound
        rows: list[Any] = []
        if flow.table in (Table.MAC_BINDING, Table.MAC_LOOKUP):
            rows = list(southbound.find(mac_binding_by_datapath, datapath.uuid))
        elif flow.table < Table.INGRESS or flow.table > Table.LARGE_PACKET_PROCESS:
            rows = list(southbound.find(port_binding_by_datapath, datapath.uuid))
        return next((row for row in rows if int(row.uuid[:8], 16) == flow.cookie), None)

    # rows to what they were made of

    def chain(self, row: Row) -> tuple[Origin, ...]:
        """The rows behind a southbound row, itself first: northbound rows, then the cloud's."""
        name = type(row).__name__
        table = getattr(type(row), "TABLE", None)
        chain = [Origin("southbound", table.name if table else name, _identity(row), southbound_label(row), row)]
        seen: set[tuple[type[Row], Hashable]] = set()
        reasons = self.southbound.because((type(row), row.key()))
        sources = [self._northbound_row(reason.source) for reason in reasons] or [self._hinted(row)]
        for source in sources:
            if source is None or (type(source), source.key()) in seen:
                continue
            seen.add((type(source), source.key()))
            kind = getattr(type(source), "TABLE", None)
            label = northbound_label(source)
            chain.append(Origin("northbound", kind.name if kind else "", _identity(source), label, source))
            chain += self._cloud_rows(source, seen)
        return tuple(chain)

    def _hinted(self, row: Row) -> Row | None:
        """The row that a logical flow is for, where ovn-northd compiles and not we: its uuid begins with the hint."""
        hint = row.external_ids.get("stage-hint") if isinstance(row, LogicalFlow) else None
        for kind in HINTED if hint else ():
            found: list[Row] = [row for row in self.northbound.northbound.rows(kind) if row.uuid.startswith(hint)]
            if found:
                return found[0]
        return None

    def _cloud_rows(self, source: Row, seen: set[tuple[type[Row], Hashable]]) -> list[Origin]:
        found = []
        for reason in self.northbound.because((type(source), source.key())):
            row = reason.source
            if not isinstance(row, Resource) or (type(row), row.key()) in seen:
                continue
            seen.add((type(row), row.key()))
            kind = type(row).DECLARATION.name
            found.append(Origin("cloud", kind, _identity(row), self.label(row), row, self._request_of(row)))
        return found

    def _northbound_row(self, source: Row | Member) -> Row | None:
        if not isinstance(source, Member):
            return source
        base = getattr(source.relation, "base", None)
        kind = _CLASSES.get(getattr(base, "table", None) or "")
        return None if kind is None else self.northbound.northbound.get(kind, source.child)

    def label(self, row: Resource) -> str:
        """What a tenant calls a row of the cloud."""
        return resource_label(row, self.cloud, self.server_name)


def southbound_label(row: Row) -> str:
    """A southbound row in a few words."""
    match row:
        case LogicalFlow():
            return f"priority {row.priority}, {row.match} -> {row.actions}"
        case PortBinding():
            return row.logical_port
        case MACBinding():
            return f"{row.ip} is at {row.mac}"
    return str(getattr(row, "name", ""))


def _identity(row: Row) -> str:
    return str(getattr(row, "uuid", None) or row.key())
