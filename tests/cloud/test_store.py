"""Stories of the store: rows in and out, transactions, the journal, and what a kill cannot take."""

import os
import signal
import stat
import subprocess
import sys
from typing import Annotated, Any

import pytest
import sqlalchemy as sql

from brume.cloud.context import RequestContext
from brume.cloud.errors import Duplicate, Referenced
from brume.cloud.identity.resources import Endpoint, Project
from brume.cloud.resource import Attribute, Resource, is_known, resource, to_json
from brume.cloud.store.engine import Store
from brume.cloud.store.journal import JournalGone
from brume.cloud.store.session import Query


def context(now=1.0):
    return RequestContext(request_id="req-1", now=now, user_id="someone", project_id="somewhere")


@pytest.fixture
def store(tmp_path):
    opened = Store(f"sqlite:///{tmp_path}/cloud.db")
    yield opened
    opened.close()


def project(identity, **values):
    return Project(**{"id": identity, "name": identity, **values})


def fill(store, *rows):
    with store.write(context()) as session:
        session.insert_all(rows)


class ValidationFailed(Exception):
    """A rule says no after it has written."""


def _insert_and_fail(session, row):
    session.insert(row)
    raise ValidationFailed


def test_a_row_comes_back_as_it_went_in(store):
    row = project("a", tags=("x", "y"), options={"immutable": True}, extra={"deep": [1, {"b": None}]}, enabled=False)
    fill(store, row)
    with store.read() as session:
        assert session.get(Project, "a") == row
        assert session.get(Project, "b") is None


def test_finding(store):
    fill(store, project("d", is_domain=True), *(project(c, domain_id="d", description=c * 2) for c in "abc"))
    with store.read() as session:
        assert {p.id for p in session.find(Project, domain_id="d")} == {"a", "b", "c"}
        assert {p.id for p in session.find(Project, id=("a", "c", "z"), domain_id="d")} == {"a", "c"}
        assert [p.id for p in session.find(Project, domain_id=None)] == ["d"]
        assert session.find(Project, id=()) == []
        assert session.count(Project, domain_id="d") == 3
        assert session.count(Project, id=()) == 0
        assert session.first(Project, description="bb").id == "b"
        assert {p.id for p in session.find(Project)} == {"a", "b", "c", "d"}


def test_pages_neither_miss_nor_repeat(store):
    rows = [project(f"{n:02}", description=str(n % 3)) for n in range(20)]
    fill(store, *rows)
    order = (("description", False), ("id", True))
    seen, after = [], None
    with store.read() as session:
        whole = session.select(Project, Query(order=order))
        while page := session.select(Project, Query(order=order, after=after, limit=3)):
            seen += page
            after = page[-1]
    assert seen == whole
    assert [(-int(p.description), p.id) for p in whole] == sorted((-int(p.description), p.id) for p in rows)


@pytest.mark.parametrize("ascending", [True, False])
def test_pages_go_on_behind_nulls(store, ascending):
    fill(store, *(project(f"{n}", description=[None, "a", "b"][n % 3]) for n in range(9)))
    order = (("description", ascending), ("id", True))
    seen, after = [], None
    with store.read() as session:
        while page := session.select(Project, Query(order=order, after=after, limit=2)):
            seen += page
            after = page[-1]
    assert len(seen) == len({p.id for p in seen}) == 9
    texts = [p.description or "" for p in seen]
    assert texts == sorted(texts, reverse=not ascending)


def test_groups_of_conditions_are_alternatives(store):
    fill(store, project("a", enabled=False), project("b"), project("c"))
    with store.read() as session:
        found = session.select(Project, Query(any_of=({"enabled": False}, {"id": "c"}), order=(("id", True),)))
        assert [p.id for p in found] == ["a", "c"]
        assert session.select(Project, Query(any_of=({"id": ()},))) == []


def test_what_a_failed_transaction_wrote_is_gone(store):
    told = []
    store.listen(told.append)
    with pytest.raises(ValidationFailed), store.write(context()) as session:
        _insert_and_fail(session, project("a"))
    with store.read() as session:
        assert session.get(Project, "a") is None
    assert (store.head(), told) == (0, [])
    fill(store, project("a"))
    assert store.head() == 1


def test_constraints_are_conflicts_and_undo_everything(store):
    fill(store, project("a", domain_id=None))
    with pytest.raises(Duplicate), store.write(context()) as session:
        session.insert_all([project("b"), project("a")])
    with pytest.raises(Referenced), store.write(context()) as session:
        session.insert(Endpoint(id="e", service_id="nothing", interface="public", url="http://x"))
    with store.read() as session:
        assert session.get(Project, "b") is None


