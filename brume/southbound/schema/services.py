"""Southbound tables of services and limits: DHCP option codes, DNS, load balancers, meters, mirrors, variables."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from brume.ovsdb.columns import OvsdbRow, SetColumn, TableDeclaration
from brume.ovsdb.types import integer, strong
from brume.tables.map import EMPTY_MAP, Map
from brume.tables.row import Index, Relation

OptionCode = Annotated[int, integer(0, 254)]


class DHCPOptions(OvsdbRow, frozen=True, kw_only=True):
    """A DHCPv4 option that actions may name: its code and the type of its value."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("DHCP_Options")

    name: str
    code: OptionCode
    type: Literal["bool", "uint8", "uint16", "uint32", "ipv4", "static_routes", "str", "host_id", "domains"]


class DHCPv6Options(OvsdbRow, frozen=True, kw_only=True):
    """A DHCPv6 option that actions may name."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("DHCPv6_Options")

    name: str
    code: OptionCode
    type: Literal["ipv6", "str", "mac"]


class DNS(OvsdbRow, frozen=True, kw_only=True):
    """Names that the resolver answers on some datapaths."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("DNS")

    records: Map[str, str] = EMPTY_MAP
    datapaths: ClassVar[Relation] = SetColumn(strong("Datapath_Binding"), minimum=1)
    external_ids: Map[str, str] = EMPTY_MAP


class LoadBalancer(OvsdbRow, frozen=True, kw_only=True):
    """A load balancer and the datapaths it is on, for hairpin detection."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Load_Balancer")

    name: str
    vips: Map[str, str] = EMPTY_MAP
    protocol: Literal["tcp", "udp", "sctp"] | None = None
    datapaths: ClassVar[Relation] = SetColumn(strong("Datapath_Binding"))
    datapath_group: Annotated[str, strong("Logical_DP_Group")] | None = None
    options: Map[str, str] = EMPTY_MAP
    external_ids: Map[str, str] = EMPTY_MAP


class Mirror(OvsdbRow, frozen=True, kw_only=True):
    """A copy of a port's packets, sent to a sink over a tunnel."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Mirror", indexes=(("name",),))

    name: str
    filter: Literal["from-lport", "to-lport"]
    sink: str
    type: Literal["gre", "erspan"]
    index: int = 0
    external_ids: Map[str, str] = EMPTY_MAP


class Meter(OvsdbRow, frozen=True, kw_only=True):
    """A named rate limit."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Meter", indexes=(("name",),))

    name: str
    unit: Literal["kbps", "pktps"]
    bands: ClassVar[Relation] = SetColumn(strong("Meter_Band"), minimum=1)


class MeterBand(OvsdbRow, frozen=True, kw_only=True):
    """What happens to packets above one rate of a meter."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Meter_Band", False)

    action: Literal["drop"] = "drop"
    rate: Annotated[int, integer(1, 4294967295)]
    burst_size: Annotated[int, integer(0, 4294967295)] = 0


class ChassisTemplateVar(OvsdbRow, frozen=True, kw_only=True):
    """Values that template variables have on one chassis."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Chassis_Template_Var", indexes=(("chassis",),))

    chassis: str
    variables: Map[str, str] = EMPTY_MAP


dhcp_option_by_name = Index(DHCPOptions, "name", lambda row: row.name)
dhcpv6_option_by_name = Index(DHCPv6Options, "name", lambda row: row.name)
meter_by_name = Index(Meter, "name", lambda row: row.name)
