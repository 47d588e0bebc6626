"""Roles: what a chassis may change in the southbound, and what it may not. (That real ovsdb-server answers the same:
`tests/agreement/test_ovsdb_roles.py`.)"""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from brume.ovsdb.permissions import Identity
from brume.ovsdb.store import Store
from brume.ovsdb.transact import transact
from brume.southbound.schema import SOUTHBOUND
from brume.tables.database import Database
from brume.values.uuids import derive_uuid

Json = Any
CHASSIS1 = Identity("ovn-controller", "chassis1")


def permission(table: str, *authorization: str, update: list[str], replace: bool = True) -> Json:
    """Insert a permission, under the name of its table."""
    row = {
        "table": table,
        "authorization": ["set", list(authorization)],
        "insert_delete": replace,
        "update": ["set", update],
    }
    return {"op": "insert", "table": "RBAC_Permission", "row": row, "uuid-name": table}


ROLE: list[Json] = [
    permission("Chassis", "name", update=["nb_cfg", "external_ids"]),
    permission("Encap", "chassis_name", update=["ip"]),
    permission("Chassis_Private", "external_ids:owner", update=["nb_cfg"], replace=False),
    permission("MAC_Binding", "", update=["mac"]),
    {
        "op": "insert",
        "table": "RBAC_Role",
        "row": {
            "name": "ovn-controller",
            "permissions": [
                "map",
                [[one, ["named-uuid", one]] for one in ("Chassis", "Encap", "Chassis_Private", "MAC_Binding")],
            ],
        },
    },
]


def encap(chassis: str, name: str = "encap") -> Json:
    return {
        "op": "insert",
        "table": "Encap",
        "row": {"type": "geneve", "ip": f"address of {name}", "chassis_name": chassis},
        "uuid-name": name,
    }


def chassis(name: str) -> list[Json]:
    """Insert a chassis with its encapsulation."""
    return [
        encap(name, f"{name}_encap"),
        {"op": "insert", "table": "Chassis", "row": {"name": name, "encaps": ["named-uuid", f"{name}_encap"]}},
    ]


def update(table: str, where: list[Json], **row: Json) -> Json:
    return {"op": "update", "table": table, "where": where, "row": row}


def mutate(table: str, where: list[Json], *mutations: Json) -> Json:
    return {"op": "mutate", "table": table, "where": where, "mutations": list(mutations)}


def delete(table: str, where: list[Json]) -> Json:
    return {"op": "delete", "table": table, "where": where}


FIRST, SECOND = [["name", "==", "chassis1"]], [["name", "==", "chassis2"]]
PRIVATE: list[Json] = [
    {"op": "insert", "table": "Chassis_Private", "row": {"name": name, "external_ids": ["map", [["owner", owner]]]}}
    for name, owner in (("first", "chassis1"), ("second", "chassis2"))
]


@pytest.fixture
def store() -> Store:
    store = Store(Database("sb"), SOUTHBOUND)
    assert not errors(store, Identity(), *ROLE, *chassis("chassis1"), *chassis("chassis2"), *PRIVATE)
    return store


def errors(store: Store, identity: Identity, *operations: Json) -> list[Json]:
    """What is wrong with a transaction of somebody."""
    numbers = count(sum(len(rows.rows()) for rows in store.tables.values()))
    outcome = transact(
        store,
        ["OVN_Southbound", *operations],
        new_uuid=lambda: derive_uuid("permissions", next(numbers)),
        identity=identity,
    )
    return [result for result in outcome.results if result and "error" in result]


ALLOWED = {
    "its own row": [update("Chassis", FIRST, nb_cfg=3)],
    "its own row, by mutation": [
        mutate("Chassis", FIRST, ["nb_cfg", "+=", 1], ["external_ids", "insert", ["map", []]])
    ],
    "nothing of another's": [update("Chassis", [["name", "==", "chassis3"]], hostname="x")],
    "a row that is its own by a key of a map": [update("Chassis_Private", [["name", "==", "first"]], nb_cfg=1)],
    "a new row of its own": [encap("chassis1"), mutate("Chassis", [["name", "==", "none"]])],
    "a row that it may delete": [delete("Chassis", FIRST)],
    "to look at everything": [{"op": "select", "table": "SB_Global", "where": []}],
    "to wait for everything": [
        {"op": "wait", "timeout": 0, "table": "SB_Global", "where": [], "columns": [], "until": "==", "rows": []}
    ],
}