def test_a_commit_tells_old_and_new_rows_after_it_is_durable(store):
    told = []

    def listen(commit):
        with store.read() as session:
            told.append((commit, session.get(Project, "a")))

    store.listen(listen)
    fill(store, project("a"))
    with store.write(context()) as session:
        row = session.get(Project, "a")
        new = session.update(row, name="b", description="")
        assert session.update(new, name="b") is new
    with store.write(context()) as session:
        session.delete(new)
    operations = [(c.operation, c.old, c.new) for commit, _ in told for c in commit.changes]
    assert operations == [("insert", None, row), ("update", row, new), ("delete", new, None)]
    assert [(commit.first, commit.last) for commit, _ in told] == [(1, 1), (2, 2), (3, 3)]
    assert [seen for _, seen in told] == [row, new, None]


def test_the_journal_remembers_who_what_when(store):
    fill(store, project("a"), project("b"))
    with store.write(context(now=7.5)) as session:
        session.delete(project("a"))
    first, second, third = store.since(0)
    assert (first.kind, first.key, first.operation) == ("projects", ("a",), "insert")
    assert (second.key, third.operation, third.at) == (("b",), "delete", 7.5)
    assert (third.user_id, third.project_id, third.request_id) == ("someone", "somewhere", "req-1")
    assert store.since(2) == [third]
    assert store.since(3) == []


def test_the_journal_is_bounded(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/cloud.db", retain=10)
    for start in range(0, 1100, 50):
        fill(store, *(project(f"{n}") for n in range(start, start + 50)))
    with pytest.raises(JournalGone):
        store.since(0)
    head = store.head()
    assert [entry.sequence for entry in store.since(head - 5)] == list(range(head - 4, head + 1))
    with store.read() as session:
        entries = session.execute(sql.text("select count(*) from journal"))[0][0]
    assert entries < 1100
    store.close()


def test_loading_streams_every_row(store):
    rows = [project(f"{n:04}") for n in range(2500)]
    fill(store, *rows)
    assert sorted(store.load(Project), key=lambda p: p.id) == rows


def test_a_reading_session_does_not_write_and_transactions_do_not_nest(store):
    with pytest.raises(RuntimeError), store.read() as session:
        session.insert(project("a"))
    with store.write(context()), pytest.raises(RuntimeError), store.write(context()):
        raise AssertionError("not reached")


def test_the_files_are_the_owners_alone(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/cloud.db")
    fill(store, project("a"))
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}, modes
    store.close()


WRITER = """
import sys
from brume.cloud.context import system_context
from brume.cloud.identity.resources import Project
from brume.cloud.store.engine import Store
store = Store(sys.argv[1])
number = 0
while True:
    with store.write(system_context(1.0)) as session:
        session.insert(Project(id=f"{number}", name=f"{number}"))
        session.insert(Project(id=f"{number}-twin", name=f"{number}-twin"))
    print(number, flush=True)
    number += 1
"""


def test_kill_9_takes_nothing_acknowledged(tmp_path):
    url = f"sqlite:///{tmp_path}/cloud.db"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True)
    acknowledged = [int(writer.stdout.readline()) for _ in range(200)]
    os.kill(writer.pid, signal.SIGKILL)
    acknowledged += [int(line) for line in writer.stdout.read().splitlines() if line]
    writer.stdout.close()
    writer.wait()
    store = Store(url)
    found = {p.id for p in store.load(Project)}
    assert {str(n) for n in acknowledged} <= found
    assert {i for i in found if "-" not in i} == {i.removesuffix("-twin") for i in found if "-" in i}
    assert store.head() == len(found)
    store.close()


@resource("gadget", "gadgets", stored=False)
class Gadget(Resource, frozen=True, kw_only=True):
    """A resource as a test wants it."""

    id: Annotated[str, Attribute(create=False)] = ""
    external: Annotated[bool, Attribute(wire="router:external")] = False
    late: Annotated[int | None, Attribute(since="2.9")] = None
    secret: str = "s"
    anything: Annotated[Any, Attribute(visible=False)] = None


def test_json_is_what_the_declaration_shows():
    gadget = Gadget(id="g", late=4)
    assert to_json(gadget) == {"id": "g", "router:external": False, "late": 4}
    assert to_json(gadget, (2, 8)) == {"id": "g", "router:external": False}
    assert to_json(gadget, (2, 10)) == to_json(gadget)
    assert is_known(Attribute(since="2.10"), (2, 9)) is False
