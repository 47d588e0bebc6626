"""The same conversations with our OVSDB server and with a real ovsdb-server: both clients hear the same of both.

Random ones (`wire_strategies.py`), against a standalone server and, for `monitor_cond_since`, against a cluster of
one: a standalone ovsdb-server keeps no history. `wire_conversations.py` says what is compared, and what is left open.
A conversation ends where ovsdb-server 3.1 loses weak references (`left_dangling` in `test_ovsdb_transactions.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings

from brume.ovsdb.schema_reader import read_schema
from brume.ovsdb.store import Store
from brume.tables.database import Database
from tests.agreement.our_server import OurServer
from tests.agreement.ovn_lab import short_directory
from tests.agreement.ovsdb_server import end, missing, run, start
from tests.agreement.test_ovsdb_transactions import EVERYTHING, STARTED, UUIDS, left_dangling
from tests.agreement.wire_conversations import Conversation, Step, leaves_halves
from tests.agreement.wire_peer import WirePeer, connect_when_there
from tests.agreement.wire_strategies import KNOWN, SCHEMA, conversations

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"no real ovsdb-server here: {missing()}")
Json = Any
# A cluster of ovsdb-server 3.1 stands still after a change of a column that must hold so many elements, or may not hold
# more than 2 or 3: it applies its log as differences, and a difference may have more elements, or none. And it forgets
# transactions when its history has more atoms than the database: so there is ballast.
LIMITS = (('"min": 1', '"min": 0'), ('"max": 2', '"max": 9'), ('"max": 3', '"max": 9'))
LOOSE = json.loads(reduce(lambda text, limit: text.replace(*limit), LIMITS, json.dumps(SCHEMA)))
LOOSE["tables"]["Ballast"] = {
    "columns": {"atoms": {"type": {"key": "integer", "min": 0, "max": "unlimited"}}},
    "isRoot": True,
}
BALLAST = {"op": "insert", "table": "Ballast", "row": {"atoms": ["set", list(range(20_000))]}}
CLEAR = Step("bob", "transact", ["Fuzz", *({"op": "delete", "table": name, "where": []} for name in SCHEMA["tables"])])
PREPARE = Step("bob", "transact", ["Fuzz", *STARTED])


class Servers(NamedTuple):
    """Sockets of ours and of theirs, with the same database."""

    ours: Path
    theirs: Path


def both(schema: Json, *, clustered: bool) -> Iterator[Servers]:
    """Start both, and end both."""
    with short_directory() as name:
        directory = Path(name)
        file, socket = directory / "real.db", directory / "real.sock"
        (directory / "fuzz.ovsschema").write_text(json.dumps(schema))
        create = ["create-cluster" if clustered else "create", str(file), str(directory / "fuzz.ovsschema")]
        run("ovsdb-tool", *create, *([f"unix:{directory}/raft.sock"] if clustered else []), directory=directory)
        real = start(
            "ovsdb-server",
            f"--remote=punix:{socket}",
            f"--unixctl={directory}/real.ctl",
            "-vconsole:off",
            f"--log-file={directory}/real.log",
            str(file),
            directory=directory,
        )
        try:
            connect_when_there(socket).close()
            with OurServer(directory, Store(Database("fuzz"), read_schema(schema))) as ours:
                yield Servers(Path(ours.unix.removeprefix("unix:")), socket)
        finally:
            end(real)


@pytest.fixture(scope="module")
def standalone() -> Iterator[Servers]:
    yield from both(SCHEMA, clustered=False)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Servers]:
    for servers in both(LOOSE, clustered=True):
        for socket in servers:
            peer = WirePeer(socket)
            peer.result("transact", "Fuzz", BALLAST)
            peer.close()
        yield servers


def agree(servers: Servers, history: list[Step]) -> None:
    """Hold the same conversation with both."""
    ours, theirs = Conversation(servers.ours, KNOWN), Conversation(servers.theirs, KNOWN)
    onlooker = WirePeer(servers.theirs)
    try:
        for step in (CLEAR, PREPARE, *history):
            mine, real = ours.hold(step), theirs.hold(step)
            if step.method == "transact" and left_dangling(onlooker.result("transact", "Fuzz", *EVERYTHING)):
                return
            if step is CLEAR:
                continue  # what a conversation left that ended early is no matter
            assert mine == real, step
            if leaves_halves(step, real[step.client]):
                return
    finally:
        ours.close()
        theirs.close()
        onlooker.close()


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=conversations(("monitor", "monitor_cond"), waits=True))
def test_both_clients_hear_the_same_of_both_servers(standalone: Servers, history: list[Step]) -> None:
    agree(standalone, history)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=conversations(("monitor_cond_since", "monitor_cond_since", "monitor_cond")))
def test_who_comes_back_is_told_the_same_by_both_servers(cluster: Servers, history: list[Step]) -> None:
    agree(cluster, history)


def change(name: str, number: int) -> Step:
    row = {"op": "update", "table": "Root", "where": [["name", "==", name]], "row": {"number": number}}
    return Step("bob", "transact", ["Fuzz", row])


def wait(client: str, number: int, *more: Json, timeout: int | None = None) -> Step:
    """Wait until the row "a" has this number."""
    found = {"op": "wait", "table": "Root", "where": [["name", "==", "a"]], "columns": ["number"], "until": "=="}
    found |= {"rows": [{"number": number}]} | ({} if timeout is None else {"timeout": timeout})
    return Step(client, "transact", ["Fuzz", found, *more], waits=timeout is None)


def cancel(client: str, request: int) -> Step:
    return Step(client, "cancel", [f"request {request}"], notification=True)


AWARE = [Step(client, "set_db_change_aware", [True]) for client in ("ann", "bob")]
NEW_LEAF = {"op": "insert", "table": "Root", "uuid": str(UUIDS["Root"][8]), "row": {"name": "late", "number": 4}}
WATCH = Step("ann", "monitor", ["Fuzz", 1, {"Root": {"columns": ["name", "number"]}}])
SERVER_ROWS = {"op": "select", "table": "Database", "where": [], "columns": ["name", "model", "connected", "leader"]}
DIALOGUES: dict[str, list[Step]] = {
    # The numbers of requests count from CLEAR and PREPARE, which are 0 and 1.
    "a lock goes from hand to hand": [
        Step("ann", "lock", ["one"]),
        Step("bob", "lock", ["one"]),
        Step("bob", "transact", ["Fuzz", {"op": "assert", "lock": "one"}]),
        Step("ann", "unlock", ["one"]),
        Step("bob", "transact", ["Fuzz", {"op": "assert", "lock": "one"}]),
        Step("ann", "unlock", ["one"]),
        Step("bob", "lock", ["one"]),
        Step("bob", "unlock", ["one"]),
    ],
    "a lock is stolen and stolen back": [
        Step("ann", "lock", ["one"]),
        Step("bob", "steal", ["one"]),
        Step("ann", "transact", ["Fuzz", {"op": "assert", "lock": "one"}]),
        Step("ann", "steal", ["one"]),
        Step("ann", "unlock", ["one"]),
        Step("ann", "steal", ["one"]),
        Step("bob", "unlock", ["one"]),
        Step("ann", "unlock", ["one"]),
    ],
    "names of locks": [
        Step("ann", "lock", params) for params in ([], ["1"], [1], ["a", "b"], [None], ["a b"], ["_a9"])
    ],
    "a wait ends when another changes the row": [wait("ann", 3), change("b", 5), change("a", 3)],
    "a wait that is true already": [wait("ann", 1), wait("ann", 1, timeout=0)],
    "a wait that never is true": [wait("ann", 3, timeout=0), wait("bob", 3, timeout=1)],
    "a wait is followed by what it waited for": [WATCH, wait("bob", 3, NEW_LEAF), change("a", 2), change("a", 3)],
    "two wait for each other's work": [
        wait("ann", 3, change("a", 4).params[1] | {"where": [["name", "==", "a"]]}),
        wait("bob", 4),
        change("a", 3),
    ],
    "a wait is cancelled": [wait("ann", 3), cancel("ann", 2), change("a", 3)],
    "a wait is cancelled by who knows of databases that go": [*AWARE, wait("ann", 3), cancel("ann", 4), change("a", 3)],
    "nobody cancels what another waits for": [*AWARE, wait("ann", 3), cancel("bob", 4), change("a", 3)],
    "cancelled is what is not there": [cancel("ann", 77), Step("ann", "cancel", [], notification=True)],
    "wrong waits": [
        Step(
            "ann", "transact", ["Fuzz", {"op": "wait", "table": "Root", "where": [], "until": "==", "rows": [], **more}]
        )
        for more in ({"timeout": -1}, {"timeout": "1"}, {"timeout": 1.5}, {"timeout": None}, {"columns": ["nothing"]})
    ],
    "cancel is no request": [Step("ann", "cancel", ["x"])],
    "monitors of another": [WATCH, Step("bob", "monitor_cancel", [1]), change("a", 3)],
    "numbers that are equal are the same id": [
        WATCH,
        Step("ann", "monitor_cancel", [1.0]),
        Step("ann", "monitor", ["Fuzz", 1e3, {}]),
        Step("ann", "monitor", ["Fuzz", 1000, {}]),
        Step("ann", "monitor", ["Fuzz", True, {}]),
        Step("ann", "monitor", ["Fuzz", "1000", {}]),
        Step("ann", "monitor", ["Fuzz", {"a": 1, "b": [2]}, {}]),
        Step("ann", "monitor", ["Fuzz", {"b": [2], "a": 1}, {}]),
    ],
    "a monitor gets another id": [
        Step("ann", "monitor_cond", ["Fuzz", "old", {"Root": [{"columns": ["name"], "where": [["number", ">", 1]]}]}]),
        Step("ann", "monitor_cond_change", ["old", "new", {"Root": [{"where": [["number", "<", 3]]}]}]),
        change("a", 4),
        Step("ann", "monitor_cancel", ["old"]),
        Step("ann", "monitor_cancel", ["new"]),
        change("a", 1),
    ],
    "a column is immutable": [
        Step("ann", "monitor", ["Fuzz", 1, {"Root": {"columns": ["fixed"]}}]),
        Step("bob", "transact", ["Fuzz", {"op": "update", "table": "Root", "where": [], "row": {"fixed": 1}}]),
        Step(
            "bob",
            "transact",
            ["Fuzz", {"op": "mutate", "table": "Root", "where": [], "mutations": [["fixed", "+=", 1]]}],
        ),
        Step(
            "bob",
            "transact",
            ["Fuzz", {"op": "insert", "table": "Root", "uuid": UUIDS["Root"][7], "row": {"fixed": 5}}],
        ),
    ],
    "the database of databases": [
        Step("ann", "transact", ["_Server", SERVER_ROWS]),
        Step("ann", "transact", ["_Server", {"op": "insert", "table": "Database", "row": {}}]),
        Step("ann", "transact", ["_Server", {"op": "delete", "table": "Database", "where": []}]),
        Step("ann", "monitor", ["_Server", 1, {"Database": {"columns": ["name"], "select": {"initial": False}}}]),
        Step("ann", "monitor", ["_Server", 1, {"Root": {}}]),
        Step("ann", "list_dbs", []),
        Step("ann", "list_dbs", [1, 2]),
    ],
    "the schema": [
        Step("ann", "get_schema", ["Fuzz"]),
        Step("ann", "get_schema", []),
        Step("ann", "get_schema", ["F", 1]),
    ],
    "databases that are not there": [
        Step("ann", method, params)
        for method in ("transact", "monitor", "monitor_cond", "monitor_cond_since", "get_schema", "convert")
        for params in ([], [None], ["Nothing"], [["Fuzz"]])
    ],
    "an id that nobody gave": [
        Step("ann", "get_server_id", []),
        Step("bob", "get_server_id", [1]),
    ],
    "a transaction that asks for the disk": [
        Step("ann", "transact", ["Fuzz", {"op": "commit", "durable": True}]),
        Step("ann", "transact", ["Fuzz", {"op": "commit", "durable": 1}]),
        Step("ann", "transact", ["Fuzz", {"op": "commit"}]),
        Step(
            "ann", "transact", ["Fuzz", NEW_LEAF, {"op": "commit", "durable": True}, {"op": "comment", "comment": "x"}]
        ),
    ],
    "operations that are none": [
        Step("ann", "transact", ["Fuzz", operation])
        for operation in (None, 1, "insert", [], {}, {"op": 1}, {"op": "insert"}, {"op": "insert", "table": 1})
    ],
    "of two conditions for one table the first counts": [
        Step(
            "ann",
            "monitor_cond",
            [
                "Fuzz",
                1,
                {
                    "Root": [
                        {"columns": ["name"], "where": [["name", "==", "a"]]},
                        {"columns": ["number"], "where": [["name", "==", "b"]]},
                    ]
                },
            ],
        ),
        change("b", 5),
        change("a", 5),
    ],
    "a condition that is only true or false": [
        Step("ann", "monitor_cond", ["Fuzz", 1, {"Root": [{"columns": ["name"], "where": [False]}]}]),
        Step("ann", "monitor_cond_change", [1, 1, {"Root": [{"where": [True]}]}]),
        Step("ann", "monitor_cond_change", [1, 1, {"Root": [{"where": [False, ["name", "==", "a"]]}]}]),
        Step("ann", "monitor_cond_change", [1, 1, {"Root": [{"where": []}]}]),
        Step("ann", "monitor_cond_change", [1, 1, {"Root": []}]),
        Step("ann", "monitor_cond_change", [1, 1, {}]),
    ],
}


@pytest.mark.parametrize("dialogue", DIALOGUES.values(), ids=DIALOGUES.keys())
def test_a_dialogue_goes_the_same_way_with_both(standalone: Servers, dialogue: list[Step]) -> None:
    agree(standalone, dialogue)
