"""What monitors are told: dumps, updates of three kinds, conditions, and what was missed by who was away."""

from __future__ import annotations

import pytest

from brume.northbound.schema import LogicalSwitch, LogicalSwitchPort
from brume.ovsdb.server.changes import Happened
from brume.ovsdb.server.history import History
from brume.ovsdb.wire.messages import print_json
from brume.tables.changes import ChangeSet
from brume.tables.database import Transaction
from brume.values.uuids import derive_uuid
from tests.ovsdb.conversations import NB, ZERO, Json, Lab, add_port, add_switch, messages
from tests.ovsdb.monitored_switches import SWITCHES, delete_switch, the_switch, update_switch


def test_update_tells_old_and_new() -> None:
    lab = Lab()
    watcher, maker = lab.client(), lab.client()
    maker.transact(add_switch("left"))
    initial = watcher.ask("monitor", NB, "m", {"Logical_Switch": {"columns": ["name", "ports"]}})
    assert list(initial["Logical_Switch"].values()) == [{"new": {"name": "left", "ports": ["set", []]}}]
    port = maker.transact(*add_port("left", "p1"))[0]["uuid"]
    (told,) = watcher.read()
    assert (told["id"], told["method"], told["params"][0]) == (None, "update", "m")
    assert the_switch(told) == {"old": {"ports": ["set", []]}, "new": {"name": "left", "ports": port}}
    maker.transact(delete_switch("left"))
    (told,) = watcher.read()
    assert the_switch(told) == {"old": {"name": "left", "ports": port}}


def test_update2_tells_differences() -> None:
    lab = Lab()
    watcher, maker = lab.client(), lab.client()
    assert watcher.ask("monitor_cond", NB, None, SWITCHES) == {}
    maker.transact(add_switch("left", external_ids=["map", [["a", "1"], ["b", "2"]]]))
    (told,) = watcher.read()
    assert (told["method"], told["params"][0]) == ("update2", None)
    assert the_switch(told) == {"insert": {"name": "left", "external_ids": ["map", [["a", "1"], ["b", "2"]]]}}
    first = maker.transact(*add_port("left", "p1"))[0]["uuid"]
    second = maker.transact(*add_port("left", "p2"))[0]["uuid"]
    assert [the_switch(told) for told in watcher.read()] == [{"modify": {"ports": port}} for port in (first, second)]
    maker.transact(update_switch("left", ports=["set", []], external_ids=["map", [["b", "3"], ["c", "4"]]]))
    (told,) = watcher.read()
    changed = the_switch(told)["modify"]
    assert sorted(changed["ports"][1]) == sorted([first, second])
    assert changed["external_ids"] == ["map", [["a", "1"], ["b", "3"], ["c", "4"]]]
    maker.transact(delete_switch("left"))
    assert the_switch(*watcher.read()) == {"delete": None}


def test_a_change_of_what_nobody_watches_is_told_to_nobody() -> None:
    lab = Lab()
    watcher, maker = lab.client(), lab.client()
    watcher.ask("monitor_cond", NB, "m", {"Logical_Switch": [{"columns": ["name"]}]})
    maker.transact(add_switch("left"))
    watcher.read()
    maker.transact(update_switch("left", external_ids=["map", [["a", "1"]]]), *add_port("left", "p1"))
    assert watcher.read() == []


def test_its_own_updates_come_before_the_answer() -> None:
    client = Lab().client()
    client.ask("monitor_cond", NB, "m", SWITCHES)
    told, answer = client.say(client.request("transact", NB, add_switch("left")))
    assert told["method"] == "update2"
    assert answer["error"] is None


@pytest.mark.parametrize(
    ("select", "heard"),
    [
        ({"initial": False}, ["insert", "modify", "delete"]),
        ({"insert": False}, ["modify", "delete"]),
        ({"modify": False, "delete": False}, ["insert"]),
    ],
)
def test_a_client_selects_kinds_of_changes(select: Json, heard: list[str]) -> None:
    lab = Lab()
    watcher, maker = lab.client(), lab.client()
    maker.transact(add_switch("old"))
    initial = watcher.ask("monitor_cond", NB, "m", {"Logical_Switch": [{"columns": ["name"], "select": select}]})
    assert bool(initial) is select.get("initial", True)
    maker.transact(add_switch("left"))
    maker.transact(update_switch("left", name="right"))
    maker.transact(delete_switch("right"))
    assert [next(iter(the_switch(told))) for told in watcher.read()] == heard


# conditions


