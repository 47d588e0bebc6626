"""Southbound tables about the deployment: global settings, connections, TLS, who may write what."""

from __future__ import annotations

from typing import Annotated, ClassVar

from brume.ovsdb.columns import EPHEMERAL, OvsdbRow, SetColumn, TableDeclaration
from brume.ovsdb.types import integer, strong, weak
from brume.tables.map import EMPTY_MAP, Map
from brume.tables.row import Relation


class SBGlobal(OvsdbRow, frozen=True, kw_only=True):
    """The one row of settings that every chassis reads."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("SB_Global", max_rows=1)
    OBSERVED: ClassVar[tuple[str, ...]] = ("external_ids", "ssl")

    nb_cfg: int = 0
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
    read_only: bool = False
    role: str = ""
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


class RBACRole(OvsdbRow, frozen=True, kw_only=True):
    """A role of database clients: for each table, what it permits."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("RBAC_Role")

    name: str
    permissions: Map[str, Annotated[str, weak("RBAC_Permission")]] = EMPTY_MAP


class RBACPermission(OvsdbRow, frozen=True, kw_only=True):
    """What a role may do in one table, and which columns tell whose row it is."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("RBAC_Permission")

    table: str
    authorization: frozenset[str] = frozenset()
    insert_delete: bool = False
    update: frozenset[str] = frozenset()
