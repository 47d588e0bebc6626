"""Southbound tables of where ports are: chassis, tunnels, port bindings, gateway and HA chassis."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from brume.ovsdb.columns import OvsdbRow, SetColumn, TableDeclaration
from brume.ovsdb.types import integer, strong, weak
from brume.tables.map import EMPTY_MAP, Map
from brume.tables.row import Index, Relation

Priority = Annotated[int, integer(0, 32767)]


class Chassis(OvsdbRow, frozen=True, kw_only=True):
    """A hypervisor or gateway that carries ports; written by its own agent."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Chassis", indexes=(("name",),))

    name: str
    hostname: str = ""
    encaps: ClassVar[Relation] = SetColumn(strong("Encap"), minimum=1)
    vtep_logical_switches: frozenset[str] = frozenset()
    nb_cfg: int = 0
    external_ids: Map[str, str] = EMPTY_MAP
    other_config: Map[str, str] = EMPTY_MAP
    transport_zones: frozenset[str] = frozenset()


class ChassisPrivate(OvsdbRow, frozen=True, kw_only=True):
    """What only a chassis itself writes often: how far it has come."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Chassis_Private", indexes=(("name",),))

    name: str
    chassis: Annotated[str, weak("Chassis")] | None = None
    nb_cfg: int = 0
    nb_cfg_timestamp: int = 0
    external_ids: Map[str, str] = EMPTY_MAP


class Encap(OvsdbRow, frozen=True, kw_only=True):
    """A tunnel endpoint of a chassis."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Encap", False, (("type", "ip"),))

    type: Literal["geneve", "stt", "vxlan"]
    options: Map[str, str] = EMPTY_MAP
    ip: str
    chassis_name: str


class PortBinding(OvsdbRow, frozen=True, kw_only=True):
    """A logical port as the chassis see it: its number, its datapath, and the chassis it is on.

    `additional_chassis` and `additional_encap` are observed too, as `chassis` is.
    """

    TABLE: ClassVar[TableDeclaration] = TableDeclaration(
        "Port_Binding", indexes=(("datapath", "tunnel_key"), ("logical_port",))
    )
    OBSERVED: ClassVar[tuple[str, ...]] = ("chassis", "encap", "up", "virtual_parent")

    logical_port: str
    type: str = ""
    gateway_chassis: ClassVar[Relation] = SetColumn(strong("Gateway_Chassis"))
    ha_chassis_group: Annotated[str, strong("HA_Chassis_Group")] | None = None
    options: Map[str, str] = EMPTY_MAP
    datapath: Annotated[str, strong("Datapath_Binding")]
    tunnel_key: Annotated[int, integer(1, 32767)]
    parent_port: str | None = None
    tag: Annotated[int, integer(1, 4095)] | None = None
    virtual_parent: str | None = None
    chassis: Annotated[str, weak("Chassis")] | None = None
    additional_chassis: ClassVar[Relation] = SetColumn(weak("Chassis"))
    encap: Annotated[str, weak("Encap")] | None = None
    additional_encap: ClassVar[Relation] = SetColumn(weak("Encap"))
    mirror_rules: ClassVar[Relation] = SetColumn(weak("Mirror"))
    mac: frozenset[str] = frozenset()
    port_security: frozenset[str] = frozenset()
    nat_addresses: frozenset[str] = frozenset()
    up: bool | None = None
    external_ids: Map[str, str] = EMPTY_MAP
    requested_chassis: Annotated[str, weak("Chassis")] | None = None
    requested_additional_chassis: ClassVar[Relation] = SetColumn(weak("Chassis"))


class GatewayChassis(OvsdbRow, frozen=True, kw_only=True):
    """A chassis that may host a gateway port, with its priority."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Gateway_Chassis", False, (("name",),))

    name: str
    chassis: Annotated[str, weak("Chassis")] | None = None
    priority: Priority
    external_ids: Map[str, str] = EMPTY_MAP
    options: Map[str, str] = EMPTY_MAP


class HAChassis(OvsdbRow, frozen=True, kw_only=True):
    """A chassis in an HA group, with its priority."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("HA_Chassis", False)

    chassis: Annotated[str, weak("Chassis")] | None = None
    priority: Priority
    external_ids: Map[str, str] = EMPTY_MAP


class HAChassisGroup(OvsdbRow, frozen=True, kw_only=True):
    """Chassis of which the first living one hosts what refers to the group."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("HA_Chassis_Group", indexes=(("name",),))

    name: str
    ha_chassis: ClassVar[Relation] = SetColumn(strong("HA_Chassis"))
    ref_chassis: ClassVar[Relation] = SetColumn(weak("Chassis"))
    external_ids: Map[str, str] = EMPTY_MAP


chassis_by_name = Index(Chassis, "name", lambda row: row.name)
chassis_private_by_name = Index(ChassisPrivate, "name", lambda row: row.name)
encap_by_chassis_name = Index(Encap, "chassis_name", lambda row: row.chassis_name)
port_binding_by_logical_port = Index(PortBinding, "logical_port", lambda row: row.logical_port)
port_binding_by_datapath = Index(PortBinding, "datapath", lambda row: row.datapath)
port_binding_by_tunnel_key = Index(PortBinding, "datapath, tunnel_key", lambda row: (row.datapath, row.tunnel_key))
port_binding_by_chassis = Index(PortBinding, "chassis", lambda row: row.chassis)
port_binding_by_parent_port = Index(PortBinding, "parent_port", lambda row: row.parent_port)
port_binding_by_virtual_parent = Index(PortBinding, "virtual_parent", lambda row: row.virtual_parent)
ha_chassis_group_by_name = Index(HAChassisGroup, "name", lambda row: row.name)
