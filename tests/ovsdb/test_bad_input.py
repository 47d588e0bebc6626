"""Whatever a client says, the server answers or hangs up, and another client does not notice.

Here are the wrong things that can be said in JSON; what is no JSON, too much or too slow is in `test_wire.py` and
`test_server_sockets.py`. Nothing is mocked and nothing sleeps: sessions without sockets take octets and give octets.
"""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from brume.ovsdb.server.methods import METHODS
from tests.ovsdb.conversations import NB, ZERO, Client, Lab, add_port, add_switch

Json = Any
UUID = "1b9e8c0e-5b1c-4b7f-8a52-9a1e6a3c1d11"
WHERE = [["name", "==", "left"]]
EVERYTHING = {table: {} for table in ("Logical_Switch", "Logical_Switch_Port", "ACL", "NB_Global")}
# Requests that are right, one of each kind; the wrong ones are made from them.
RIGHT: list[tuple[str, list[Json]]] = [
    ("transact", [NB, add_switch("x", other_config=["map", [["a", "b"]]]), *add_port("left", "p")]),
    ("transact", [NB, {"op": "select", "table": "Logical_Switch", "where": WHERE, "columns": ["name", "ports"]}]),
    ("transact", [NB, {"op": "update", "table": "Logical_Switch", "where": WHERE, "row": {"ports": ["set", []]}}]),
    ("transact", [NB, {"op": "delete", "table": "Logical_Switch", "where": [["_uuid", "!=", ["uuid", UUID]]]}]),
    (
        "transact",
        [
            NB,
            {
                "op": "mutate",
                "table": "NB_Global",
                "where": [],
                "mutations": [["nb_cfg", "+=", 1], ["options", "insert", ["map", [["a", "1"]]]]],
            },
        ],
    ),
    (
        "transact",
        [
            NB,
            {
                "op": "wait",
                "table": "Logical_Switch",
                "where": WHERE,
                "columns": ["name"],
                "until": "!=",
                "rows": [{"name": "left"}],
                "timeout": 0,
            },
        ],
    ),
    ("transact", [NB, {"op": "comment", "comment": "x"}, {"op": "commit", "durable": True}, {"op": "abort"}]),
    ("transact", [NB, {"op": "assert", "lock": "one"}]),
    ("transact", ["_Server", {"op": "select", "table": "Database", "where": []}]),
    ("monitor", [NB, "m", {"Logical_Switch": {"columns": ["name"], "select": {"initial": True, "modify": False}}}]),
    ("monitor", [NB, "m", {"Logical_Switch": [{"columns": ["name"]}, {"columns": ["ports"]}]}]),
    ("monitor_cond", [NB, "m", {"Logical_Switch": [{"columns": ["name"], "where": WHERE}]}]),
    ("monitor_cond_since", [NB, "m", {"Logical_Switch": [{"where": [False]}]}, ZERO]),
    ("monitor_cond_change", ["held", "held", {"Logical_Switch": [{"where": WHERE}]}]),
    ("monitor_cond_change", ["held", "renamed", {}]),
    ("monitor_cancel", ["held"]),
    ("lock", ["one"]),
    ("steal", ["one"]),
    ("unlock", ["one"]),
    ("get_schema", [NB]),
    ("list_dbs", []),
    ("get_server_id", []),
    ("set_db_change_aware", [True]),
    ("convert", [NB, {"name": NB, "tables": {}}]),
    ("echo", [{"a": 1}]),
]
WORDS = [
    "set",
    "map",
    "uuid",
    "named-uuid",
    "new",
    "name",
    "ports",
    "_uuid",
    "_version",
    "op",
    "insert",
    "table",
    "where",
]
WORDS += [
    NB,
    "Logical_Switch",
    "nothing",
    "",
    "a\0b",
    "ü\U0001f600",
    "x" * 300,
    UUID,
    ZERO,
    "==",
    "includes",
    "+=",
    "held",
]
numbers = st.sampled_from([0, 1, -1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**40, 10**400, 0.5, -0.0, 1e308, 1.0])
scalars = st.none() | st.booleans() | numbers | st.sampled_from(WORDS) | st.text(max_size=3)
wild = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


