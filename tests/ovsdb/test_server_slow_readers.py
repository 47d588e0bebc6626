"""Readers that are slower than the database changes: they are told what it all came to, and cost what that is."""

from __future__ import annotations

import pytest

from brume.northbound.schema import LogicalSwitch
from brume.ovsdb.server.history import History
from brume.ovsdb.server.output import Limits
from brume.tables.database import Transaction
from brume.values.uuids import derive_uuid
from tests.ovsdb.conversations import NB, ZERO, Client, Json, Lab, add_port, add_switch, messages
from tests.ovsdb.monitored_switches import SWITCHES, delete_switch, the_switch, update_switch

SLOW = Limits(slow=300)
REMEMBERED = 10


@pytest.fixture
def lab() -> Lab:
    """A host that remembers ten transactions."""
    lab = Lab()
    lab.served.watchers.history = History(lab.host.new_uuid, transactions=REMEMBERED)
    return lab


def watcher(lab: Lab, limits: Limits = SLOW, version: int = 2) -> Client:
    """A client that watches the switches."""
    found = lab.client(limits=limits)
    if version == 3:
        found.ask("monitor_cond_since", NB, "m", SWITCHES, ZERO)
    else:
        found.ask("monitor" if version == 1 else "monitor_cond", NB, "m", SWITCHES)
    return found


def stalled(lab: Lab, limits: Limits = SLOW, version: int = 2) -> Client:
    """The same; it has not read that a switch `noise` is there, and is told nothing any more."""
    found, maker = watcher(lab, limits, version), lab.client()
    maker.transact(add_switch("noise", external_ids=["map", [["long", "x" * 400]]]))
    assert found.session.output.slow
    return found


def held(lab: Lab) -> int:
    """How many changes the history keeps."""
    return lab.served.watchers.history.held


def test_what_was_missed_is_told_as_one_update() -> None:
    lab = Lab()
    slow, maker = watcher(lab), lab.client()
    for number in range(100):
        maker.transact(add_switch(f"s{number}"))
    assert slow.session.output.size < 1000
    told = slow.read()
    rows = [row for message in told for row in message["params"][1]["Logical_Switch"]]
    assert len(told) < 10
    assert len(rows) == len(set(rows)) == 100


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_reader_slower_than_the_history_is_long_is_told_what_it_all_came_to(lab: Lab, version: int) -> None:
    maker = lab.client()
    maker.transact(add_switch("changed"), add_switch("goes"))
    slow = stalled(lab, version=version)
    for number in range(1000):
        maker.transact(update_switch("changed", external_ids=["map", [["n", str(number)]]]))
        maker.transact(add_switch("passes"))
        maker.transact(delete_switch("passes"))
    maker.transact(delete_switch("goes"))
    maker.transact(*add_port("changed", "p1"))
    assert held(lab) < 2 * REMEMBERED + 10
    assert slow.session.output.size < 1000
    noise, missed = slow.read()
    assert noise["method"] == missed["method"] == {1: "update", 2: "update2", 3: "update3"}[version]
    assert len(missed["params"][-1]["Logical_Switch"]) == 2
    if version == 3:
        assert missed["params"][1] == lab.served.watchers.history.last_id
    assert held(lab) < 2 * REMEMBERED


def test_a_row_that_is_as_it_was_is_not_told(lab: Lab) -> None:
    maker = lab.client()
    maker.transact(add_switch("left"))
    slow = stalled(lab)
    for name in ("right", "left") * 20:
        maker.transact(update_switch("left" if name == "right" else "right", name=name))
    assert len(slow.read()) == 1
    maker.transact(update_switch("left", name="right"))
    assert the_switch(*slow.read()) == {"modify": {"name": "right"}}


def test_readers_that_stopped_at_different_times_are_each_told_what_they_missed(lab: Lab) -> None:
    maker = lab.client()
    readers = []
    for number in range(4):
        readers.append(watcher(lab, Limits(slow=1)))
        for repeated in range(2 * REMEMBERED):
            maker.transact(add_switch(f"s{number}-{repeated}"))
        for repeated in range(2 * REMEMBERED):
            maker.transact(delete_switch(f"s{number}-{repeated}"))
        maker.transact(add_switch(f"s{number}"))
    assert held(lab) < REMEMBERED + 5 * len(readers)
    for number in (1, 3, 0, 2):
        told = readers[number].read()
        names = {
            row["insert"]["name"]
            for update in told
            for row in update["params"][1]["Logical_Switch"].values()
            if "insert" in row
        }
        assert {f"s{one}" for one in range(number, 4)} <= names
        assert len(told) == 2
    assert held(lab) <= REMEMBERED


