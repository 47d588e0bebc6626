"""RBAC_Role, RBAC_Permission: what a chassis may change in the southbound, if its remote asks for the role
`ovn-controller` (ovn-sb(5); the server looks after it: `brume/ovsdb/permissions.py`).

A chassis is known by the common name of its certificate, which is to be its name. Of the rows of Chassis,
Chassis_Private and Encap it changes only its own; in the other tables there is nothing that says whose a row is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.northbound.schema import NBGlobal
from brume.southbound.schema import RBACPermission, RBACRole
from brume.tables.map import Map
from brume.values.uuids import derive_uuid

CONTROLLER: Final = "ovn-controller"


class Allowed(NamedTuple):
    """What a chassis may do in a table."""

    columns: tuple[str, ...]
    owner: str = ""
    """The column with the name of the chassis that the row belongs to; empty: everybody's."""
    replaces: bool = True
    """Whether it may insert and delete rows."""


ALLOWED: Final[dict[str, Allowed]] = {
    "Chassis": Allowed(
        ("nb_cfg", "external_ids", "encaps", "vtep_logical_switches", "other_config", "transport_zones"), "name"
    ),
    "Chassis_Private": Allowed(("nb_cfg", "nb_cfg_timestamp", "chassis", "external_ids"), "name"),
    "Controller_Event": Allowed(("chassis", "event_info", "event_type", "seq_num")),
    "Encap": Allowed(("type", "options", "ip"), "chassis_name"),
    "FDB": Allowed(("dp_key", "mac", "port_key")),
    "Port_Binding": Allowed(
        ("chassis", "additional_chassis", "encap", "additional_encap", "up", "virtual_parent", "options"),
        replaces=False,
    ),
    "MAC_Binding": Allowed(("logical_port", "ip", "mac", "datapath", "timestamp")),
    "Service_Monitor": Allowed(("status",), replaces=False),
    "IGMP_Group": Allowed(("address", "chassis", "datapath", "ports")),
    "BFD": Allowed(("status",), replaces=False),
}
"""As ovn-northd 23.03 has it."""


@rule(NBGlobal)
def roles(row: NBGlobal, view: View) -> Iterator[Output]:
    for table, allowed in ALLOWED.items():
        yield RBACPermission(
            uuid=_permission(table),
            table=table,
            authorization=frozenset((allowed.owner,)),
            insert_delete=allowed.replaces,
            update=frozenset(allowed.columns),
        )
    permissions = Map({table: _permission(table) for table in ALLOWED})
    yield RBACRole(uuid=derive_uuid("RBAC_Role", CONTROLLER), name=CONTROLLER, permissions=permissions)


def _permission(table: str) -> str:
    return derive_uuid("RBAC_Permission", table)


RULES = (roles,)
