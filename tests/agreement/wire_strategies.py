"""Random steps of conversations about the database `Fuzz`, as hypothesis draws them. A helper, not a test.

    @given(history=conversations(("monitor", "monitor_cond")))

Most of what is said is right, and changes rows that somebody watches; some of it is wrong in every way that has words.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.agreement import test_ovsdb_transactions
from tests.agreement.test_ovsdb_transactions import UUIDS, VALUES, conditions, operations, row_of
from tests.agreement.wire_conversations import CLIENTS, NEVER, Seen, Step

Json = Any
SCHEMA = json.loads(json.dumps(test_ovsdb_transactions.SCHEMA))
SCHEMA["tables"]["Leaf"]["columns"]["passing"] = {"type": "integer", "ephemeral": True}
TABLES: dict[str, Json] = SCHEMA["tables"]
KNOWN = {uuid for uuids in UUIDS.values() for uuid in uuids}


# What is valid in a condition; `VALUES` also has what must be refused.
VALID = VALUES | {
    "Root": VALUES["Root"]
    | {
        "number": st.integers(0, 5),
        "few": st.lists(st.integers(-3, 9), max_size=3, unique=True).map(lambda items: ["set", items]),
    },
    "Leaf": VALUES["Leaf"] | {"kind": st.sampled_from(["red", "blue", ""]), "passing": st.integers(0, 3)},
    "Strict": VALUES["Strict"] | {"must": row_of("Root").map(lambda row: ["set", [row]])},
}
monitor_ids = st.sampled_from(["m", "m", "m", 1, 1, ["a", {"b": 2}], {"k": [True]}, None, -1.5])
KINDS = ("insert", "delete", "modify")
flags = st.fixed_dictionaries({}, optional=dict.fromkeys(("initial", *KINDS), st.booleans()))
few_tables = st.lists(st.sampled_from(list(TABLES)), min_size=1, max_size=3, unique=True)


@st.composite
def good_clauses(draw: Any, table: str) -> Json:
    # One constant is enough: ovsdb-server 3.1 overlooks a true behind two that are false.
    clauses: list[Json] = [] if draw(st.integers(0, 5)) else [draw(st.booleans())]
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(["_uuid", *VALID[table]]))
        if name == "_uuid":
            uuid = draw(st.sampled_from(UUIDS[table][:6]))
            clauses.append(["_uuid", draw(st.sampled_from(["==", "!=", "includes"])), ["uuid", uuid]])
            continue
        functions = ["==", "!=", "includes", "excludes"] + ["<", "<=", ">", ">="] * (name in ("number", "real", "tag"))
        clauses.append([name, draw(st.sampled_from(functions)), draw(VALID[table][name])])
    return clauses


@st.composite
def wheres(draw: Any, table: str) -> Json:
    if draw(st.integers(0, 25)):
        return draw(good_clauses(table))
    return draw(conditions(table))


@st.composite
def table_requests(draw: Any, table: str, conditional: bool) -> Json:
    names = st.lists(st.sampled_from([*TABLES[table]["columns"], "_version"]), max_size=5, unique=True)
    request: dict[str, Json] = {}
    if draw(st.integers(0, 3)):
        request["columns"] = draw(names)
    if draw(st.booleans()):
        request["select"] = draw(flags)
    if conditional and draw(st.integers(0, 3)):
        # One condition for each table: with several, the server follows one of them, whichever its hash finds.
        return [request | {"where": draw(wheres(table))}]
    if "columns" in request and draw(st.integers(0, 3)) == 0:
        other = [name for name in draw(names) if name not in request["columns"] or not draw(st.integers(0, 30))]
        return [request, {"columns": other, "select": draw(flags)}]
    return draw(st.sampled_from([request, [request]]))


@st.composite
def monitors(draw: Any, client: str, versions: tuple[str, ...]) -> Step:
    method = draw(st.sampled_from(versions))
    requests = {
        table: draw(table_requests(table, method != "monitor")) for table in draw(few_tables | few_tables | st.just([]))
    }
    params = ["Fuzz", draw(monitor_ids), requests]
    if method == "monitor_cond_since":
        params.append(draw(st.integers(0, 5).map(Seen) | st.just(NEVER) | st.just(UUIDS["Root"][9])))
    return Step(client, method, params)


@st.composite
def changes_of_condition(draw: Any, client: str) -> Step:
    old = draw(monitor_ids)
    new = old if draw(st.integers(0, 4)) else draw(monitor_ids)
    tables = draw(few_tables)
    clauses = wheres if len(tables) == 1 else good_clauses
    return Step(client, "monitor_cond_change", [old, new, {name: [{"where": draw(clauses(name))}] for name in tables}])


ONE_ROW = {"Root": ("leaf", "leaves", "friends", "few", "real", "words", "named", "maybe", "number", "name")}
ONE_ROW |= {"Leaf": ("tag", "kind", "passing", "below", "watch", "weak_map"), "Strict": ("must", "note")}


@st.composite
def changes(draw: Any) -> Json:
    """An operation that mostly succeeds and is seen by monitors."""
    table = draw(st.sampled_from(["Root", "Root", "Leaf", "Leaf", "Strict"]))
    names = draw(st.lists(st.sampled_from(ONE_ROW[table]), min_size=1, max_size=2, unique=True))
    row = {name: draw(VALID[table][name]) for name in names}
    where = [["_uuid", "==", ["uuid", draw(st.sampled_from(UUIDS[table][:4]))]]]
    kind = draw(st.sampled_from(["insert", "insert", "update", "update", "update", "update", "update", "delete"]))
    if kind == "insert":
        row = {"number": draw(st.integers(0, 5)), "maybe": draw(st.integers(0, 99))} | row if table == "Root" else row
        row |= {"name": draw(st.text("xyz", min_size=1, max_size=3))} if table == "Root" else {}
        return {"op": "insert", "table": table, "uuid": draw(st.sampled_from(UUIDS[table][3:])), "row": row}
    return {"op": kind, "table": table, "where": where} | ({"row": row} if kind == "update" else {})


@st.composite
def transactions(draw: Any, client: str) -> Step:
    if draw(st.integers(0, 3)):
        return Step(client, "transact", ["Fuzz", *draw(st.lists(changes(), min_size=1, max_size=3))])
    request = draw(st.lists(operations(), min_size=1, max_size=5))
    if not draw(st.integers(0, 9)):
        request.insert(draw(st.integers(0, len(request))), {"op": "assert", "lock": draw(lock_names)})
    return Step(client, "transact", ["Fuzz", *request])


@st.composite
def waiting(draw: Any, client: str) -> Step:
    """A transaction that waits for another to make something so; it changes nothing itself."""
    name = draw(st.sampled_from(["number", "name"]))
    rows = [{name: draw(VALID["Root"][name])} for _ in range(draw(st.integers(0, 1)))]
    until = draw(st.sampled_from(["==", "!="]))
    where = [["_uuid", "==", ["uuid", draw(st.sampled_from(UUIDS["Root"][:3]))]]]
    wait = {"op": "wait", "table": "Root", "where": where, "columns": [name], "until": until, "rows": rows}
    select = {"op": "select", "table": "Root", "where": where, "columns": ["name", "number"]}
    return Step(client, "transact", ["Fuzz", wait, select], waits=True)


lock_names = st.sampled_from(["one", "two", "one", "two", "1x"])
PLAIN: tuple[Callable[[str], st.SearchStrategy[Step]], ...] = (
    lambda client: st.builds(
        lambda m, n: Step(client, m, [n]), st.sampled_from(["lock", "steal", "unlock"]), lock_names
    ),
    lambda client: monitor_ids.map(lambda number: Step(client, "monitor_cancel", [number])),
    lambda client: st.sampled_from([[True], [False], [], [1]]).map(lambda p: Step(client, "set_db_change_aware", p)),
    lambda client: st.sampled_from(
        [
            Step(client, "transact", []),
            Step(client, "transact", [5]),
            Step(client, "transact", ["Nothing"]),
            Step(client, "transact", ["Fuzz"]),
            Step(client, "get_schema", ["Nothing"]),
            Step(client, "monitor", ["Nothing", 1, {}]),
            Step(client, "monitor", ["Fuzz", 1, []]),
            Step(client, "monitor", ["Fuzz", 1, {"Nothing": {}}]),
            Step(client, "monitor", ["Fuzz", "wrong", {"Root": {"columns": ["nothing"]}}]),
            Step(client, "monitor", ["Fuzz", "wrong", {"Root": {"columns": [1]}}]),
            Step(client, "monitor", ["Fuzz", "wrong", {"Root": {"where": []}}]),
            Step(client, "monitor", ["Fuzz", "wrong", {"Root": {"select": {"never": True}}}]),
            Step(client, "monitor", ["Fuzz", "wrong", {"Root": {"select": {"insert": 1}}}]),
            Step(client, "monitor", ["Fuzz", "wrong", {"Root": [7]}]),
            Step(client, "monitor_cond", ["Fuzz", 1]),
            Step(client, "monitor_cond", ["Fuzz", "wrong", {"Root": [{"where": [["name", "=", "a"]]}]}]),
            Step(client, "monitor_cond_since", ["Fuzz", 1, {}]),
            Step(client, "monitor_cond_since", ["Fuzz", "wrong", {}, 5]),
            Step(client, "monitor_cond_since", ["Fuzz", "wrong", {}, "5"]),
            Step(client, "monitor_cond_change", [1, 1]),
            Step(client, "monitor_cond_change", ["never", 1, {}]),
            Step(client, "monitor_cond_change", ["m", "m", []]),
            Step(client, "monitor_cond_change", ["m", "m", {"Root": {}}]),
            Step(client, "monitor_cond_change", ["m", "m", {"Nothing": []}]),
            Step(client, "monitor_cond_change", ["m", "m", {"Root": [{"columns": ["name"]}]}]),
            Step(client, "monitor_cancel", []),
            Step(client, "fly", []),
            Step(client, "echo", [{"a": [1, None, "ü"]}]),
            Step(client, "get_server_id", []),
            Step(client, "cancel", ["nothing"], notification=True),
            Step(client, "fly", [], notification=True),
        ]
    ),
)


@st.composite
def steps(draw: Any, versions: tuple[str, ...], waits: bool) -> Step:
    """One step; Ann watches more, Bob changes more."""
    client = draw(st.sampled_from(CLIENTS))
    watcher = client == "ann"
    weights = {
        monitors(client, versions): 3 if watcher else 1,
        transactions(client): 4 if watcher else 12,
        changes_of_condition(client): 3 if watcher else 1,
        waiting(client): 1 if waits else 0,
        **{make(client): 1 for make in PLAIN[:3]},
    }
    if not draw(st.integers(0, 15)):
        return draw(PLAIN[3](client))
    return draw(draw(st.sampled_from([kind for kind, weight in weights.items() for _ in range(weight)])))


@st.composite
def conversations(draw: Any, versions: tuple[str, ...], waits: bool = False) -> list[Step]:
    """Both watch something from the beginning; who names a monitor mostly names one it has."""
    first = [draw(monitors(client, versions)) for client in ("ann", "ann", "bob")]
    found: list[Step] = []
    had: dict[str, list[tuple[Json, Json]]] = {name: [] for name in CLIENTS}
    # ovsdb-server 3.1.0 crashes when a condition changes of a monitor that another client has too (3.1.2 does not).
    share = draw(st.integers(0, 2)) == 0
    shapes: set[str] = set()
    for step in first + draw(st.lists(steps(versions, waits), min_size=10, max_size=25)):
        careful = draw(st.integers(0, 7)) > 0
        said = _careful(step, had[step.client], len(found)) if careful else step
        shape = _shape(said)
        if said.method == "monitor_cond_change" if share else shape in shapes:
            continue
        shapes |= {shape} - {""}
        found.append(said)
    return found


def _shape(step: Step) -> str:
    """Equal for monitors that are one to ovsdb-server; empty if there is none."""
    if (
        not step.method.startswith("monitor")
        or step.method == "monitor_cond_change"
        or len(step.params) < 3
        or not isinstance(step.params[2], dict)
    ):
        return ""
    seen = []
    for table, requests in step.params[2].items():
        for request in requests if isinstance(requests, list) else [requests]:
            if isinstance(request, dict) and table in TABLES:
                names = request.get("columns", [*TABLES[table]["columns"], "_version"])
                kinds = {kind: request.get("select", {}).get(kind, True) for kind in ("initial", *KINDS)}
                seen += [json.dumps([table, name, kinds], sort_keys=True) for name in names] or [table]
    return "\n".join(sorted(seen))


def _careful(step: Step, had: list[tuple[Json, Json]], number: int) -> Step:
    """A step that names monitors and tables that are there; `had` are the ids and requests of earlier monitors."""
    params = list(step.params)
    if step.method in ("monitor", "monitor_cond", "monitor_cond_since") and params[:1] == ["Fuzz"] and len(params) > 2:
        params[1] = f"{params[1]} {len(had)}" if params[1] in [known for known, _ in had] else params[1]
        had.append((params[1], params[2]))
    if step.method in ("monitor_cond_change", "monitor_cancel") and had and params:
        (old, params[0]), (_, requests) = (params[0], had[number % len(had)][0]), had[number % len(had)]
        if len(params) > 2 and isinstance(requests, dict) and isinstance(params[2], dict) and len(params[2]) > 1:
            params[1] = params[0] if params[1] == old else params[1]
            params[2] = {name: change for name, change in params[2].items() if name in requests}
    return step._replace(params=params)