def test_what_is_kept_for_a_reader_goes_when_it_goes(lab: Lab) -> None:
    first, second, maker = stalled(lab), watcher(lab, Limits(slow=1)), lab.client()
    for number in range(100):
        maker.transact(add_switch(f"s{number}"))
    assert 100 <= held(lab) < 130
    first.session.close()
    assert 99 <= held(lab) < 130  # the second one, which was told of s0, waits for the others
    second.session.close()
    assert held(lab) == REMEMBERED


def test_much_that_was_missed_is_told_as_it_was_at_one_moment_however_slowly_it_is_read(lab: Lab) -> None:
    slow, maker = stalled(lab), lab.client()
    for number in range(3):
        maker.transact(*(add_switch(f"s{number}-{one}") for one in range(200)))
    first = maker.transact(*add_port("s0-0", "p1"))[0]["uuid"]
    output = slow.session.output
    read = (output.take() or b"") + (output.take() or b"")
    slow.session.drained()
    read += output.take() or b""
    read += output.take() or b""
    second = maker.transact(*add_port("s0-0", "p2"))[0]["uuid"]
    maker.transact(delete_switch("s2-7"), add_switch("new"))
    _, many, more = messages((read + slow.read_octets()).decode())
    rows = [row["insert"] for row in many["params"][1]["Logical_Switch"].values()]
    assert len(rows) == 600
    assert next(row for row in rows if row["name"] == "s0-0")["ports"] == first
    told = list(more["params"][1]["Logical_Switch"].values())
    assert sorted(told, key=str) == [{"delete": None}, {"insert": {"name": "new"}}, {"modify": {"ports": second}}]


def test_rows_that_say_all_of_themselves_are_printed_while_they_are_read(lab: Lab) -> None:
    """What a slow reader missed of a table without relations is not in memory as text."""
    slow, maker = lab.client(limits=SLOW), lab.client()
    slow.ask("monitor_cond", NB, "m", {"Logical_Switch": [{"columns": ["name"]}]})
    maker.transact(add_switch("x" * 400))
    for start in range(0, 5000, 500):
        transaction = Transaction()
        for number in range(start, start + 500):
            transaction.put(LogicalSwitch(uuid=derive_uuid("test", number), name=f"s{number}"))
        lab.store.database.apply(transaction)
    output = slow.session.output
    pieces = [output.take()]
    slow.session.drained()
    assert output.size < 1000
    while (piece := output.take()) is not None:
        pieces.append(piece)
    assert len(pieces) > 20
    _, missed = messages(b"".join(piece for piece in pieces if piece).decode())
    assert len(missed["params"][1]["Logical_Switch"]) == 5000


# answers


def test_what_it_missed_is_told_before_the_answer_to_its_waiting_transaction(lab: Lab) -> None:
    slow, maker = watcher(lab), lab.client()
    wait = {
        "op": "wait",
        "table": "Logical_Switch",
        "where": [["name", "==", "left"]],
        "columns": ["name"],
        "until": "==",
        "rows": [{"name": "left"}],
    }
    slow.say(slow.request("transact", NB, wait, add_switch("own")))
    maker.transact(add_switch("noise", external_ids=["map", [["long", "x" * 400]]]))
    maker.transact(add_switch("left"))
    noise, missed, answer = slow.read()
    assert {row["insert"]["name"] for row in missed["params"][1]["Logical_Switch"].values()} == {"left", "own"}
    assert answer["result"][1]["uuid"][1] in missed["params"][1]["Logical_Switch"]
    assert noise["method"] == "update2"


def test_an_answer_may_be_of_any_size(lab: Lab) -> None:
    client = lab.client(limits=Limits(slow=500, maximum=1000))
    (answer,) = client.say({"id": 1, "method": "echo", "params": ["x" * 5000]})
    assert len(answer["result"][0]) == 5000


