"""Northbound tables of who may send what: ACLs, the groups and sets they speak of, QoS, meters, mirrors, Copp."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from brume.ovsdb.columns import OvsdbRow, SetColumn, TableDeclaration
from brume.ovsdb.types import STRING, integer, strong, text, weak
from brume.tables.map import EMPTY_MAP, Map
from brume.tables.row import Index, Relation

Direction = Literal["from-lport", "to-lport"]
Priority = Annotated[int, integer(0, 32767)]
Unsigned32 = Annotated[int, integer(0, 4294967295)]
Positive32 = Annotated[int, integer(1, 4294967295)]


class ACL(OvsdbRow, frozen=True, kw_only=True):
    """One rule of a switch or port group: packets that match are allowed, dropped or rejected."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("ACL", False)

    name: Annotated[str, text(63)] | None = None
    priority: Priority
    direction: Direction
    match: str
    action: Literal["allow", "allow-related", "allow-stateless", "drop", "reject"]
    log: bool = False
    severity: Literal["alert", "warning", "notice", "info", "debug"] | None = None
    meter: str | None = None
    label: Unsigned32 = 0
    options: Map[str, str] = EMPTY_MAP
    external_ids: Map[str, str] = EMPTY_MAP


class AddressSet(OvsdbRow, frozen=True, kw_only=True):
    """A named set of addresses that matches refer to as `$name`."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Address_Set", indexes=(("name",),))

    name: str
    addresses: ClassVar[Relation] = SetColumn(STRING)
    external_ids: Map[str, str] = EMPTY_MAP


class PortGroup(OvsdbRow, frozen=True, kw_only=True):
    """A named set of switch ports (`@name` in matches), with ACLs that hold for all of them."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Port_Group", indexes=(("name",),))

    name: str
    ports: ClassVar[Relation] = SetColumn(weak("Logical_Switch_Port"))
    acls: ClassVar[Relation] = SetColumn(strong("ACL"))
    external_ids: Map[str, str] = EMPTY_MAP


class QoS(OvsdbRow, frozen=True, kw_only=True):
    """A rule that marks packets with a DSCP value or limits their rate."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("QoS", False)

    priority: Priority
    direction: Direction
    match: str
    action: Map[Literal["dscp"], Annotated[int, integer(0, 63)]] = EMPTY_MAP
    bandwidth: Map[Literal["rate", "burst"], Positive32] = EMPTY_MAP
    external_ids: Map[str, str] = EMPTY_MAP


class Mirror(OvsdbRow, frozen=True, kw_only=True):
    """A copy of a port's packets, sent to a sink over a tunnel."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Mirror", indexes=(("name",),))

    name: str
    filter: Direction
    sink: str
    type: Literal["gre", "erspan"]
    index: int = 0
    external_ids: Map[str, str] = EMPTY_MAP


class Meter(OvsdbRow, frozen=True, kw_only=True):
    """A named rate limit, for ACL logs and packets that go to a controller."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Meter", indexes=(("name",),))

    name: str
    unit: Literal["kbps", "pktps"]
    bands: ClassVar[Relation] = SetColumn(strong("Meter_Band"), minimum=1)
    fair: bool | None = None
    external_ids: Map[str, str] = EMPTY_MAP


class MeterBand(OvsdbRow, frozen=True, kw_only=True):
    """What happens to packets above one rate of a meter."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Meter_Band", False)

    action: Literal["drop"] = "drop"
    rate: Positive32
    burst_size: Unsigned32 = 0
    external_ids: Map[str, str] = EMPTY_MAP


class Copp(OvsdbRow, frozen=True, kw_only=True):
    """Control plane protection: which meter limits which protocol on its way to the controller."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Copp", indexes=(("name",),))

    name: str
    meters: Map[str, str] = EMPTY_MAP
    external_ids: Map[str, str] = EMPTY_MAP


address_set_by_name = Index(AddressSet, "name", lambda row: row.name)
port_group_by_name = Index(PortGroup, "name", lambda row: row.name)
meter_by_name = Index(Meter, "name", lambda row: row.name)
