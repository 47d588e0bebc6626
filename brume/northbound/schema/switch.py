"""Northbound tables of the logical switch: switches, their ports, and what can be said about a port."""

from __future__ import annotations

from typing import Annotated, ClassVar

from brume.ovsdb.columns import AtLeast, OvsdbRow, SetColumn, TableDeclaration
from brume.ovsdb.types import integer, strong, weak
from brume.tables.map import EMPTY_MAP, Map
from brume.tables.row import Index, Relation


class LogicalSwitch(OvsdbRow, frozen=True, kw_only=True):
    """An L2 logical network: what the ports of one broadcast domain plug into."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Logical_Switch")

    name: str
    ports: ClassVar[Relation] = SetColumn(strong("Logical_Switch_Port"))
    acls: ClassVar[Relation] = SetColumn(strong("ACL"))
    qos_rules: ClassVar[Relation] = SetColumn(strong("QoS"))
    load_balancer: ClassVar[Relation] = SetColumn(weak("Load_Balancer"))
    load_balancer_group: ClassVar[Relation] = SetColumn(strong("Load_Balancer_Group"))
    dns_records: ClassVar[Relation] = SetColumn(weak("DNS"))
    copp: Annotated[str, weak("Copp")] | None = None
    other_config: Map[str, str] = EMPTY_MAP
    external_ids: Map[str, str] = EMPTY_MAP
    forwarding_groups: ClassVar[Relation] = SetColumn(strong("Forwarding_Group"))


class LogicalSwitchPort(OvsdbRow, frozen=True, kw_only=True):
    """A port of a logical switch: an instance, a router's side, a localnet, a container inside an instance."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Logical_Switch_Port", False, (("name",),))
    OBSERVED: ClassVar[tuple[str, ...]] = ("up", "dynamic_addresses")

    name: str
    type: str = ""
    options: Map[str, str] = EMPTY_MAP
    parent_name: str | None = None
    tag_request: Annotated[int, integer(0, 4095)] | None = None
    tag: Annotated[int, integer(1, 4095)] | None = None
    addresses: frozenset[str] = frozenset()
    dynamic_addresses: str | None = None
    port_security: frozenset[str] = frozenset()
    up: bool | None = None
    enabled: bool | None = None
    dhcpv4_options: Annotated[str, weak("DHCP_Options")] | None = None
    dhcpv6_options: Annotated[str, weak("DHCP_Options")] | None = None
    mirror_rules: ClassVar[Relation] = SetColumn(weak("Mirror"))
    ha_chassis_group: Annotated[str, strong("HA_Chassis_Group")] | None = None
    external_ids: Map[str, str] = EMPTY_MAP


class ForwardingGroup(OvsdbRow, frozen=True, kw_only=True):
    """A virtual address whose traffic is spread over some ports of a switch."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Forwarding_Group", False)

    name: str
    vip: str
    vmac: str
    liveness: bool = False
    external_ids: Map[str, str] = EMPTY_MAP
    child_port: Annotated[frozenset[str], AtLeast(1)]


switch_by_name = Index(LogicalSwitch, "name", lambda row: row.name)
switch_port_by_name = Index(LogicalSwitchPort, "name", lambda row: row.name)
