"""Northbound tables of what the network answers by itself: load balancers, DHCP, DNS, template variables."""

from __future__ import annotations

from typing import ClassVar, Literal

from brume.ovsdb.columns import OvsdbRow, SetColumn, TableDeclaration
from brume.ovsdb.types import strong, weak
from brume.tables.map import EMPTY_MAP, Map
from brume.tables.row import Index, Relation

SelectionField = Literal["eth_src", "eth_dst", "ip_src", "ip_dst", "tp_src", "tp_dst"]


class LoadBalancer(OvsdbRow, frozen=True, kw_only=True):
    """Virtual addresses, each spread over some backends."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Load_Balancer")

    name: str
    vips: Map[str, str] = EMPTY_MAP
    protocol: Literal["tcp", "udp", "sctp"] | None = None
    health_check: ClassVar[Relation] = SetColumn(strong("Load_Balancer_Health_Check"))
    ip_port_mappings: Map[str, str] = EMPTY_MAP
    selection_fields: frozenset[SelectionField] = frozenset()
    options: Map[str, str] = EMPTY_MAP
    external_ids: Map[str, str] = EMPTY_MAP


class LoadBalancerGroup(OvsdbRow, frozen=True, kw_only=True):
    """A named set of load balancers that switches and routers take over whole."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Load_Balancer_Group", indexes=(("name",),))

    name: str
    load_balancer: ClassVar[Relation] = SetColumn(weak("Load_Balancer"))


class LoadBalancerHealthCheck(OvsdbRow, frozen=True, kw_only=True):
    """How the backends of one virtual address are probed."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Load_Balancer_Health_Check", False)

    vip: str
    options: Map[str, str] = EMPTY_MAP
    external_ids: Map[str, str] = EMPTY_MAP


class DHCPOptions(OvsdbRow, frozen=True, kw_only=True):
    """What the built-in DHCP server tells the ports that refer to this row."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("DHCP_Options")

    cidr: str
    options: Map[str, str] = EMPTY_MAP
    external_ids: Map[str, str] = EMPTY_MAP


class DNS(OvsdbRow, frozen=True, kw_only=True):
    """Names that the built-in resolver answers."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("DNS")

    records: Map[str, str] = EMPTY_MAP
    external_ids: Map[str, str] = EMPTY_MAP


class ChassisTemplateVar(OvsdbRow, frozen=True, kw_only=True):
    """Values that template variables have on one chassis."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Chassis_Template_Var", indexes=(("chassis",),))

    chassis: str
    variables: Map[str, str] = EMPTY_MAP
    external_ids: Map[str, str] = EMPTY_MAP


load_balancer_by_name = Index(LoadBalancer, "name", lambda row: row.name)
