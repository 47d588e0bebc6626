"""Northbound tables about the deployment: global settings, connections, TLS, chassis priorities of gateways."""

from __future__ import annotations

from typing import Annotated, ClassVar

from brume.northbound.schema.security import Priority
from brume.ovsdb.columns import EPHEMERAL, OvsdbRow, SetColumn, TableDeclaration
from brume.ovsdb.types import integer, strong
from brume.tables.map import EMPTY_MAP, Map
from brume.tables.row import Index, Relation


class NBGlobal(OvsdbRow, frozen=True, kw_only=True):
    """The one row of settings and counters of the whole logical network."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("NB_Global", max_rows=1)
    OBSERVED: ClassVar[tuple[str, ...]] = ("sb_cfg", "sb_cfg_timestamp", "hv_cfg", "hv_cfg_timestamp")

    name: str = ""
    nb_cfg: int = 0
    nb_cfg_timestamp: int = 0
    sb_cfg: int = 0
    sb_cfg_timestamp: int = 0
    hv_cfg: int = 0
    hv_cfg_timestamp: int = 0
    external_ids: Map[str, str] = EMPTY_MAP
    connections: ClassVar[Relation] = SetColumn(strong("Connection"))
    ssl: Annotated[str, strong("SSL")] | None = None
    options: Map[str, str] = EMPTY_MAP
    ipsec: bool = False


class Connection(OvsdbRow, frozen=True, kw_only=True):
    """A remote that the database server listens on or connects to."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Connection", False, (("target",),))

    target: str
    max_backoff: Annotated[int, integer(1000)] | None = None
    inactivity_probe: int | None = None
    other_config: Map[str, str] = EMPTY_MAP
    external_ids: Map[str, str] = EMPTY_MAP
    is_connected: Annotated[bool, EPHEMERAL] = False
    status: Annotated[Map[str, str], EPHEMERAL] = EMPTY_MAP


class SSL(OvsdbRow, frozen=True, kw_only=True):
    """The keys and certificates of the database server."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("SSL", False, max_rows=1)

    private_key: str
    certificate: str
    ca_cert: str
    bootstrap_ca_cert: bool = False
    ssl_protocols: str = ""
    ssl_ciphers: str = ""
    external_ids: Map[str, str] = EMPTY_MAP


class GatewayChassis(OvsdbRow, frozen=True, kw_only=True):
    """A chassis that may host a router's gateway port, with its priority."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Gateway_Chassis", False, (("name",),))

    name: str
    chassis_name: str
    priority: Priority
    external_ids: Map[str, str] = EMPTY_MAP
    options: Map[str, str] = EMPTY_MAP


class HAChassis(OvsdbRow, frozen=True, kw_only=True):
    """A chassis in an HA group, with its priority."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("HA_Chassis", False)

    chassis_name: str
    priority: Priority
    external_ids: Map[str, str] = EMPTY_MAP


class HAChassisGroup(OvsdbRow, frozen=True, kw_only=True):
    """Chassis of which the first living one hosts what refers to the group."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("HA_Chassis_Group", indexes=(("name",),))

    name: str
    ha_chassis: ClassVar[Relation] = SetColumn(strong("HA_Chassis"))
    external_ids: Map[str, str] = EMPTY_MAP


ha_chassis_group_by_name = Index(HAChassisGroup, "name", lambda row: row.name)