def paths(json_: Json, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places in a JSON value where something else may stand."""
    found = [path] if path else []
    inner = json_.items() if isinstance(json_, dict) else enumerate(json_) if isinstance(json_, list) else ()
    for key, value in inner:
        found += paths(value, (*path, key))
    return found


@st.composite
def nearly_right(draw: Any) -> tuple[str, list[Json]]:
    """A right request in which one to three places hold something else, or nothing, or the same twice."""
    method, right = draw(st.sampled_from(RIGHT))
    params = copy.deepcopy(right)
    for _ in range(draw(st.integers(1, 3))):
        places = paths(params)
        if not places:
            return method, [draw(wild)]
        *way, last = draw(st.sampled_from(places))
        where = params
        for key in way:
            where = where[key]
        kind = draw(st.sampled_from(["replace", "replace", "remove", "again"]))
        if kind == "remove":
            del where[last]
        elif kind == "again" and isinstance(where, list):
            where.append(where[last])
        else:
            where[last] = draw(wild)
    return method, params


class Scene:
    """A wild client, and a quiet one that must not notice."""

    def __init__(self) -> None:
        self.lab = Lab()
        self.quiet = self.lab.client()
        self.quiet.transact(add_switch("left"), {"op": "insert", "table": "NB_Global", "row": {}})
        self.come_in()

    def come_in(self) -> None:
        """The wild client comes, watches, and stands in the queue for a lock."""
        self.wild: Client = self.lab.client()
        self.wild.ask("monitor_cond", NB, "held", EVERYTHING)
        self.wild.ask("lock", "two")

    def say(self, method: str, params: Json) -> None:
        """The wild client says something: it gets one answer at most, or is sent away."""
        answers = [m for m in self.wild.say({"id": "x", "method": method, "params": params}) if "method" not in m]
        assert self.wild.session.closed or len(answers) <= 1
        assert self.wild.session.closed or answers or self.wild.session.waiting or method == "transact"
        if self.wild.session.closed or self.wild.session.waiting:
            self.wild.session.close()
            self.come_in()

    def check(self) -> None:
        """The quiet client is served as before."""
        assert self.quiet.ask("echo", 1) == [1]
        assert self.quiet.ask("transact", NB, {"op": "select", "table": "NB_Global", "where": [], "columns": []})


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(requests=st.lists(nearly_right(), min_size=1, max_size=8))
def test_a_request_that_is_nearly_right_is_answered(requests: list[tuple[str, list[Json]]]) -> None:
    scene = Scene()
    for method, params in requests:
        scene.say(method, params)
        scene.check()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(method=st.sampled_from([*METHODS, "fly", ""]), params=wild)
def test_any_json_may_be_the_params_of_any_method(method: str, params: Json) -> None:
    scene = Scene()
    scene.say(method, params)
    scene.say(method, [params])
    scene.say(method, [NB, params, params])
    scene.check()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    message=st.dictionaries(st.sampled_from(["id", "method", "params", "result", "error", "x"]), wild, max_size=5)
    | wild
)
@example(message={"id": None, "method": "transact", "params": [NB]})
@example(message={"id": {"a": []}, "method": "echo", "params": []})
@example(message={"id": "echo", "result": [], "error": None})
def test_any_json_may_be_a_message(message: Json) -> None:
    scene = Scene()
    scene.wild.say(json.dumps(message).encode())
    scene.check()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    which=st.lists(st.sampled_from(RIGHT), min_size=1, max_size=3),
    place=st.integers(0, 10_000),
    octets=st.binary(max_size=3),
    cut=st.booleans(),
    pieces=st.lists(st.integers(0, 10_000), max_size=4),
)
def test_octets_that_are_changed_on_the_way_are_read_or_end_the_session(
    which: list[tuple[str, list[Json]]], place: int, octets: bytes, cut: bool, pieces: list[int]
) -> None:
    scene = Scene()
    stream = b"".join(json.dumps({"id": 1, "method": method, "params": params}).encode() for method, params in which)
    place %= len(stream)
    stream = stream[:place] + octets + stream[place + len(octets) * cut :]
    ends = sorted(piece % len(stream) for piece in pieces)
    for start, end in zip([0, *ends], [*ends, len(stream)], strict=True):
        scene.wild.say(stream[start:end])
    scene.check()


MANY = [{"op": "comment", "comment": "x"}] * 5_000


@pytest.mark.parametrize(
    "operations",
    [
        MANY,
        [add_switch("same")] * 1_000,
        [{"op": "insert", "table": "Logical_Switch", "row": {}, "uuid-name": f"n{number}"} for number in range(1_000)],
        [{"op": "select", "table": "Logical_Switch", "where": WHERE * 5_000}],
        [{"op": "select", "table": "Logical_Switch", "where": [], "columns": ["name"] * 5_000}],
        [{"op": "mutate", "table": "NB_Global", "where": [], "mutations": [["nb_cfg", "*=", 3]] * 5_000}],
        [add_switch("a", other_config=["map", [[str(number), "x"] for number in range(20_000)]])],
        [add_switch("a", ports=["set", [["named-uuid", f"p{number}"] for number in range(5_000)]])],
        [add_switch("a", **{"x" * 100_000: 1})],
        [
            {
                "op": "wait",
                "table": "Logical_Switch",
                "where": [],
                "columns": ["name"],
                "until": "==",
                "rows": [{"name": ""}] * 5_000,
            }
        ],
    ],
    ids=[
        "operations",
        "duplicates",
        "names",
        "clauses",
        "columns",
        "mutations",
        "pairs",
        "references",
        "a name",
        "rows",
    ],
)
def test_much_of_anything_is_answered_in_time_that_grows_with_it(operations: list[Json]) -> None:
    scene = Scene()
    scene.say("transact", [NB, *operations])
    scene.check()
