"""Southbound tables of what chassis have learned or seen: neighbours, MACs, multicast, health, BFD, events."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from brume.ovsdb.columns import OvsdbRow, SetColumn, TableDeclaration
from brume.ovsdb.types import integer, strong, weak
from brume.tables.map import EMPTY_MAP, Map
from brume.tables.row import Index, Relation

TunnelKey = Annotated[int, integer(1, 16777215)]


class MACBinding(OvsdbRow, frozen=True, kw_only=True):
    """The MAC of a router's neighbour, learned from ARP or neighbour discovery."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("MAC_Binding", indexes=(("logical_port", "ip"),))

    logical_port: str
    ip: str
    mac: str
    timestamp: int = 0
    datapath: Annotated[str, strong("Datapath_Binding")]


class StaticMACBinding(OvsdbRow, frozen=True, kw_only=True):
    """The MAC of a router's neighbour, given by the user."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Static_MAC_Binding", indexes=(("logical_port", "ip"),))

    logical_port: str
    ip: str
    mac: str
    override_dynamic_mac: bool = False
    datapath: Annotated[str, strong("Datapath_Binding")]


class FDB(OvsdbRow, frozen=True, kw_only=True):
    """Behind which port of a switch a MAC was seen."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("FDB", indexes=(("mac", "dp_key"),))

    mac: str
    dp_key: TunnelKey
    port_key: TunnelKey


class IPMulticast(OvsdbRow, frozen=True, kw_only=True):
    """The multicast snooping settings of a switch. `ovn-sbctl ip-multicast-flush` counts `seq_no` up."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("IP_Multicast", indexes=(("datapath",),))
    OBSERVED: ClassVar[tuple[str, ...]] = ("seq_no",)

    datapath: Annotated[str, weak("Datapath_Binding")]
    enabled: bool | None = None
    querier: bool | None = None
    eth_src: str = ""
    ip4_src: str = ""
    ip6_src: str = ""
    table_size: int | None = None
    idle_timeout: int | None = None
    query_interval: int | None = None
    query_max_resp: int | None = None
    seq_no: int = 0


class IGMPGroup(OvsdbRow, frozen=True, kw_only=True):
    """The ports of one chassis that have joined a multicast group."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("IGMP_Group", indexes=(("address", "datapath", "chassis"),))

    address: str
    datapath: Annotated[str, weak("Datapath_Binding")] | None = None
    chassis: Annotated[str, weak("Chassis")] | None = None
    ports: ClassVar[Relation] = SetColumn(weak("Port_Binding"))


class ServiceMonitor(OvsdbRow, frozen=True, kw_only=True):
    """A backend to be probed, and whether it lives."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration(
        "Service_Monitor", indexes=(("logical_port", "ip", "port", "protocol"),)
    )
    OBSERVED: ClassVar[tuple[str, ...]] = ("status",)

    ip: str
    protocol: Literal["tcp", "udp"] | None = None
    port: Annotated[int, integer(0, 65535)]
    logical_port: str
    src_mac: str = ""
    src_ip: str = ""
    status: Literal["online", "offline", "error"] | None = None
    options: Map[str, str] = EMPTY_MAP
    external_ids: Map[str, str] = EMPTY_MAP


class BFD(OvsdbRow, frozen=True, kw_only=True):
    """A BFD session that a chassis runs."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration(
        "BFD", indexes=(("logical_port", "dst_ip", "src_port", "disc"),)
    )
    OBSERVED: ClassVar[tuple[str, ...]] = ("status",)

    src_port: Annotated[int, integer(49152, 65535)]
    disc: int
    logical_port: str
    dst_ip: str
    min_tx: int
    min_rx: int
    detect_mult: int
    status: Literal["down", "init", "up", "admin_down"] = "down"
    external_ids: Map[str, str] = EMPTY_MAP
    options: Map[str, str] = EMPTY_MAP


class ControllerEvent(OvsdbRow, frozen=True, kw_only=True):
    """Something a chassis tells the cloud: a load balancer was asked and has no backend."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Controller_Event")

    event_type: Literal["empty_lb_backends"]
    event_info: Map[str, str] = EMPTY_MAP
    chassis: Annotated[str, weak("Chassis")] | None = None
    seq_num: int = 0


ip_multicast_by_datapath = Index(IPMulticast, "datapath", lambda row: row.datapath)
igmp_group_by_chassis = Index(IGMPGroup, "chassis", lambda row: row.chassis)
mac_binding_by_port_and_ip = Index(MACBinding, "logical_port, ip", lambda row: (row.logical_port, row.ip))
mac_binding_by_datapath = Index(MACBinding, "datapath", lambda row: row.datapath)
static_mac_binding_by_datapath = Index(StaticMACBinding, "datapath", lambda row: row.datapath)
fdb_by_mac = Index(FDB, "mac, dp_key", lambda row: (row.mac, row.dp_key))
fdb_by_datapath_key = Index(FDB, "dp_key", lambda row: row.dp_key)
service_monitor_by_logical_port = Index(ServiceMonitor, "logical_port", lambda row: row.logical_port)
