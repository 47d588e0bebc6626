"""Takes over a southbound that another compiler wrote (the real ovn-northd): its rows get the uuids our rules give.

    adopt(northbound, southbound)       before the first compile; nothing happens where the rows are ours already

ovn-northd gives rows random uuids, our rules derive theirs. Were its rows simply replaced, everything that others wrote
about them would go too: tunnel keys, the chassis that ports are on, neighbours that were learned. So datapaths, port
bindings and the row of settings are renamed first, and whatever refers to them. The other tables are the compiler's
alone and are made anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from brume.northbound.schema import NBGlobal, router_port_by_name, switch_port_by_name
from brume.ovsdb.columns import Column, columns
from brume.southbound.bfd_status import session_by_neighbor
from brume.southbound.from_northbound.facts.bfd import session_uuid
from brume.southbound.from_northbound.facts.ports import redirect_uuid
from brume.southbound.schema import BFD, SOUTHBOUND, DatapathBinding, PortBinding, SBGlobal
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.map import Map

Uuids = dict[str, str]
"""From the uuid that a row has to the one it gets."""


def adopt(northbound: Database, southbound: Database) -> ChangeSet:
    """Rename what another compiler wrote; what stands for no northbound row is left as it is."""
    renamed: Uuids = {old: new for old, new in _pairs(northbound, southbound) if old != new}
    transaction = Transaction()
    if renamed:
        for row_type in SOUTHBOUND.tables.values():
            _rename_table(southbound, row_type, renamed, transaction)
    return southbound.apply(transaction)


def _pairs(northbound: Database, southbound: Database) -> Iterator[tuple[str, str]]:
    """The uuids of rows that stand for something of the northbound, and those they would have from our rules."""
    for settings in northbound.rows(NBGlobal)[:1]:
        yield from ((row.uuid, settings.uuid) for row in southbound.rows(SBGlobal))
    for datapath in southbound.rows(DatapathBinding):
        ids = datapath.external_ids
        yield datapath.uuid, ids.get("logical-switch") or ids.get("logical-router") or datapath.uuid
    for port in southbound.rows(PortBinding):
        yield port.uuid, _port_uuid(northbound, port)
    for session in southbound.rows(BFD):
        for row in northbound.find(session_by_neighbor, (session.logical_port, session.dst_ip)):
            yield session.uuid, session_uuid(row.uuid, session.status != "admin_down")


def _port_uuid(northbound: Database, port: PortBinding) -> str:
    if port.type == "chassisredirect":
        gateways = northbound.find(router_port_by_name, port.options.get("distributed-port", ""))
        return next((redirect_uuid(row.uuid) for row in gateways), port.uuid)
    found = (
        *northbound.find(switch_port_by_name, port.logical_port),
        *northbound.find(router_port_by_name, port.logical_port),
    )
    uuids = [row.uuid for row in found]
    return port.uuid if port.uuid in uuids or not uuids else uuids[0]


def _rename_table(southbound: Database, row_type: Any, renamed: Uuids, transaction: Transaction) -> None:
    """The rows of a table that are renamed or refer to one that is, with the elements of their relations."""
    referring = [column for column in columns(row_type).values() if _refers(column)]
    fields = [column.attribute for column in referring if column.relation is None]
    for row in southbound.rows(row_type):
        changed = {name: _renamed(getattr(row, name), renamed) for name in fields}
        if row.uuid in renamed:
            changed["uuid"] = renamed[row.uuid]
            transaction.delete(row_type, row.key())
        new = replace(row, **changed)
        if new != row:
            transaction.put(new)
    for column in columns(row_type).values():
        if column.relation is not None:
            children = renamed if column in referring else {}
            for member in list(southbound.all_members(column.relation)):
                parent, child = str(member.parent), str(member.child)
                if parent in renamed or child in children:
                    transaction.remove(*member)
                    transaction.add(column.relation, renamed.get(parent, parent), children.get(child, child))


def _refers(column: Column) -> bool:
    key, value = column.type.key, column.type.value
    return key.table is not None or (value is not None and value.table is not None)


def _renamed(value: Any, renamed: Uuids) -> Any:
    """A field's value with the new uuids: a reference, a set or a map of them."""
    if isinstance(value, Map):
        return Map({renamed.get(key, key): renamed.get(one, one) for key, one in value.items()})
    if isinstance(value, frozenset):
        return frozenset(renamed.get(one, one) for one in value)
    return renamed.get(value, value)
