"""Random conversations about our own northbound and southbound, with our server and with a real ovsdb-server.

Here the row classes are the declared ones (relations, printed columns, rows that are what they hold), not read from
JSON as in `test_ovsdb_wire.py`. The steps are drawn from the schema: a few tables, all of their columns, few values.
A conversation ends where ovsdb-server loses a weak reference, and where it tells nothing definite (a failed transaction
may have failed for another reason).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brume.northbound.schema import NORTHBOUND
from brume.southbound.schema import SOUTHBOUND
from brume.values import derive_uuid
from tests.agreement.ovn_lab import why_not
from tests.agreement.tool_sides import NB, SB, Side, both_sides
from tests.agreement.wire_conversations import Conversation, Step
from tests.agreement.wire_peer import WirePeer

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")
Json = Any
SCHEMAS = {NB: NORTHBOUND.to_json()["tables"], SB: SOUTHBOUND.to_json()["tables"]}
TABLES = {
    NB: ("Logical_Switch", "Logical_Switch_Port", "Address_Set", "Port_Group", "ACL", "Meter", "Meter_Band", "Copp"),
    SB: ("Logical_Flow", "Datapath_Binding", "Logical_DP_Group", "Port_Binding", "Multicast_Group", "Chassis", "Encap"),
}
UUIDS = {
    table: [derive_uuid("wire", table, number) for number in range(4)] for names in TABLES.values() for table in names
}
KNOWN = [uuid for uuids in UUIDS.values() for uuid in uuids]
NAMES = ("a", "b", "c c", "")


def insert(table: str, number: int, /, **row: Json) -> Json:
    return {"op": "insert", "table": table, "uuid": UUIDS[table][number], "row": row}


def refer(table: str, *numbers: int) -> Json:
    return ["set", [["uuid", UUIDS[table][number]] for number in numbers]]


PREPARED = {
    NB: [
        insert("Logical_Switch", 0, name="a", ports=refer("Logical_Switch_Port", 0, 1), acls=refer("ACL", 0)),
        insert("Logical_Switch", 1, name="b", copp=refer("Copp", 0)),
        insert("Logical_Switch_Port", 0, name="a", addresses=["set", ["a", "b"]]),
        insert("Logical_Switch_Port", 1, name="b", tag=3, options=["map", [["a", "b"]]]),
        insert("ACL", 0, priority=1, direction="to-lport", match="a", action="drop"),
        insert("ACL", 1, priority=2, direction="from-lport", match="b", action="allow", name="b"),
        insert("Address_Set", 0, name="a", addresses=["set", ["a", "b"]]),
        insert("Port_Group", 0, name="a", ports=refer("Logical_Switch_Port", 0, 1), acls=refer("ACL", 1)),
        insert("Meter", 0, name="a", unit="kbps", bands=refer("Meter_Band", 0)),
        insert("Meter_Band", 0, action="drop", rate=1),
        insert("Copp", 0, name="a", meters=["map", [["a", "b"]]]),
    ],
    SB: [
        insert("Datapath_Binding", 0, tunnel_key=1, external_ids=["map", [["a", "b"]]]),
        insert("Datapath_Binding", 1, tunnel_key=2),
        insert(
            "Logical_Flow", 0, logical_datapath=refer("Datapath_Binding", 0), pipeline="ingress", match="a", actions="b"
        ),
        insert(
            "Logical_Flow", 1, logical_dp_group=refer("Logical_DP_Group", 0), pipeline="egress", match="b", actions="a"
        ),
        insert("Logical_DP_Group", 0, datapaths=refer("Datapath_Binding", 0, 1)),
        insert("Port_Binding", 0, logical_port="a", datapath=refer("Datapath_Binding", 0), tunnel_key=1),
        insert("Port_Binding", 1, logical_port="b", datapath=refer("Datapath_Binding", 0), tunnel_key=2, mac="a"),
        insert("Multicast_Group", 0, name="a", datapath=refer("Datapath_Binding", 0), tunnel_key=32768),
        insert("Chassis", 0, name="a", encaps=refer("Encap", 0)),
        insert("Encap", 0, type="geneve", ip="a", chassis_name="a"),
    ],
}


def columns(database: str, table: str) -> dict[str, Json]:
    found: dict[str, Json] = SCHEMAS[database][table]["columns"]
    return found


def atoms(base: Json) -> st.SearchStrategy[Json]:
    """Values of an atomic type, few enough to meet again."""
    base = base if isinstance(base, dict) else {"type": base}
    if "enum" in base:
        choice = base["enum"]
        return st.sampled_from(choice[1] if isinstance(choice, list) else [choice])
    if base["type"] == "uuid":
        return st.sampled_from(UUIDS.get(base.get("refTable", ""), KNOWN[:2])).map(lambda uuid: ["uuid", uuid])
    if base["type"] == "integer":
        return st.integers(base.get("minInteger", 0), min(base.get("minInteger", 0) + 3, base.get("maxInteger", 9)))
    return {"boolean": st.booleans(), "real": st.sampled_from([0.0, 1.5])}.get(base["type"], st.sampled_from(NAMES))


def values(kind: Json, most: int = 3) -> st.SearchStrategy[Json]:
    """Values of a column's type."""
    if not isinstance(kind, dict) or (kind.keys() <= {"key"}):
        return atoms(kind["key"] if isinstance(kind, dict) else kind)
    most = min(most, 99 if kind.get("max", 1) == "unlimited" else kind.get("max", 1))
    if "value" in kind:
        pairs = st.lists(
            st.tuples(atoms(kind["key"]), atoms(kind["value"])).map(list), max_size=most, unique_by=first_text
        )
        return pairs.map(lambda found: ["map", found])
    few = st.lists(atoms(kind["key"]), min_size=min(kind.get("min", 1), most), max_size=most, unique_by=str)
    return few.map(lambda found: ["set", found])


