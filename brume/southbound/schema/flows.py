"""Southbound tables of the logical pipeline: datapaths, logical flows, multicast groups, sets of names in matches.

A logical flow is made a hundred thousand times, so one that our rules make carries no uuid: its identity is what it
says, and `uuid` derives the uuid it has in the database when somebody asks. One that another program wrote (the real
ovn-northd) has the uuid it was given, and that is its identity. `flow_cookie` is the cookie of its OpenFlow flows.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Annotated, ClassVar, Literal

from msgspec.structs import replace

from brume.ovsdb.columns import PRINTED, OvsdbRow, SetColumn, TableDeclaration
from brume.ovsdb.types import STRING, UUID, integer, strong, weak
from brume.tables.map import EMPTY_MAP, Map
from brume.tables.row import Index, Relation, Row
from brume.values.uuids import Uuid, derive_uuid

Pipeline = Literal["ingress", "egress"]
TunnelKey = Annotated[int, integer(1, 16777215)]
STAGE_HINT = "stage-hint"
"""Under this name external_ids of a flow hold the first eight digits of the uuid of the NB row that it comes from."""
NO_HINT = "~"
"""After every hint."""


class DatapathBinding(OvsdbRow, frozen=True, kw_only=True):
    """A logical switch or router as the chassis see it: a number in tunnels and metadata."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Datapath_Binding", indexes=(("tunnel_key",),))

    tunnel_key: TunnelKey
    load_balancers: ClassVar[Relation] = SetColumn(UUID)
    external_ids: Map[str, str] = EMPTY_MAP


class LogicalFlow(Row, frozen=True, kw_only=True):
    """One match and its actions in a table of a datapath's pipeline; match and actions print as OVN's language."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Logical_Flow")

    logical_datapath: Annotated[str, strong("Datapath_Binding")] | None = None
    logical_dp_group: Annotated[str, strong("Logical_DP_Group")] | None = None
    pipeline: Pipeline
    table_id: Annotated[int, integer(0, 32)]
    priority: Annotated[int, integer(0, 65535)]
    match: Annotated[Hashable, PRINTED]
    actions: Annotated[Hashable, PRINTED]
    tags: Map[str, str] = EMPTY_MAP
    controller_meter: str | None = None
    external_ids: Map[str, str] = EMPTY_MAP
    given_uuid: str | None = None

    @property
    def uuid(self) -> str:
        """The uuid the flow has in the database; unless it was given, made anew each time it is asked for."""
        return self.given_uuid or flow_uuid(self)

    def key(self) -> Hashable:
        if self.given_uuid is not None:
            return self.given_uuid
        datapath = self.logical_datapath or self.logical_dp_group
        return (datapath, self.pipeline, self.table_id, self.priority, self.match, self.actions)

    def joined(self, other: LogicalFlow) -> LogicalFlow | None:
        """Flows that say the same, and differ only in the row they come from: that with the lesser hint counts."""
        first = min(self, other, key=lambda flow: flow.external_ids.get(STAGE_HINT, NO_HINT))
        second = other if first is self else self
        return first if replace(second, external_ids=first.external_ids) == first else None


class LogicalDPGroup(OvsdbRow, frozen=True, kw_only=True):
    """Datapaths that share logical flows."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Logical_DP_Group", False)

    datapaths: ClassVar[Relation] = SetColumn(weak("Datapath_Binding"))


class MulticastGroup(OvsdbRow, frozen=True, kw_only=True):
    """Ports of a datapath that one output reaches together."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration(
        "Multicast_Group", indexes=(("datapath", "tunnel_key"), ("datapath", "name"))
    )

    datapath: Annotated[str, strong("Datapath_Binding")]
    name: str
    tunnel_key: Annotated[int, integer(32768, 65535)]
    ports: ClassVar[Relation] = SetColumn(weak("Port_Binding"))


class AddressSet(OvsdbRow, frozen=True, kw_only=True):
    """A named set of addresses that matches refer to as `$name`."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Address_Set", indexes=(("name",),))

    name: str
    addresses: ClassVar[Relation] = SetColumn(STRING)


class PortGroup(OvsdbRow, frozen=True, kw_only=True):
    """A named set of logical port names that matches refer to as `@name`."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Port_Group", indexes=(("name",),))

    name: str
    ports: ClassVar[Relation] = SetColumn(STRING)


def flow_uuid(flow: LogicalFlow) -> Uuid:
    """The uuid of a logical flow that a rule makes: derived from what it says, the same on every run."""
    datapath = flow.logical_datapath or flow.logical_dp_group or ""
    where = (datapath, flow.pipeline, flow.table_id, flow.priority)
    return derive_uuid("Logical_Flow", *where, str(flow.match), str(flow.actions))


def flow_cookie(flow: LogicalFlow) -> int:
    """The cookie of the flow's OpenFlow flows: the first 32 bits of its uuid, as OVN does."""
    return int(flow.uuid[:8], 16)


def row_uuid(row: OvsdbRow | LogicalFlow) -> str:
    """The uuid a southbound row has in the database."""
    return row.uuid


datapath_by_tunnel_key = Index(DatapathBinding, "tunnel_key", lambda row: row.tunnel_key)
flow_by_datapath = Index(LogicalFlow, "logical_datapath", lambda row: row.logical_datapath)
flow_by_dp_group = Index(LogicalFlow, "logical_dp_group", lambda row: row.logical_dp_group)
multicast_group_by_name = Index(MulticastGroup, "datapath, name", lambda row: (row.datapath, row.name))
multicast_group_by_datapath = Index(MulticastGroup, "datapath", lambda row: row.datapath)
multicast_group_by_tunnel_key = Index(
    MulticastGroup, "datapath, tunnel_key", lambda row: (row.datapath, row.tunnel_key)
)
address_set_by_name = Index(AddressSet, "name", lambda row: row.name)
port_group_by_name = Index(PortGroup, "name", lambda row: row.name)