def test_rows_come_and_go_as_they_meet_the_condition() -> None:
    lab = Lab()
    watcher, maker = lab.client(), lab.client()
    maker.transact(add_switch("left"), add_switch("right"))
    where = [["name", "==", "left"], ["name", "==", "middle"]]
    dump = watcher.ask("monitor_cond", NB, "m", {"Logical_Switch": [{"columns": ["name"], "where": where}]})
    assert list(dump["Logical_Switch"].values()) == [{"initial": {"name": "left"}}]
    maker.transact(update_switch("right", name="middle"))
    maker.transact(update_switch("left", name="far"))
    maker.transact(update_switch("far", name="farther"))
    assert [the_switch(told) for told in watcher.read()] == [{"insert": {"name": "middle"}}, {"delete": None}]


def test_a_condition_may_ask_for_members_of_a_set() -> None:
    lab = Lab()
    watcher, maker = lab.client(), lab.client()
    maker.transact(add_switch("left"))
    port = maker.transact(*add_port("left", "p1"))[0]["uuid"]
    maker.transact(update_switch("left", ports=["set", []]), *add_port("left", "p2"))
    assert watcher.ask("monitor_cond", NB, 1, {"Logical_Switch": [{"columns": ["name"], "where": [False]}]}) == {}
    port = maker.transact(*add_port("left", "p3"))[0]["uuid"]
    where = [["ports", "includes", port]]
    update, _ = watcher.say(watcher.request("monitor_cond_change", 1, 1, {"Logical_Switch": [{"where": where}]}))
    assert the_switch(update) == {"insert": {"name": "left"}}
    maker.transact(update_switch("left", ports=["set", []]))
    assert the_switch(*watcher.read()) == {"delete": None}


def test_another_condition_brings_and_takes_rows_before_it_is_answered() -> None:
    lab = Lab()
    watcher, maker = lab.client(), lab.client()
    maker.transact(add_switch("left"), add_switch("right"))
    watcher.ask("monitor_cond_since", NB, "m", {"Logical_Switch": [{"columns": ["name"]}]}, ZERO)
    request = watcher.request(
        "monitor_cond_change", "m", "n", {"Logical_Switch": [{"where": [["name", "==", "right"]]}]}
    )
    update, answer = watcher.say(request)
    assert (update["method"], update["params"][0], update["params"][1]) == (
        "update3",
        "n",
        lab.served.watchers.history.last_id,
    )
    assert the_switch(update) == {"delete": None}
    assert answer["result"] == {}
    maker.transact(add_switch("other"), update_switch("right", name="wrong"))
    assert the_switch(*watcher.read()) == {"delete": None}
    request = watcher.request("monitor_cond_change", "n", "n", {"Logical_Switch": [{"where": []}]})
    update, _ = watcher.say(request)
    assert len(update["params"][2]["Logical_Switch"]) == 3


# what was missed


def test_who_comes_back_is_told_what_it_missed() -> None:
    lab = Lab()
    watcher, maker = lab.client(), lab.client()
    found, last_id, dump = watcher.ask("monitor_cond_since", NB, "m", SWITCHES, ZERO)
    assert (found, dump) == (False, {})
    maker.transact(add_switch("left"))
    (told,) = watcher.read()
    last_id = told["params"][1]
    watcher.session.close()
    maker.transact(*add_port("left", "p1"))
    second = maker.transact(*add_port("left", "p2"))[0]["uuid"]
    maker.transact(add_switch("right"))
    maker.transact(update_switch("left", ports=second))
    maker.transact(delete_switch("right"))
    again = lab.client()
    found, newest, missed = again.ask("monitor_cond_since", NB, "m", SWITCHES, last_id)
    assert (found, newest) == (True, lab.served.watchers.history.last_id)
    assert list(missed["Logical_Switch"].values()) == [{"modify": {"ports": second}}]
    assert again.ask("monitor_cond_since", NB, "n", SWITCHES, newest) == [True, newest, {}]


def test_history_is_bounded_by_transactions_and_by_rows() -> None:
    numbers = iter(range(1000))
    history = History(lambda: str(next(numbers)), transactions=3, changes=10)
    small, large = Happened([None] * 2, []), Happened([None] * 9, [])  # type: ignore[list-item]
    for _ in range(5):
        history.add(small)
    assert [history.knows(str(number)) for number in range(6)] == [False, False, True, True, True, True]
    assert history.since("3") == [small, small]
    assert history.since("5") == []
    history.add(large)
    assert [history.knows(str(number)) for number in range(3, 7)] == [False, False, True, True]
    history.add(large)
    assert history.since("6") == [large]
    assert not history.knows("5")


# many readers, and writers in process


def test_equal_monitors_share_the_octets_they_are_told() -> None:
    lab = Lab()
    watchers = [lab.client() for _ in range(3)]
    for watcher in watchers:
        watcher.ask("monitor_cond_since", NB, ["monid", NB], SWITCHES, ZERO)
    lab.client().transact(add_switch("left"))
    pieces = [watcher.session.output.take() for watcher in watchers]
    assert pieces[0] is not None
    assert pieces[0] is pieces[1] is pieces[2]


