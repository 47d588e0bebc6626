"""Requests that are wrong in some way, told to our server and to a real ovsdb-server: both answer in the same words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from brume.northbound.schema import NORTHBOUND
from brume.ovsdb.store import Store
from brume.tables.database import Database
from tests.agreement.our_server import OurServer
from tests.agreement.ovn_lab import short_directory
from tests.agreement.ovsdb_server import OvsdbServer, missing
from tests.agreement.wire_peer import HungUp, WirePeer

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"no real ovsdb-server here: {missing()}")
Json = Any
NB = "OVN_Northbound"
NEVER = "00000000-0000-0000-0000-000000000001"
HUNG_UP = "hung up"


def wait(**more: Json) -> Json:
    """An operation that waits for an ACL."""
    return {"op": "wait", "table": "ACL", "where": [], "columns": [], "until": "==", "rows": [{}], **more}


# each line is one conversation: (method, params...), in order, on a connection of its own
CONVERSATIONS: list[list[tuple[Any, ...]]] = [
    [("echo", 1, {"a": None}), ("nope",), ("convert",), ("list_dbs", 1, 2)],
    [("get_schema",), ("get_schema", "x"), ("get_schema", 1), ("get_schema", NB, 2, 3)],
    [("transact",), ("transact", "x"), ("transact", NB), ("transact", NB, 1), ("transact", NB, wait(timeout=0))],
    [("transact", "_Server", {"op": "insert", "table": "Database", "row": {}})],
    [("transact", "_Server", {"op": "insert", "table": "Database", "row": {"model": "standalone"}})],
    [("transact", "_Server", {"op": "delete", "table": "Database", "where": []})],
    [("lock",), ("lock", 1), ("lock", "a b"), ("unlock", "1")],
    [("lock", "a"), ("lock", "a"), ("steal", "a"), ("unlock", "a"), ("unlock", "a"), ("lock", "a")],
    [("set_db_change_aware",), ("set_db_change_aware", 1), ("set_db_change_aware", True)],
    [("monitor", NB, 1, []), ("monitor", NB, 1, {"x": []}), ("monitor", NB, 1, {"ACL": 3})],
    [("monitor", NB, 1, {"ACL": {"columns": columns}}) for columns in (["x"], [1], ["match", "match"], 1)],
    [("monitor", NB, 1, {"ACL": {"select": select}}) for select in ({"x": 1}, {"initial": 1}, 1)],
    [("monitor", NB, 1, {"ACL": {"x": 1}}), ("monitor", NB, 1, {"ACL": {"where": []}})],
    [("monitor", NB, 1, {"ACL": [{"columns": ["match"]}, {"columns": ["match"]}]})],
    [("monitor", NB, None, {"ACL": {}}), ("monitor", NB, None, {}), ("monitor_cancel", None), ("monitor_cancel", None)],
    [("monitor", NB, [1, "a"], {"ACL": {}}), ("monitor_cond", NB, [1, "a"], {}), ("monitor_cancel", [1, "a"])],
    [("monitor_cancel",), ("monitor_cond", NB, 1), ("monitor_cond", NB, 1, {}, 3)],
    [
        ("monitor_cond", NB, 1, {"ACL": {"where": where}})
        for where in (1, [1], [["x", "==", 1]], [["match", "==", 1]], [["match", "~", 1]], [["match", "<", "a"]])
    ],
    [("monitor_cond_since", NB, 1, {}), ("monitor_cond_since", NB, 1, {}, 3), ("monitor_cond_since", NB, 1, {}, "x")],
    [("monitor_cond", NB, 1, {"ACL": {}}), ("monitor_cond_since", NB, 1, {"ACL": {}}, NEVER)],
    [("monitor_cond_change",), ("monitor_cond_change", 1, 2, {})],
    [
        ("monitor_cond", NB, 1, {"ACL": {}}),
        ("monitor_cond", NB, 2, {"ACL": {}}),
        ("monitor_cond_change", 1, 2, {}),
        ("monitor_cond_change", 1, 1, []),
        *(
            ("monitor_cond_change", 1, 1, change)
            for change in (
                {"x": []},
                {"QoS": []},
                {"ACL": 1},
                {"ACL": [1]},
                {"ACL": [{"columns": []}]},
                {"ACL": [{"where": [1]}]},
                {"ACL": [{"where": [], "x": 1}]},
            )
        ),
        ("monitor_cond_change", 1, 3, {"ACL": [{"where": [False]}]}),
        ("monitor_cancel", 3),
    ],
]
# octets that are a message, or not; alone on a connection
OCTETS = [
    b"[]",
    b"{}",
    b'{"id":1}',
    b'{"id":1,"method":"echo"}',
    b'{"id":1,"method":"echo","params":{}}',
    b'{"id":1,"method":1,"params":[]}',
    b'{"id":1,"method":"echo","params":[],"x":1}',
    b'{"id":0,"method":null,"params":[]}',
    b'{"id":0,"method":"echo","params":null}',
    b'{"id":0,"method":"echo","params":[],"result":null,"error":null}',
    b'{"id":1,"id":2,"method":"list_dbs","params":[],"params":[]}',
    b'{"id":1,"method":"get_schema","params":[{"a":1,"a":2}]}',
    b'{"id":1,"method":"get_schema","params":["\\u0000"]}',
    b'{"id":1,"method":"get_schema","params":["\\\\u0000"]}',
    b'{"id":1,"method":"get_schema","params":["\xc3\xa9\\ud83d\\ude00"]}',
    b'{"id":1,"method":"get_schema","params":["\\ud83d"]}',
    b'{"id":1,"method":"get_schema","params":["a\tb"]}',
    b'{"id":1,"method":"get_schema","params":["\\/\\b\x7f"]}',
    b'{"id":1,"method":"get_schema","params":[1e3,1.5,1.0,9223372036854775807,9223372036854775808,-0,0.1,1e22]}',
    b'{"id":1,"method":"get_schema","params":[1e400]}',
    b'{"id":1,"method":"get_schema","params":[01]}',
    b'{"id":1,"method":"get_schema","params":[1,]}',
    b'{"id":1,"method":"get_schema","params":[NaN]}',
    b'{"id":{"a":[1]},"method":"get_schema","params":[]}',
    b'{"id":false,"method":"get_schema","params":[]}',
    b'{"id":1,"result":[],"error":null}',
    b'{"id":"echo","result":[],"error":null}',
    b'{"id":"echo","result":null,"error":"x"}',
    b'{"id":null,"method":"foo","params":[]}',
    b'{"id":null,"method":"cancel","params":[]}',
    b' \n\r\t{"id":0,"method":"get_schema","params":[]} \n',
    b'{"id":0,"method":"get_schema","params":[]}\x00',
]


@pytest.fixture(scope="module")
def sockets() -> Iterator[tuple[str, str]]:
    """Ours, and theirs."""
    with short_directory() as name:
        directory = Path(name)
        (directory / "nb.ovsschema").write_text(json.dumps(NORTHBOUND.to_json()))
        real = OvsdbServer(directory, "nb", directory / "nb.ovsschema")
        try:
            with OurServer(directory, Store(Database("nb"), NORTHBOUND)) as ours:
                yield ours.unix.removeprefix("unix:"), str(real.socket)
        finally:
            real.stop()


def comparable(message: Json) -> Json:
    """Without what may differ: an error reply of ovsdb-server has no "result", databases have no order."""
    found = {name: value for name, value in message.items() if value is not None or name == "id"}
    if isinstance(found.get("result"), list) and all(isinstance(item, str) for item in found["result"]):
        found["result"] = sorted(found["result"])
    return found


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda found: json.dumps(found)[1:50])
def test_wrong_requests_are_refused_in_the_same_words(
    sockets: tuple[str, str], conversation: list[tuple[Any, ...]]
) -> None:
    def hold(path: str) -> list[Json]:
        peer = WirePeer(path)
        try:
            return [comparable(peer.ask(method, *params)) for method, *params in conversation]
        finally:
            peer.close()

    ours, theirs = map(hold, sockets)
    assert ours == theirs


@pytest.mark.parametrize("octets", OCTETS, ids=repr)
def test_octets_are_answered_alike_or_end_the_connection_alike(sockets: tuple[str, str], octets: bytes) -> None:
    def hold(path: str) -> list[Json]:
        peer = WirePeer(path)
        try:
            peer.send_octets(octets)
            return [comparable(message) for message in peer.settle()]
        except (HungUp, ConnectionError):
            return [HUNG_UP]
        finally:
            peer.close()

    ours, theirs = map(hold, sockets)
    assert ours == theirs


@pytest.mark.parametrize("aware", [True, False])
def test_a_transaction_that_waits_is_cancelled_alike(sockets: tuple[str, str], aware: bool) -> None:
    def hold(path: str) -> list[Json]:
        peer = WirePeer(path)
        try:
            peer.ask("set_db_change_aware", aware)
            peer.send({"id": "w", "method": "transact", "params": [NB, wait()]})
            peer.send({"id": "w", "method": "transact", "params": [NB]})
            peer.send({"id": None, "method": "cancel", "params": ["w"]})
            peer.send({"id": "w", "method": "transact", "params": [NB]})
            return [comparable(message) for message in peer.settle()]
        finally:
            peer.close()

    ours, theirs = map(hold, sockets)
    assert ours == theirs
