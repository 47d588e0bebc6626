"""`_uuid` and `_version`, seen by selects, waits, conditions and monitors of all kinds: a real ovsdb-server and ours
tell the same. Versions become <0>, <1>, ... in the order they appear, so it shows which ones are equal.

Not here: weak references that are set and gone in one transaction, which are a change of `_version` alone there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.agreement.ovsdb_server import missing
from tests.agreement.test_ovsdb_wire import Servers, both
from tests.agreement.wire_conversations import Conversation, Step

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"no real ovsdb-server here: {missing()}")
Json = Any
UUIDS = [f"11111111-0000-0000-0000-00000000000{number}" for number in range(6)]
ELSE = ["uuid", "22222222-0000-0000-0000-000000000000"]
LEAVES = {"key": {"type": "uuid", "refTable": "Leaf"}, "min": 0, "max": "unlimited"}
WATCHED = {"key": {"type": "uuid", "refTable": "Leaf", "refType": "weak"}, "min": 0}
ROOT = {"name": {"type": "string"}, "number": {"type": "integer"}, "leaf": {"type": LEAVES}, "one": {"type": WATCHED}}
SCHEMA = {
    "name": "Fuzz",
    "version": "1.0.0",
    "tables": {"Root": {"columns": ROOT, "isRoot": True}, "Leaf": {"columns": {"tag": {"type": "integer"}}}},
}


def transact(*operations: Json) -> Step:
    return Step("bob", "transact", ["Fuzz", *operations])


def insert(at: int, table: str = "Root", /, **row: Json) -> Json:
    return {"op": "insert", "table": table, "uuid": UUIDS[at], "row": row}


def where(at: int) -> Json:
    return [["_uuid", "==", ["uuid", UUIDS[at]]]]


def update(at: int, /, **row: Json) -> Json:
    return {"op": "update", "table": "Root", "where": where(at), "row": row}


def delete(at: int) -> Json:
    return {"op": "delete", "table": "Root", "where": where(at)}


def select(*columns: str, where: Json = (), table: str = "Root") -> Json:
    return {"op": "select", "table": table, "where": list(where)} | ({"columns": list(columns)} if columns else {})


def wait(columns: list[str] | None, until: str, *rows: Json) -> Json:
    found = {"op": "wait", "table": "Root", "where": where(0), "until": until, "rows": list(rows), "timeout": 0}
    return found if columns is None else found | {"columns": columns}


def monitor(method: str, identity: int, **request: Json) -> Step:
    return Step("ann", method, ["Fuzz", identity, {"Root": request}])


MONITORS = [  # each with other columns: ovsdb-server 3.1 ends when one of two equal ones has a condition on others
    monitor("monitor", 1),
    monitor("monitor", 2, columns=["_version"]),
    monitor("monitor", 3, columns=["_uuid"]),
    monitor("monitor", 4, columns=["_uuid", "_version", "name"]),
    monitor("monitor", 5, columns=["number", "_version"], select={"modify": False}),
    monitor("monitor", 6, columns=["leaf", "_version"], select={"initial": False}),
    monitor("monitor_cond", 11),
    monitor("monitor_cond", 12, columns=["_version"]),
    monitor("monitor_cond", 13, columns=["_uuid"]),
    monitor("monitor_cond", 14, columns=["name"], where=where(0)),
    monitor("monitor_cond", 15, columns=["_version", "leaf"], where=[["_version", "!=", ELSE]]),
    monitor("monitor_cond", 16, columns=["_uuid", "_version"], select={"initial": False}),
    monitor("monitor_cond", 17, columns=["_version", "number"], where=[["name", "==", "a"]]),
]
EVERYTHING = [select(), select("_version"), select("_uuid"), select("_uuid", "_version"), select(table="Leaf")]
STORY = [
    transact(*EVERYTHING),
    transact(update(0, number=1)),
    transact(update(0, number=1)),
    transact(update(0, number=2), select("_version")),
    transact(select("_version")),
    transact(insert(1, name="b"), select("_version", "name")),
    transact(select("_version", "name")),
    transact(insert(2, "Leaf", tag=1), update(0, leaf=["uuid", UUIDS[2]])),
    transact(*EVERYTHING),
    transact(update(0, number=0), update(0, number=7)),
    transact(update(0, leaf=["set", []])),
    transact(delete(1)),
    transact(insert(1, name="b")),
    transact(*EVERYTHING),
]
ASKED = [
    transact(wait(["_version"], "!=", {"_version": ELSE})),
    transact(wait(["_version"], "==", {"_version": ELSE})),
    transact(wait(["_uuid"], "==", {"_uuid": ["uuid", UUIDS[0]]})),
    transact(wait(None, "==", {"_uuid": ["uuid", UUIDS[0]]})),
    transact(wait(None, "!=", {"name": "a"})),
    transact(wait(["_uuid", "name"], "==", {"_uuid": ["uuid", UUIDS[0]], "name": "a"})),
    transact(select("_version", where=[["_version", "==", ELSE]])),
    transact(select("name", where=[["_version", "!=", ELSE]])),
    transact(select("name", where=[["_version", "includes", ELSE]])),
    transact(select("name", where=[["_version", "<", ELSE]])),
    transact(select("name", where=[["_uuid", "excludes", ["uuid", UUIDS[0]]]])),
    transact(select("_version", "_version")),
    monitor("monitor", 20, columns=["_version", "_version"]),
]
WRONG = [
    transact({"op": "update", "table": "Root", "where": [], "row": {"_version": ELSE}}),
    transact({"op": "update", "table": "Root", "where": [], "row": {"_uuid": ELSE}}),
    transact({"op": "mutate", "table": "Root", "where": [], "mutations": [["_uuid", "+=", 1]]}),
    transact({"op": "mutate", "table": "Root", "where": [], "mutations": [["_version", "insert", ELSE]]}),
    transact(insert(3, _version=ELSE), select("_uuid")),
    transact(insert(4, _uuid=ELSE, name="x"), select("_uuid")),
    transact(insert(5, _version=7)),
    transact(insert(5, _uuid="x")),
    transact(*EVERYTHING),
]
CONDITIONS = [
    Step("ann", "monitor_cond_change", [14, 14, {"Root": [{"where": where(1)}]}]),
    Step("ann", "monitor_cond_change", [15, 15, {"Root": [{"where": [["_version", "==", ELSE]]}]}]),
    transact(update(0, number=8)),
    Step("ann", "monitor_cond_change", [15, 15, {"Root": [{"where": []}]}]),
    transact(update(0, number=9)),
    transact({"op": "delete", "table": "Root", "where": []}),
]


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    yield from both(SCHEMA, clustered=False)


def agree(servers: Servers, steps: list[Step]) -> None:
    """Hold the same conversation with both."""
    ours = Conversation(servers.ours, UUIDS, versions=True)
    theirs = Conversation(servers.theirs, UUIDS, versions=True)
    try:
        for step in (transact({"op": "delete", "table": "Root", "where": []}, insert(0, name="a")), *steps):
            assert ours.hold(step) == theirs.hold(step), step
    finally:
        ours.close()
        theirs.close()


@pytest.mark.parametrize("story", [STORY, ASKED, WRONG, CONDITIONS], ids=["changed", "asked", "wrong", "conditions"])
def test_a_story_of_versions_is_told_the_same_way(servers: Servers, story: list[Step]) -> None:
    agree(servers, [*MONITORS, *story])


changes = st.one_of(
    st.builds(lambda row, number: update(row, number=number), st.integers(0, 1), st.integers(0, 2)),
    st.builds(lambda row, name: update(row, name=name), st.integers(0, 1), st.sampled_from("ab")),
    st.builds(lambda leaf: [insert(leaf, "Leaf"), update(0, leaf=["uuid", UUIDS[leaf]])], st.integers(2, 5)),
    st.just(update(0, leaf=["set", []])),
    st.builds(insert, st.integers(0, 1), name=st.sampled_from("ab")),
    st.builds(delete, st.integers(0, 1)),
)
transactions = st.lists(changes, min_size=1, max_size=3).map(
    lambda parts: transact(*(operation for part in parts for operation in (part if isinstance(part, list) else [part])))
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.sampled_from(MONITORS), max_size=5, unique_by=lambda step: step.params[1]),
    st.lists(st.one_of(transactions, transactions, st.just(transact(*EVERYTHING))), max_size=8),
)
def test_versions_change_when_rows_do(servers: Servers, monitors: list[Step], story: list[Step]) -> None:
    agree(servers, [*monitors, *story, transact(*EVERYTHING)])
