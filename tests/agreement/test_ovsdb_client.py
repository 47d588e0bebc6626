"""Our client with a real ovsdb-server, and with ours: what the replica has, and what transactions do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from brume.ovsdb.client.connection import Client
from brume.ovsdb.client.events import Event, LockChanged, Synchronized
from brume.ovsdb.client.replica import Replica
from brume.ovsdb.client.transaction import Proposal, Verdict
from brume.ovsdb.columns import all_columns
from brume.ovsdb.conditions import read_condition
from brume.ovsdb.errors import OvsdbError
from brume.ovsdb.schema_reader import read_schema
from brume.ovsdb.store import Store
from brume.tables.changes import ChangeSet
from brume.tables.database import Database
from brume.tables.map import EMPTY_MAP, Map
from brume.values import random_uuid
from tests.agreement.client_lab import connected, replica_content, server_content
from tests.agreement.fuzz_database import FUZZ, LEAF, ROOT, AnyServer, Heard, Json, OursAsked, clear, remote, root
from tests.agreement.our_server import OurServer
from tests.agreement.ovn_lab import short_directory
from tests.agreement.ovsdb_server import OvsdbServer, missing
from tests.agreement.test_ovsdb_transactions import SCHEMA, UUIDS, conditions, operations


@pytest.fixture(scope="module", params=["real", "ours"])
def server(request: pytest.FixtureRequest) -> Iterator[AnyServer]:
    with short_directory() as directory:
        if request.param == "ours":
            with OurServer(Path(directory), Store(Database("Fuzz"), FUZZ)) as ours:
                yield OursAsked(ours)
            return
        if missing():
            pytest.skip(f"no real ovsdb-server here: {missing()}")
        schema = Path(directory) / "fuzz.ovsschema"
        schema.write_text(json.dumps(SCHEMA))
        server = OvsdbServer(Path(directory), "fuzz", schema)
        yield server
        server.stop()


@pytest.fixture
def empty(server: AnyServer) -> AnyServer:
    """The server without rows."""
    clear(server)
    return server


MOMENTS = ["hang up", "stay away", "come back", "breathe"]
steps = st.lists(st.lists(operations(), min_size=1, max_size=4) | st.sampled_from(MOMENTS), max_size=12)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_replica_is_what_the_server_has_whatever_happens(version: int, server: AnyServer) -> None:
    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(before=st.lists(operations(), max_size=5), steps=steps)
    def check(before: list[Json], steps: list[Any]) -> None:
        clear(server)
        server.transact(*before)
        asyncio.run(follow(version, steps))

    async def follow(version: int, steps: list[Any]) -> None:
        replica = Replica(FUZZ)
        heard = Heard(replica)
        async with connected(remote(server), replica, version=version) as client:
            for step in steps:
                if step == "hang up":
                    client.reconnect()
                elif step == "stay away":
                    client.hold()
                elif step == "come back":
                    client.release()
                    await client.synchronized()
                elif step == "breathe":
                    await asyncio.sleep(0)
                else:
                    server.transact(*step)
            client.release()
            assert await server_content(client) == replica_content(replica)
            assert replica_content(heard.copy) == replica_content(replica)
            assert not heard.untrue

    check()


@pytest.mark.parametrize("version", [1, 2, 3])
def test_what_changes_while_the_client_is_away_arrives_and_nothing_else(version: int, empty: AnyServer) -> None:
    events: list[Event] = []

    async def story() -> None:
        replica = Replica(FUZZ)
        async with connected(remote(empty), replica, version=version) as client:
            client.subscribe(events.append)
            for name in ("kept", "changed", "gone"):
                assert (await client.transact(lambda proposal, name=name: proposal.insert(root(name)))).committed
            events.clear()
            client.hold()
            empty.transact(
                {"op": "delete", "table": "Root", "where": [["name", "==", "gone"]]},
                {"op": "update", "table": "Root", "where": [["name", "==", "changed"]], "row": {"number": 5}},
                {"op": "insert", "table": "Root", "row": {"name": "new"}},
            )
            client.release()
            await client.synchronized()
            assert sorted((row.name, row.number) for row in replica.database.rows(ROOT)) == [
                ("changed", 5), ("kept", 0), ("new", 0),
            ]  # fmt: skip

    asyncio.run(story())
    (synchronized,) = (event for event in events if isinstance(event, Synchronized))
    assert len(synchronized.changes.rows) == 3
    # a real ovsdb-server remembers its transactions only in a cluster
    assert synchronized.resumed is (version == 3 and isinstance(empty, OursAsked))


def test_rows_are_inserted_changed_and_deleted(empty: AnyServer) -> None:
    async def story() -> None:
        replica = Replica(FUZZ)
        async with connected(remote(empty), replica) as client:
            leaf = LEAF(uuid=random_uuid(), tag=1, kind="red", below=None, watch=None, weak_map=EMPTY_MAP)
            one, two = root("one"), root("two", words=Map({"a": "b"}), real=2.5)

            def build(proposal: Proposal) -> None:
                for row in (one, two, leaf):
                    proposal.insert(row)
                proposal.add(ROOT.leaves, one.uuid, leaf.uuid)
                proposal.comment("two roots and a leaf")

            assert (await client.transact(build)).committed
            assert replica.row(ROOT, two.uuid) == two
            assert replica.database.members(ROOT.leaves, one.uuid) == (leaf.uuid,)

            changed = replace(two, words=Map({"c": "d"}), number=3)
            assert (await client.transact(lambda proposal: proposal.put(changed))).committed
            assert replica.row(ROOT, two.uuid) == changed

            def move(proposal: Proposal) -> None:
                proposal.remove(ROOT.leaves, one.uuid, leaf.uuid)
                proposal.add(ROOT.leaves, two.uuid, leaf.uuid)

            assert (await client.transact(move)).committed
            assert replica.database.owners(ROOT.leaves, leaf.uuid) == (two.uuid,)
            assert (await client.transact(lambda proposal: proposal.delete(ROOT, two.uuid))).committed
            assert replica.database.rows(ROOT) == [one]
            assert replica.database.rows(LEAF) == []  # nobody refers to it any more
            assert await server_content(client) == replica_content(replica)

    asyncio.run(story())


def test_what_breaks_a_rule_is_refused_in_the_servers_words(empty: AnyServer) -> None:
    async def story() -> None:
        async with connected(remote(empty), Replica(FUZZ)) as client:
            outcome = await client.transact(lambda proposal: proposal.insert(root("x", number=77)))
            assert outcome.verdict is Verdict.REFUSED
            assert outcome.error["error"] == "constraint violation"
            outcome = await client.transact(lambda proposal: proposal.insert(root("x", leaf=UUIDS["Leaf"][0])))
            assert outcome.error["error"] == "referential integrity violation"

    asyncio.run(story())


def test_ten_clients_count_together_and_nothing_is_lost_or_counted_twice(empty: AnyServer) -> None:
    counter = root("counter", fixed=0)
    builds = 0

    async def count(client: Client, times: int) -> None:
        def add_one(proposal: Proposal) -> None:
            nonlocal builds
            builds += 1
            row: Any = proposal.replica.row(ROOT, counter.uuid)
            proposal.verify(ROOT, counter.uuid, "real")
            proposal.update(replace(row, real=row.real + 1))

        for _ in range(times):
            assert (await client.transact(add_one)).committed

    async def story() -> None:
        clients = [Client(remote(empty), Replica(FUZZ)) for _ in range(10)]
        for client in clients:
            client.start()
        assert (await clients[0].transact(lambda proposal: proposal.insert(counter))).committed
        await asyncio.gather(*(server_content(client) for client in clients))
        await asyncio.gather(*(count(client, 5) for client in clients))
        await server_content(clients[0])  # what others did is told before
        row: Any = clients[0].replica.row(ROOT, counter.uuid)
        assert row.real == 50
        for client in clients:
            await client.close()

    asyncio.run(story())
    assert builds > 50  # somebody was faster at times


def test_verifying_a_relation_and_a_row_that_is_not_there(empty: AnyServer) -> None:
    async def story() -> None:
        one, leaf = root("one"), LEAF(uuid=random_uuid(), tag=1, kind="red", below=None, watch=None, weak_map=EMPTY_MAP)
        async with connected(remote(empty), Replica(FUZZ)) as client:

            def build(proposal: Proposal) -> None:
                proposal.verify(ROOT, one.uuid)
                proposal.insert(one)

            assert (await client.transact(build, attempts=1)).committed
            stale = Proposal(client.replica)
            stale.verify(ROOT, one.uuid, "leaves")
            stale.update(replace(one, name="other"))

            def grow(proposal: Proposal) -> None:
                proposal.insert(leaf)
                proposal.add(ROOT.leaves, one.uuid, leaf.uuid)

            assert (await client.transact(grow)).committed
            assert (await client.propose(stale)).verdict is Verdict.TRY_AGAIN

    asyncio.run(story())


def test_a_lock_goes_from_one_to_the_next_and_can_be_stolen(empty: AnyServer) -> None:
    heard: list[tuple[str, Event]] = []

    async def story() -> None:
        async with (
            connected(remote(empty), Replica(FUZZ), locks=["ovn_northd"]) as one,
            connected(remote(empty), Replica(FUZZ)) as other,
        ):
            one.subscribe(lambda event: heard.append(("one", event)))
            other.subscribe(lambda event: heard.append(("other", event)))
            await one.locked("ovn_northd")
            other.session.locks.want("ovn_northd")
            await other.request("echo", [])
            assert not other.has_lock("ovn_northd")

            outcome = await other.transact(locked_insert)
            assert outcome.verdict is Verdict.NOT_LOCKED
            one.session.locks.give_up("ovn_northd")
            one.flush()
            await other.locked("ovn_northd")
            assert (await other.transact(locked_insert)).committed

            one.session.locks.want("ovn_northd", steal=True)
            one.flush()
            await one.locked("ovn_northd")
            await other.request("echo", [])
            assert not other.has_lock("ovn_northd")
            await one.close()
            await other.locked("ovn_northd")

    def locked_insert(proposal: Proposal) -> None:
        proposal.assert_lock("ovn_northd")
        proposal.insert(root("locked"))

    asyncio.run(story())
    held = {name: [event.held for who, event in heard if who == name and isinstance(event, LockChanged)]
            for name in ("one", "other")}  # fmt: skip
    assert held == {"one": [True, False], "other": [True, False, True, False]}


def test_only_rows_that_are_wanted_come_and_others_when_they_are(empty: AnyServer) -> None:
    async def story() -> None:
        replica = Replica(FUZZ, tables=[ROOT], columns={ROOT: ("name", "number")},
                          conditions={ROOT: [["number", "==", 1]]})  # fmt: skip
        empty.transact(*(
            {"op": "insert", "table": "Root", "row": {"name": str(number), "number": number, "real": 1.5}}
            for number in range(4)
        ))  # fmt: skip
        async with connected(remote(empty), replica) as client:

            def names() -> list[str]:
                return sorted(row.name for row in replica.database.rows(ROOT))

            assert names() == ["1"]
            assert [row.real for row in replica.database.rows(ROOT)] == [0.0]
            client.session.conditions.change({ROOT: [["number", "==", 1], ["number", "==", 3]]})
            client.flush()
            await client.request("echo", [])
            assert names() == ["1", "3"]
            assert client.session.conditions.settled
            client.session.conditions.change({ROOT: [["number", "==", 3]]})
            client.reconnect()
            await client.request("echo", [])
            assert names() == ["3"]
            client.session.conditions.change({ROOT: None})
            client.flush()
            await client.request("echo", [])
            assert names() == ["0", "1", "2", "3"]

    asyncio.run(story())


def is_right(condition: Json) -> bool:
    """Whether a server takes a condition."""
    try:
        return bool(read_condition("Root", all_columns(ROOT), condition))
    except OvsdbError:
        return False


@pytest.mark.parametrize("version", [2, 3])
def test_a_replica_of_some_rows_is_what_the_server_has_of_them(version: int, server: AnyServer) -> None:
    """A row is wanted if any of the clauses holds for it; of `where` in a transaction all must."""
    clauses = st.lists(conditions("Root").filter(is_right).map(lambda found: found[0]), max_size=3)
    steps = st.lists(st.lists(operations(), min_size=1, max_size=4) | st.tuples(clauses), max_size=8)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(wanted=clauses, steps=steps)
    def check(wanted: list[Json], steps: list[Any]) -> None:
        clear(server)
        asyncio.run(follow(wanted, steps))

    async def follow(wanted: list[Json], steps: list[Any]) -> None:
        replica = Replica(FUZZ, tables=[ROOT], conditions={ROOT: wanted})
        async with connected(remote(server), replica, version=version) as client:
            for step in steps:
                if isinstance(step, tuple):
                    (wanted,) = step
                    client.session.conditions.change({ROOT: wanted})
                    client.flush()
                else:
                    server.transact(*step)
                selects = [{"op": "select", "table": "Root", "where": [clause]} for clause in wanted]
                answer = await client.request("transact", ["Fuzz", *selects])
                assert answer is not None
                found = {row["_uuid"][1]: row["name"] for result in answer.result for row in result["rows"]}
                assert {row.uuid: row.name for row in replica.database.rows(ROOT)} == found

    check()


def test_an_older_server_lacks_tables_and_columns_and_that_is_no_matter(empty: AnyServer) -> None:
    newer = json.loads(json.dumps(SCHEMA))
    newer["tables"]["Root"]["columns"]["colour"] = {"type": "string"}
    newer["tables"]["Fruit"] = {"columns": {"name": {"type": "string"}}, "isRoot": True}
    schema = read_schema(newer)
    row_type = schema.tables["Root"]

    async def story() -> None:
        replica = Replica(schema)
        row = row_type(**{name: getattr(root("here"), name) for name in ROOT.__struct_fields__}, colour="green")
        async with connected(remote(empty), replica) as client:
            assert (await client.transact(lambda proposal: proposal.insert(row))).committed
            assert [found.colour for found in replica.database.rows(row_type)] == [""]
            assert not replica.serves(schema.tables["Fruit"])

    asyncio.run(story())


def test_a_listener_that_fails_ends_the_client_with_its_error(empty: AnyServer) -> None:
    async def story() -> None:
        database = Database("Fuzz")
        client = Client(remote(empty), Replica(FUZZ, database=database))
        told: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["exception"]))
        task = client.start()
        await client.synchronized()

        def fail(_: ChangeSet) -> None:
            raise RuntimeError("no")

        database.subscribe(fail)
        empty.transact({"op": "insert", "table": "Root", "row": {"name": "x"}})
        with pytest.raises(RuntimeError, match="no"):
            await task
        with pytest.raises(ConnectionError, match="closed"):
            await client.synchronized()
        assert client.status == "ended by a fault of ours: no"
        assert [str(error) for error in told] == ["no"]

    asyncio.run(story())
