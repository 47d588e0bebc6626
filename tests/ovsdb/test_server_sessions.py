"""Conversations with an OVSDB server: requests, locks, transactions that wait, silence, and clients that misbehave."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from brume.northbound.schema import LogicalSwitch
from brume.ovsdb.columns import OvsdbRow
from brume.ovsdb.server.methods import METHODS
from brume.ovsdb.server.output import DEFAULT_LIMITS
from brume.ovsdb.store import Store
from brume.ovsdb.wire.messages import print_json
from brume.southbound.schema import SOUTHBOUND
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.values.uuids import derive_uuid
from tests.ovsdb.conversations import NB, Lab, add_port, add_switch


def wait_for_switch(name: str, timeout: int | None = None) -> dict[str, object]:
    """An operation that goes on when there is a switch of this name."""
    found = {
        "op": "wait",
        "table": "Logical_Switch",
        "where": [["name", "==", name]],
        "columns": ["name"],
        "until": "==",
        "rows": [{"name": name}],
    }
    return found if timeout is None else {**found, "timeout": timeout}


def test_a_client_asks_what_is_served() -> None:
    client = Lab().client()
    assert client.ask("echo", 1, {"a": [None]}) == [1, {"a": [None]}]
    assert sorted(client.ask("list_dbs")) == ["OVN_Northbound", "_Server"]
    assert client.ask("get_schema", NB)["version"] == "7.0.0"
    assert len(client.ask("get_server_id")) == 36
    assert client.ask("nonsense") == "unknown method"
    assert client.ask("get_schema", "Open_vSwitch")["error"] == "unknown database"


def test_the_server_database_tells_of_all_databases() -> None:
    lab = Lab()
    client = lab.client()
    client.ask("set_db_change_aware", True)
    where: list[object] = [["name", "==", NB]]
    select = {"op": "select", "table": "Database", "where": where, "columns": ["model", "leader", "connected", "index"]}
    (found,) = client.ask("transact", "_Server", select)
    assert found["rows"] == [{"model": "standalone", "leader": True, "connected": True, "index": ["set", []]}]
    client.ask("monitor", "_Server", "m", {"Database": {"columns": ["name"]}})
    lab.host.add(Store(Database("sb"), SOUTHBOUND))
    (update,) = client.read()
    (row,) = update["params"][1]["Database"].values()
    assert row == {"new": {"name": "OVN_Southbound"}}
    (refused,) = client.ask("transact", "_Server", {"op": "delete", "table": "Database", "where": []})
    assert refused["error"] == "not allowed"


def test_a_database_that_goes_takes_its_monitors_with_it_and_sends_away_who_is_not_aware() -> None:
    lab = Lab()
    aware, unaware = lab.client(), lab.client()
    aware.ask("set_db_change_aware", True)
    aware.ask("monitor", NB, ["m"], {"ACL": {}})
    lab.host.remove(NB)
    (cancelled,) = aware.read()
    assert (cancelled["method"], cancelled["params"]) == ("monitor_canceled", [["m"]])
    assert unaware.session.closed == "removing OVN_Northbound database"
    assert aware.ask("list_dbs") == ["_Server"]


# locks


def test_a_lock_is_waited_for_in_order() -> None:
    lab = Lab()
    first, second, third = lab.client(), lab.client(), lab.client()
    assert first.ask("lock", "northd") == {"locked": True}
    assert second.ask("lock", "northd") == {"locked": False}
    assert third.ask("lock", "northd") == {"locked": False}
    assert first.ask("unlock", "northd") == {}
    assert [(told["method"], told["params"]) for told in second.read()] == [("locked", ["northd"])]
    second.session.close()
    assert [told["method"] for told in third.read()] == ["locked"]


def test_a_stolen_lock_comes_back_to_who_had_waited_for_it_not_to_a_thief() -> None:
    lab = Lab()
    honest, thief, other = lab.client(), lab.client(), lab.client()
    honest.ask("lock", "l")
    assert thief.ask("steal", "l") == {"locked": True}
    assert [told["method"] for told in honest.read()] == ["stolen"]
    other.ask("steal", "l")
    assert [told["method"] for told in thief.read()] == ["stolen"]
    other.ask("unlock", "l")
    assert [told["method"] for told in honest.read()] == ["locked"]
    assert thief.read() == []
    assert thief.ask("unlock", "l") == {}


def test_a_transaction_asserts_a_lock() -> None:
    lab = Lab()
    owner, other = lab.client(), lab.client()
    owner.ask("lock", "l")
    other.ask("lock", "l")
    assertion = {"op": "assert", "lock": "l"}
    assert owner.transact(assertion) == [{}]
    assert other.transact(assertion)[0]["error"] == "not owner"


# transactions that wait


def test_a_transaction_waits_until_another_client_makes_it_true() -> None:
    lab = Lab()
    patient, maker = lab.client(), lab.client()
    assert patient.say(patient.request("transact", NB, wait_for_switch("left"))) == []
    maker.transact(add_switch("right"))
    assert patient.read() == []
    maker.transact(add_switch("left"))
    (answer,) = patient.read()
    assert answer["result"] == [{}]


def test_a_transaction_waits_for_what_a_compiler_writes() -> None:
    lab = Lab()
    patient = lab.client()
    patient.say(patient.request("transact", NB, wait_for_switch("left"), {"op": "comment", "comment": "seen"}))
    transaction = Transaction()
    transaction.put(LogicalSwitch(uuid="6c7f6bf6-5f0d-4d3e-8d8e-1f6a0c1f1d11", name="left"))
    lab.store.database.apply(transaction)
    (answer,) = patient.read()
    assert answer["result"] == [{}, {}]


def test_a_wait_times_out_after_the_time_it_gave() -> None:
    lab = Lab()
    patient = lab.client()
    patient.say(patient.request("transact", NB, wait_for_switch("left", 500)))
    lab.clock.advance(499)
    assert patient.read() == []
    lab.clock.advance(1)
    (answer,) = patient.read()
    assert answer["result"] == [{"error": "timed out", "details": '"wait" timed out after 500 ms'}]


def test_a_transaction_that_waits_can_be_cancelled() -> None:
    lab = Lab()
    patient = lab.client()
    patient.ask("set_db_change_aware", True)
    request = patient.request("transact", NB, wait_for_switch("left"), add_switch("right"))
    patient.say(request)
    (answer,) = patient.say({"id": None, "method": "cancel", "params": [request["id"]]})
    assert answer == {"id": request["id"], "error": "canceled", "result": None}
    lab.client().transact(add_switch("left"))
    assert patient.read() == []
    assert lab.served.waiting == {}


def test_an_id_may_not_be_used_twice_while_it_waits() -> None:
    client = Lab().client()
    request = client.request("transact", NB, wait_for_switch("left"))
    client.say(request)
    (answer,) = client.say(request)
    assert answer["error"]["details"] == "transact: duplicate request ID"


def test_what_a_client_waited_for_is_forgotten_when_it_leaves() -> None:
    lab = Lab()
    patient = lab.client()
    patient.ask("lock", "l")
    patient.ask("monitor", NB, 1, {"ACL": {}})
    patient.say(patient.request("transact", NB, wait_for_switch("left", 500)))
    patient.session.close()
    assert lab.served.waiting == {}
    assert lab.client().ask("lock", "l") == {"locked": True}
    lab.clock.advance(1000)
    assert patient.read() == []


# storage


class Disk:
    """A storage that can be full."""

    def __init__(self) -> None:
        self.full = False
        self.kept: list[tuple[str, bool]] = []

    def append(self, changes: ChangeSet, *, comment: str = "", durable: bool = False) -> None:
        """Keep it, or fail."""
        if self.full:
            raise OSError(28, "No space left on device")
        self.kept.append((comment, durable))

    def later(self, changes: ChangeSet) -> None:
        """Keep it already."""
        self.append(changes)

    def flush(self) -> None:
        """Nothing is left to be kept."""


def test_a_transaction_is_kept_with_its_comment_before_it_is_answered() -> None:
    disk = Disk()
    Lab(disk).client().transact(
        add_switch("left"), {"op": "comment", "comment": "made by hand"}, {"op": "commit", "durable": True}
    )
    assert disk.kept == [("made by hand", True)]


def test_a_transaction_that_cannot_be_kept_has_never_been() -> None:
    disk = Disk()
    lab = Lab(disk)
    client, watcher = lab.client(), lab.client()
    watcher.ask("monitor", NB, 1, {"Logical_Switch": {"columns": ["name", "ports"]}})
    client.transact(add_switch("left"))
    watcher.read()
    disk.full = True
    results = client.transact(*add_port("left", "p1"), add_switch("right"))
    assert results[-1] == {"error": "I/O error", "details": "OVN_Northbound: write failed: No space left on device"}
    assert watcher.read() == []
    disk.full = False
    select = {"op": "select", "table": "Logical_Switch", "where": [], "columns": ["name", "ports"]}
    assert client.transact(select) == [{"rows": [{"name": "left", "ports": ["set", []]}]}]
    assert client.transact(*add_port("left", "p1"))[1] == {"count": 1}
    assert lab.served.storage_problem == ""


def test_what_somebody_has_answered_to_is_undone_before_the_eyes_of_all() -> None:
    disk = Disk()
    lab = Lab(disk)
    database = lab.store.database

    def write_back(changes: ChangeSet) -> None:
        transaction = Transaction()
        for change in changes.rows:
            if change.old is None and isinstance(change.new, LogicalSwitch):
                transaction.put(LogicalSwitch(uuid=change.new.uuid, name="answered"))
        database.apply(transaction)

    database.subscribe(write_back)
    client, watcher = lab.client(), lab.client()
    watcher.ask("monitor_cond", NB, 1, {"Logical_Switch": [{"columns": ["name"]}]})
    disk.full = True
    assert client.transact(add_switch("left"))[-1]["error"] == "I/O error"
    told = [next(iter(message["params"][1]["Logical_Switch"].values())) for message in watcher.read()]
    assert told == [{"insert": {"name": "answered"}}, {"delete": None}]
    assert database.rows(LogicalSwitch) == []
    assert lab.served.storage_problem


def test_a_compiler_that_fails_keeps_a_change_neither_from_the_file_nor_from_the_monitors() -> None:
    disk = Disk()
    lab = Lab()
    lab.served.close()
    lab.host.served.clear()

    def fail(_: ChangeSet) -> None:
        raise RuntimeError("a rule has a fault")

    lab.store.database.subscribe(fail)
    lab.host.add(lab.store, disk)
    client, watcher = lab.client(), lab.client()
    watcher.ask("monitor", NB, 1, {"Logical_Switch": {"columns": ["name"]}})
    (inserted,) = client.transact(add_switch("left"))
    assert inserted["uuid"]
    assert len(disk.kept) == len(watcher.read()) == 1
    disk.full = True
    assert client.transact(add_switch("right"))[-1]["error"] == "I/O error"
    assert [row.name for row in lab.store.database.rows(LogicalSwitch)] == ["left"]
    assert [str(fault.__cause__ or fault) for fault in lab.faults] == ["a rule has a fault"] * 3


def test_a_fault_of_ours_ends_one_session_and_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab()
    client, other = lab.client(), lab.client()

    def fail(*_: object) -> None:
        raise RuntimeError("a method has a fault")

    monkeypatch.setitem(METHODS, "list_dbs", fail)
    assert client.say(client.request("list_dbs")) == []
    assert client.session.closed == "a fault of the server's"
    assert [str(fault) for fault in lab.faults] == ["a method has a fault"]
    assert other.ask("echo", 1) == [1]


def test_who_cannot_be_told_what_happened_is_hung_up_on_and_the_others_are_told() -> None:
    lab = Lab()
    blind, watchers = lab.client(), [lab.client(), lab.client(), lab.client()]
    for watcher, column in zip(watchers, ("name", "other_config", "external_ids"), strict=True):
        watcher.ask("monitor_cond", NB, "m", {"Logical_Switch": {"columns": [column]}})
    unprintable: Any = object()
    transaction = Transaction()
    transaction.put(LogicalSwitch(uuid=derive_uuid("test", "bad"), name="bad", other_config=unprintable))
    lab.store.database.apply(transaction)
    assert [watcher.session.closed for watcher in watchers] == ["", "a fault of the server's", ""]
    assert [len(watcher.read()) for watcher in watchers] == [1, 0, 1]
    assert len(lab.faults) == 1
    assert blind.ask("echo", 1) == [1]


def test_schemas_that_clients_send_are_not_remembered() -> None:
    client = Lab().client()
    tables = {"Left": {"columns": {"name": {"type": "string"}}}}
    schema = {"name": NB, "version": "1.0.0", "tables": tables}
    gc.collect()
    before = len(OvsdbRow.__subclasses__())
    assert client.ask("convert", NB, schema)["error"] == "not supported"
    gc.collect()
    assert len(OvsdbRow.__subclasses__()) == before


# silence and bad manners


def test_a_silent_client_is_asked_and_then_dropped() -> None:
    lab = Lab()
    client = lab.client(probe=5000)
    lab.clock.advance(4000)
    client.ask("echo")
    lab.clock.advance(4999)
    assert client.read() == []
    lab.clock.advance(1)
    (probe,) = client.read()
    assert probe == {"id": "echo", "method": "echo", "params": []}
    client.say({"id": "echo", "result": [], "error": None})
    lab.clock.advance(5000)
    assert len(client.read()) == 1
    lab.clock.advance(5000)
    assert client.session.closed == "no response to inactivity probe after 5 seconds"
    assert lab.host.sessions == {}


@pytest.mark.parametrize("octets", [b"x", b"[1]", b'{"id":1,"method":"echo"}', b'{"id":9,"result":1,"error":null}'])
def test_what_is_no_message_ends_the_session_and_no_other(octets: bytes) -> None:
    lab = Lab()
    bad, good = lab.client(), lab.client()
    before = print_json(bad.request("echo", "first"))
    answers = bad.say(before + octets)
    assert bad.session.closed
    assert [answer["result"] for answer in answers] == [["first"]]
    assert good.ask("echo", 1) == [1]


def test_a_client_that_does_not_read_is_asked_nothing_more() -> None:
    client = Lab().client()
    octets = b"".join(print_json(client.request("echo", "x" * 100_000)) for _ in range(50))
    client.session.receive(octets)
    assert 0 < client.session.output.size - DEFAULT_LIMITS.slow < 200_000
    assert len(client.read()) == 50


def test_a_client_with_many_requests_lets_others_have_their_turn() -> None:
    lab = Lab()
    client = lab.client()
    client.session.receive(b"".join(print_json(client.request("echo", 1)) for _ in range(1000)))
    assert client.session.busy
    assert lab.client().ask("echo", 2) == [2]
    assert len(client.read()) == 1000
    assert not client.session.busy


def test_a_read_only_client_reads() -> None:
    client = Lab().client(read_only=True)
    assert client.transact(add_switch("left"))[0]["error"] == "not allowed"
    assert client.transact({"op": "select", "table": "ACL", "where": []}) == [{"rows": []}]
    assert client.ask("lock", "l") == "lock and unlock methods not allowed, DB server is read only."


def test_a_thousand_idle_clients_cost_nothing_to_others() -> None:
    lab = Lab()
    clients = [lab.client(probe=5000) for _ in range(1000)]
    assert clients[0].transact(add_switch("left"))[0]["uuid"]
    assert len(lab.host.sessions) == 1000
    lab.clock.advance(10_000)
    assert len(lab.host.sessions) == 0