def first_text(pair: Json) -> str:
    return str(pair[0])


def targets(database: str) -> dict[str, list[str]]:
    """The columns of each table that refer to tables we do not use are left out: nothing could be there."""
    return {
        table: [name for name, column in columns(database, table).items() if _of_ours(column["type"])]
        for table in TABLES[database]
    }


def _of_ours(kind: Json) -> bool:
    bases = [kind.get("key"), kind.get("value")] if isinstance(kind, dict) else [kind]
    return all(base["refTable"] in UUIDS for base in bases if isinstance(base, dict) and "refTable" in base)


@st.composite
def rows(draw: Any, database: str, table: str, most: int = 4) -> Json:
    names = draw(st.lists(st.sampled_from(targets(database)[table]), max_size=most, unique=True))
    return {name: draw(values(columns(database, table)[name]["type"])) for name in names}


@st.composite
def operations(draw: Any, database: str) -> Json:
    table = draw(st.sampled_from(TABLES[database]))
    uuid = UUIDS[table][draw(st.sampled_from([0, 0, 0, 1, 1, 2, 3]))]
    kind = draw(st.sampled_from(["insert", "update", "update", "mutate", "mutate", "delete"]))
    if kind == "insert":
        return {"op": kind, "table": table, "uuid": uuid, "row": draw(rows(database, table))}
    found = {"op": kind, "table": table, "where": [["_uuid", "==", ["uuid", uuid]]]}
    if kind == "update":
        return found | {"row": draw(rows(database, table))}
    if kind == "mutate":
        name = draw(st.sampled_from(composite(database, table)))
        mutator = draw(st.sampled_from(["insert", "delete"]))
        return found | {"mutations": [[name, mutator, draw(values(columns(database, table)[name]["type"]))]]}
    return found


def composite(database: str, table: str) -> list[str]:
    """Columns of sets and maps without end; a table has at least one."""
    kinds = columns(database, table)
    found = [name for name in targets(database)[table] if isinstance(kinds[name]["type"], dict)]
    return [name for name in found if kinds[name]["type"].get("max") == "unlimited"] or found or ["external_ids"]


@st.composite
def clauses(draw: Any, database: str, table: str) -> Json:
    found = []
    for _ in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from(targets(database)[table]))
        function = draw(st.sampled_from(["==", "!=", "includes", "excludes"]))
        found.append([name, function, draw(values(columns(database, table)[name]["type"]))])
    return found


@st.composite
def conversations(draw: Any, database: str) -> list[Step]:
    """Ann watches everything, or some of it; Bob changes it; conditions change."""
    tables = draw(st.lists(st.sampled_from(TABLES[database]), min_size=3, max_size=6, unique=True))
    requests = {}
    for number, table in enumerate(tables):
        names = draw(st.lists(st.sampled_from(list(columns(database, table))), min_size=1, max_size=6, unique=True))
        requests[table] = [{"columns": names, "where": draw(clauses(database, table))} if number % 2 else {}]
    found = [
        Step("ann", "monitor_cond", [database, "some", requests]),
        Step("ann", "monitor", [database, "all", {table: {} for table in TABLES[database]}]),
        Step("bob", "transact", [database, *PREPARED[database]]),
    ]
    for _ in range(draw(st.integers(5, 20))):
        if draw(st.integers(0, 4)):
            request = draw(st.lists(operations(database), min_size=1, max_size=4))
            found.append(Step("bob", "transact", [database, *request]))
        else:
            table = draw(st.sampled_from(tables))
            change = {table: [{"where": draw(clauses(database, table))}]}
            found.append(Step("ann", "monitor_cond_change", ["some", "some", change]))
    every = [{"op": "select", "table": table, "where": []} for table in TABLES[database]]
    return [*found, Step("bob", "transact", [database, *every])]


@pytest.fixture(scope="module")
def sides() -> Iterator[tuple[Side, Side]]:
    with both_sides() as found:
        yield found


def loses_references(database: str, peer: WirePeer) -> bool:
    """Whether a row refers weakly to one that is gone."""
    selects = [{"op": "select", "table": table, "where": []} for table in TABLES[database]]
    found = peer.result("transact", database, *selects)
    there = {row["_uuid"][1] for result in found for row in result["rows"]}
    text = json.dumps([{k: v for k, v in row.items() if k[0] != "_"} for result in found for row in result["rows"]])
    return any(uuid in text for uuid in KNOWN if uuid not in there)


def agree(sides: tuple[Side, Side], database: str, history: list[Step]) -> None:
    clear = [{"op": "delete", "table": table, "where": []} for table in TABLES[database]]
    talks = [Conversation(side.socket, KNOWN) for side in sides]
    onlooker = WirePeer(sides[1].socket)
    try:
        for talk in talks:
            talk.hold(Step("bob", "transact", [database, *clear]))
        for step in history:
            ours, theirs = (talk.hold(step) for talk in talks)
            if step.method == "transact" and loses_references(database, onlooker):
                return
            assert ours == theirs, step
    finally:
        for talk in talks:
            talk.close()
        onlooker.close()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=conversations(NB))
def test_about_the_northbound(sides: tuple[Side, Side], history: list[Step]) -> None:
    agree(sides, NB, history)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=conversations(SB))
def test_about_the_southbound(sides: tuple[Side, Side], history: list[Step]) -> None:
    agree(sides, SB, history)