@pytest.mark.parametrize("what", ALLOWED)
def test_a_chassis_may_change(store: Store, what: str) -> None:
    assert errors(store, CHASSIS1, *ALLOWED[what]) == []


REFUSED = {
    'prohibit modification of table "Chassis".': [
        [update("Chassis", SECOND, nb_cfg=3)],  # another's
        [update("Chassis", [], nb_cfg=3)],  # all, and one of them is another's
        [update("Chassis", FIRST, nb_cfg=3, hostname="new")],  # a column that is not its own
    ],
    'prohibit mutate operation on table "Chassis".': [
        [mutate("Chassis", SECOND, ["nb_cfg", "+=", 1])],
        [mutate("Chassis", FIRST, ["nb_cfg", "+=", 1], ["transport_zones", "insert", "zone"])],
    ],
    'prohibit row deletion from table "Chassis".': [[delete("Chassis", SECOND)], [delete("Chassis", [])]],
    'prohibit row insertion into table "Encap".': [[encap("chassis2")]],
    'prohibit row deletion from table "Chassis_Private".': [[delete("Chassis_Private", [["name", "==", "first"]])]],
    'prohibit modification of table "Chassis_Private".': [
        [update("Chassis_Private", [["name", "==", "second"]], nb_cfg=1)]
    ],
    'prohibit row insertion into table "SB_Global".': [  # no permission at all
        [{"op": "insert", "table": "SB_Global", "row": {}}]
    ],
    'prohibit row insertion into table "RBAC_Role".': [
        [{"op": "insert", "table": "RBAC_Role", "row": {"name": "mine"}}]
    ],
    'prohibit modification of table "SB_Global".': [[update("SB_Global", [], nb_cfg=1)]],  # not even of no row
}


@pytest.mark.parametrize("details", REFUSED)
def test_a_chassis_may_not_change(store: Store, details: str) -> None:
    for operations in REFUSED[details]:
        before = [store.database.rows(table.row_type) for table in store.tables.values()]
        assert errors(store, CHASSIS1, *operations) == [
            {
                "error": "permission error",
                "details": f'RBAC rules for client "chassis1" role "ovn-controller" {details}',
            }
        ]
        assert [store.database.rows(table.row_type) for table in store.tables.values()] == before


def test_a_new_row_is_its_own_by_what_it_holds(store: Store) -> None:
    """Also by what an earlier operation of the transaction has written."""
    assert (
        errors(store, CHASSIS1, encap("chassis1"), update("Encap", [["chassis_name", "==", "chassis1"]], ip="::1"))
        == []
    )
    stolen = [mutate("Chassis", FIRST), encap("chassis2")]
    assert errors(store, CHASSIS1, *stolen)[0]["error"] == "permission error"


def test_who_makes_a_role_does_not_give_it_what_it_needs_to_be_made(store: Store) -> None:
    """The insert of a role is judged by the roles that are there before it."""
    everything = next(
        row.uuid for row in store.tables["RBAC_Permission"].rows() if row.table == "MAC_Binding"
    )  # permits every row of the table it is for
    itself = {"name": "mine", "permissions": ["map", [["RBAC_Role", ["uuid", everything]]]]}
    found = errors(store, Identity("mine", "chassis1"), {"op": "insert", "table": "RBAC_Role", "row": itself})
    assert [one["error"] for one in found] == ["permission error"]


@pytest.mark.parametrize(
    ("identity", "refused"),
    [
        (Identity("", "chassis1"), False),  # no role: everything
        (Identity("", None), False),
        (Identity("ovn-controller", None), True),  # no certificate: nothing
        (Identity("unknown", "chassis1"), True),
        (Identity("ovn-controller", "chassis"), True),
    ],
)
def test_who_may_change_a_chassis(store: Store, identity: Identity, refused: bool) -> None:
    assert bool(errors(store, identity, update("Chassis", FIRST, nb_cfg=9))) is refused


def test_a_request_that_makes_no_sense_is_told_so_first(store: Store) -> None:
    (found,) = errors(store, CHASSIS1, {**delete("Chassis", SECOND), "extra": 1})
    assert found["error"] == "syntax error"