def test_who_does_not_read_that_its_lock_comes_and_goes_has_to_go(lab: Lab) -> None:
    """All else that a client is told while it does not read is bounded by what it asked for."""
    owner = lab.client(limits=Limits(slow=500, maximum=1000))
    thief = lab.client()
    owner.ask("lock", "l")
    for _ in range(100):
        thief.ask("steal", "l")
        thief.ask("unlock", "l")
    assert owner.session.closed == "does not read what it is sent"


def test_a_dump_may_be_larger_than_what_a_client_may_leave_unread(lab: Lab) -> None:
    maker, found = lab.client(), lab.client(limits=Limits(maximum=1000))
    maker.transact(*(add_switch(f"s{number}") for number in range(1200)))
    assert len(found.ask("monitor_cond", NB, "m", SWITCHES)["Logical_Switch"]) == 1200


def test_nothing_is_asked_while_what_was_missed_is_not_told(lab: Lab) -> None:
    """The update of a transaction stands before its answer, also if the client had been slow just before."""
    slow, maker = stalled(lab), lab.client()
    maker.transact(add_switch("left"))
    slow.session.output.take()
    found = slow.say(slow.request("transact", NB, add_switch("own")))
    kinds: list[Json] = [message.get("method", "answer") for message in found]
    assert kinds == ["update2", "update2", "answer"]


# signs of life


def test_who_takes_what_waits_for_it_is_alive_and_who_takes_nothing_is_not(lab: Lab) -> None:
    client = lab.client(probe=5000)
    waiting = 1000
    client.session.backlog = lambda: waiting
    for _ in range(20):
        lab.clock.advance(5000)
        waiting -= 10
    assert not client.session.closed
    lab.clock.advance(15_000)
    assert client.session.closed == "no response to inactivity probe after 5 seconds"


# versions


def test_a_row_may_be_watched_for_as_long_as_it_does_not_change(lab: Lab) -> None:
    watcher, maker = lab.client(), lab.client()
    maker.transact(add_switch("left"), add_switch("right"))
    select = {"op": "select", "table": "Logical_Switch", "where": [["name", "==", "left"]], "columns": ["_version"]}
    (found,) = maker.transact(select)
    (row,) = found["rows"]
    request = {"columns": ["name"], "where": [["_version", "==", row["_version"]]]}
    dump = watcher.ask("monitor_cond", NB, "m", {"Logical_Switch": [request]})
    assert list(dump["Logical_Switch"].values()) == [{"initial": {"name": "left"}}]
    nothing, everything = ({"Logical_Switch": [{"where": [where]}]} for where in (False, True))
    told, _ = watcher.say(watcher.request("monitor_cond_change", "m", "m", nothing))
    assert the_switch(told) == {"delete": None}
    watcher.say(watcher.request("monitor_cond_change", "m", "m", everything))
    watcher.say(watcher.request("monitor_cond_change", "m", "m", {"Logical_Switch": [{"where": request["where"]}]}))
    maker.transact(update_switch("left", external_ids=["map", [["a", "1"]]]))
    assert the_switch(*watcher.read()) == {"delete": None}


def test_each_version_is_told_to_have_followed_the_one_told_before(lab: Lab) -> None:
    """Also where a row changes again while the reader reads what it had missed."""
    slow, maker = lab.client(limits=SLOW), lab.client()
    slow.ask("monitor", NB, "m", {"Logical_Switch_Port": {"columns": ["name", "_version"]}})
    maker.transact(add_switch("left"))
    for number in range(600):
        maker.transact(*add_port("left", f"p{number}"))
    output, read = slow.session.output, b""
    while (piece := output.take()) is not None:
        read += piece
    slow.session.drained()
    read += output.take() or b""
    for number in (0, 599):
        row = {"type": "router"}
        where = [["name", "==", f"p{number}"]]
        maker.transact({"op": "update", "table": "Logical_Switch_Port", "where": where, "row": row})
    told: dict[str, Json] = {}
    for message in messages((read + slow.read_octets()).decode()):
        for uuid, row in message["params"][1]["Logical_Switch_Port"].items():
            assert row.get("old", {}).get("_version") == told.get(uuid)
            told[uuid] = row["new"]["_version"]
    (found,) = maker.transact(
        {"op": "select", "table": "Logical_Switch_Port", "where": [], "columns": ["_uuid", "_version"]}
    )
    assert told == {row["_uuid"][1]: row["_version"] for row in found["rows"]}
