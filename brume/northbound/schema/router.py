"""Northbound tables of the logical router: routers, ports, routes, policies, NAT, BFD, static MAC bindings."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from brume.northbound.schema.security import Priority
from brume.ovsdb.columns import AtLeast, OvsdbRow, SetColumn, TableDeclaration
from brume.ovsdb.types import integer, strong, weak
from brume.tables.map import EMPTY_MAP, Map
from brume.tables.row import Index, Relation


class LogicalRouter(OvsdbRow, frozen=True, kw_only=True):
    """An L3 router between logical switches and towards the outside."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Logical_Router")

    name: str
    ports: ClassVar[Relation] = SetColumn(strong("Logical_Router_Port"))
    static_routes: ClassVar[Relation] = SetColumn(strong("Logical_Router_Static_Route"))
    policies: ClassVar[Relation] = SetColumn(strong("Logical_Router_Policy"))
    enabled: bool | None = None
    nat: ClassVar[Relation] = SetColumn(strong("NAT"))
    load_balancer: ClassVar[Relation] = SetColumn(weak("Load_Balancer"))
    load_balancer_group: ClassVar[Relation] = SetColumn(strong("Load_Balancer_Group"))
    copp: Annotated[str, weak("Copp")] | None = None
    options: Map[str, str] = EMPTY_MAP
    external_ids: Map[str, str] = EMPTY_MAP


class LogicalRouterPort(OvsdbRow, frozen=True, kw_only=True):
    """A router's interface: its MAC, its networks, and on which chassis it lives when it is a gateway."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Logical_Router_Port", False, (("name",),))
    OBSERVED: ClassVar[tuple[str, ...]] = ("ipv6_prefix",)

    name: str
    gateway_chassis: ClassVar[Relation] = SetColumn(strong("Gateway_Chassis"))
    ha_chassis_group: Annotated[str, strong("HA_Chassis_Group")] | None = None
    options: Map[str, str] = EMPTY_MAP
    networks: Annotated[frozenset[str], AtLeast(1)]
    mac: str
    peer: str | None = None
    enabled: bool | None = None
    ipv6_ra_configs: Map[str, str] = EMPTY_MAP
    ipv6_prefix: frozenset[str] = frozenset()
    external_ids: Map[str, str] = EMPTY_MAP


class LogicalRouterStaticRoute(OvsdbRow, frozen=True, kw_only=True):
    """A route of a router: packets to (or from) a prefix go to a next hop."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Logical_Router_Static_Route", False)

    route_table: str = ""
    ip_prefix: str
    policy: Literal["src-ip", "dst-ip"] | None = None
    nexthop: str
    output_port: str | None = None
    bfd: Annotated[str, weak("BFD")] | None = None
    options: Map[str, str] = EMPTY_MAP
    external_ids: Map[str, str] = EMPTY_MAP


class LogicalRouterPolicy(OvsdbRow, frozen=True, kw_only=True):
    """A routing policy: packets that match are let through, dropped or sent to other next hops."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Logical_Router_Policy", False)

    priority: Priority
    match: str
    action: Literal["allow", "drop", "reroute"]
    nexthop: str | None = None
    nexthops: frozenset[str] = frozenset()
    options: Map[str, str] = EMPTY_MAP
    external_ids: Map[str, str] = EMPTY_MAP


class NAT(OvsdbRow, frozen=True, kw_only=True):
    """An address translation of a router: SNAT for a prefix, or a floating IP (dnat_and_snat)."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("NAT", False)

    external_ip: str
    external_mac: str | None = None
    external_port_range: str = ""
    logical_ip: str
    logical_port: str | None = None
    type: Literal["dnat", "snat", "dnat_and_snat"]
    allowed_ext_ips: Annotated[str, strong("Address_Set")] | None = None
    exempted_ext_ips: Annotated[str, strong("Address_Set")] | None = None
    gateway_port: Annotated[str, weak("Logical_Router_Port")] | None = None
    options: Map[str, str] = EMPTY_MAP
    external_ids: Map[str, str] = EMPTY_MAP


class BFD(OvsdbRow, frozen=True, kw_only=True):
    """A BFD session that watches a next hop."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("BFD", indexes=(("logical_port", "dst_ip"),))
    OBSERVED: ClassVar[tuple[str, ...]] = ("status",)

    logical_port: str
    dst_ip: str
    min_tx: Annotated[int, integer(1)] | None = None
    min_rx: int | None = None
    detect_mult: Annotated[int, integer(1)] | None = None
    status: Literal["down", "init", "up", "admin_down"] | None = None
    external_ids: Map[str, str] = EMPTY_MAP
    options: Map[str, str] = EMPTY_MAP


class StaticMACBinding(OvsdbRow, frozen=True, kw_only=True):
    """A neighbour of a router port whose MAC is given instead of learned."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Static_MAC_Binding", indexes=(("logical_port", "ip"),))

    logical_port: str
    ip: str
    mac: str
    override_dynamic_mac: bool = False


router_by_name = Index(LogicalRouter, "name", lambda row: row.name)
router_port_by_name = Index(LogicalRouterPort, "name", lambda row: row.name)
router_port_by_peer = Index(LogicalRouterPort, "peer", lambda row: row.peer)
nat_by_external_ip = Index(NAT, "external_ip", lambda row: row.external_ip)
nat_by_logical_port = Index(NAT, "logical_port", lambda row: row.logical_port)
static_mac_by_port = Index(StaticMACBinding, "logical_port", lambda row: row.logical_port)