def test_a_port_on_a_large_switch_is_told_as_one_element() -> None:
    lab = Lab()
    transaction = Transaction()
    transaction.put(LogicalSwitch(uuid="6c7f6bf6-5f0d-4d3e-8d8e-1f6a0c1f1d11", name="large"))
    for number in range(5000):
        uuid = f"6c7f6bf6-5f0d-4d3e-8d8e-{number:012}"
        transaction.put(LogicalSwitchPort(uuid=uuid, name=f"p{number}"))
        transaction.add(LogicalSwitch.ports, "6c7f6bf6-5f0d-4d3e-8d8e-1f6a0c1f1d11", uuid)
    lab.store.database.apply(transaction)
    watcher = lab.client()
    watcher.ask("monitor_cond", NB, "m", SWITCHES)
    port = lab.client().transact(*add_port("large", "one more"))[0]["uuid"]
    assert the_switch(*watcher.read()) == {"modify": {"ports": port}}


def test_updates_say_how_it_was_after_each_change_also_if_the_database_is_further_on() -> None:
    """A listener that is told first (a compiler) writes back; the monitors are told of both changes, one by one."""
    lab = Lab()
    database = lab.store.database
    lab.served.close()
    switch, first, second = (f"6c7f6bf6-5f0d-4d3e-8d8e-00000000000{number}" for number in range(3))

    def write_back(changes: ChangeSet) -> None:
        if any(change.old is None and change.key == switch for change in changes.rows):
            transaction = Transaction()
            transaction.put(LogicalSwitchPort(uuid=second, name="second"))
            transaction.put(LogicalSwitch(uuid=switch, name="renamed"))
            transaction.add(LogicalSwitch.ports, switch, second)
            transaction.remove(LogicalSwitch.ports, switch, first)
            database.apply(transaction)

    database.subscribe(write_back)
    lab.host.served.clear()
    lab.served = lab.host.add(lab.store)
    old, new = lab.client(), lab.client()
    columns = {"Logical_Switch": [{"columns": ["name", "ports"]}]}
    old.ask("monitor", NB, 1, columns)
    new.ask("monitor_cond", NB, 1, columns)
    transaction = Transaction()
    transaction.put(LogicalSwitch(uuid=switch, name="made"))
    transaction.put(LogicalSwitchPort(uuid=first, name="first"))
    transaction.add(LogicalSwitch.ports, switch, first)
    database.apply(transaction)
    made = {"name": "made", "ports": ["uuid", first]}
    assert [the_switch(told) for told in old.read()] == [
        {"new": made},
        {"old": made, "new": {"name": "renamed", "ports": ["uuid", second]}},
    ]
    assert [the_switch(told) for told in new.read()] == [
        {"insert": made},
        {"modify": {"name": "renamed", "ports": ["set", [["uuid", first], ["uuid", second]]]}},
    ]


def test_a_dump_shows_one_moment_however_slowly_it_is_read() -> None:
    lab = Lab()
    maker, slow = lab.client(), lab.client()
    for number in range(3):
        maker.transact(*(add_switch(f"s{number}-{one}") for one in range(200)))
    first = maker.transact(*add_port("s0-0", "p1"))[0]["uuid"]
    slow.session.receive(print_json(slow.request("monitor_cond", NB, "m", SWITCHES)))
    read = slow.session.output.take() or b""
    read += slow.session.output.take() or b""
    second = maker.transact(*add_port("s0-0", "p2"))[0]["uuid"]
    maker.transact(delete_switch("s2-7"), add_switch("new"))
    answer, missed = messages((read + slow.read_octets()).decode())
    rows = [row["initial"] for row in answer["result"]["Logical_Switch"].values()]
    assert len(rows) == 600
    assert next(row for row in rows if row["name"] == "s0-0")["ports"] == first
    told = list(missed["params"][1]["Logical_Switch"].values())
    assert sorted(told, key=str) == [{"delete": None}, {"insert": {"name": "new"}}, {"modify": {"ports": second}}]


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
def test_text_that_no_client_could_read_is_mended(name: str) -> None:
    lab = Lab()
    client = lab.client()
    client.ask("monitor_cond", NB, 1, {"Logical_Switch": [{"columns": ["name"]}]})
    transaction = Transaction()
    transaction.put(LogicalSwitch(uuid=derive_uuid("unreadable"), name=name))
    lab.store.database.apply(transaction)
    (update,) = client.read()
    ((_, row),) = update["params"][1]["Logical_Switch"].items()
    assert row == {"insert": {"name": "a\ufffdb"}}
    dump = client.ask("monitor_cond", NB, 2, {"Logical_Switch": [{"columns": ["name"]}]})
    assert list(dump["Logical_Switch"].values()) == [{"initial": {"name": "a\ufffdb"}}]
