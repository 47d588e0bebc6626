"""Monitor requests, read: from the `<monitor-requests>` of a client to the selections of tables it asks to see.

Errors have ovsdb-server's words.
"""

from __future__ import annotations

from collections.abc import Mapping

from brume.ovsdb.data import Json
from brume.ovsdb.errors import OvsdbError, syntax_error
from brume.ovsdb.members import ARRAY, BOOLEAN, OBJECT, Members
from brume.ovsdb.server.conditions import EVERYTHING, Condition, condition_from_json
from brume.ovsdb.server.watching import DELETE, EVERY_KIND, INITIAL, INSERT, MODIFY, Selection
from brume.ovsdb.store import Store, StoredTable

_KINDS = {"initial": INITIAL, "insert": INSERT, "delete": DELETE, "modify": MODIFY}


def read_selections(store: Store, json: Json, *, conditional: bool) -> dict[str, Selection]:
    """What a client asks to see, by table."""
    if not isinstance(json, dict):
        raise syntax_error(json, "monitor-requests must be object")
    found = {}
    for name, requests in json.items():
        table = store.tables.get(name)
        if table is None:
            raise OvsdbError("syntax error", f"no table named {name}")
        found[name] = _read_table(table, requests if isinstance(requests, list) else [requests], conditional)
    return found


def _read_table(table: StoredTable, requests: list[Json], conditional: bool) -> Selection:
    columns: dict[str, int] = {}
    kinds = 0
    conditions: list[Condition] = []
    for request in requests:
        members = Members(request, f"table {table.name}")
        where = members.optional("where", ARRAY) if conditional else None
        names = members.optional("columns", ARRAY)
        select = members.optional("select", OBJECT)
        members.finish()
        selected = EVERY_KIND if select is None else _read_select(table, select)
        kinds |= selected
        for name in _read_columns(table, names):
            if name in columns:
                raise _wrong(names, f"column {name} mentioned more than once")
            columns[name] = selected
        if conditional:
            conditions.append(condition_from_json(table, where))
    # A table has one condition; of several requests for it the first says which (as a rule, in ovsdb-server, too).
    return Selection(tuple(columns.items()), kinds, conditions[0] if conditions else EVERYTHING)


def _read_select(table: StoredTable, json: Json) -> int:
    members = Members(json, f"table {table.name} select")
    kinds = sum(kind for name, kind in _KINDS.items() if members.optional(name, BOOLEAN) is not False)
    members.finish()
    return kinds


def _read_columns(table: StoredTable, json: Json) -> list[str]:
    if json is None:
        return [name for name in table.columns if name != "_uuid"]
    for name in json:
        if not isinstance(name, str):
            raise _wrong(json, "array of column names expected")
        if name not in table.columns:
            raise _wrong(json, f"{name} is not a valid column name")
    return list(json)


def _wrong(json: Json, details: str) -> OvsdbError:
    return OvsdbError("syntax error", details) if json is None else syntax_error(json, details)


def read_condition_changes(
    store: Store, selections: Mapping[str, Selection], json: Json, *, conditional: bool = True
) -> dict[str, Condition]:
    """The new conditions of some tables of a monitor; one that is not `conditional` takes any, and follows none."""
    if not isinstance(json, dict):
        raise OvsdbError("syntax error", "monitor-cond-change-requests must be object")
    found = {}
    for name, requests in json.items():
        table = store.tables.get(name)
        if table is None:
            raise OvsdbError("syntax error", f"no table named {name}")
        if name not in selections:
            raise OvsdbError("syntax error", f"no table named {name} in monitor session")
        if not isinstance(requests, list):
            raise OvsdbError("syntax error", f"table {name} no monitor-cond-change JSON array")
        for request in requests:
            found[name] = _read_condition_change(table, request, conditional=conditional)
    return found


def _read_condition_change(table: StoredTable, json: Json, *, conditional: bool) -> Condition:
    members = Members(json, f"table {table.name}")
    columns = members.optional("columns", ARRAY)
    where = members.optional("where", ARRAY)
    members.finish()
    if columns is not None:
        raise syntax_error(json, "changing columns is unsupported")
    return condition_from_json(table, where) if conditional else EVERYTHING
