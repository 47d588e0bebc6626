"""`transact` (RFC 7047, section 4.1.3): a list of operations run on a store, all or nothing.

    outcome = transact(store, ["OVN_Northbound", {"op": "insert", ...}], new_uuid=random_uuid)

The outcome has the results as ovsdb-server would send them, errors included: a transaction that fails is an answer,
not an exception. Ids and elapsed time are arguments. (Its comments, and whether it is to be durable, are read by who
keeps it: `server/keeping.py`.)
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from brume.ovsdb.errors import OvsdbError, syntax_error
from brume.ovsdb.integrity import settle
from brume.ovsdb.members import ID, Members
from brume.ovsdb.operations import OPERATIONS, READING, Execution, MustWait
from brume.ovsdb.permissions import ANYBODY, Identity, Permissions, is_limited
from brume.ovsdb.store import Store
from brume.ovsdb.work import Work
from brume.tables.changes import ChangeSet

Json = Any
NOTHING = ChangeSet([], [])


class Outcome(NamedTuple):
    """What became of a transaction."""

    results: Json
    """One result an operation, then the error of the commit if there is one. None if the transaction has to wait."""
    changes: ChangeSet = NOTHING
    timeout: int | None = None
    """If it has to wait: for at most so many milliseconds from its start (None: until it can go on)."""


class ListenerFailed(Exception):
    """A transaction has happened, and somebody who was told of it failed (the cause): no business of its client's,
    who is to hear the `outcome`."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("a listener failed when it was told of a transaction")
        self.outcome = outcome


def transact(
    store: Store,
    request: Json,
    *,
    new_uuid: Callable[[], str],
    locks: Collection[str] = (),
    read_only: bool = False,
    identity: Identity = ANYBODY,
    elapsed: int = 0,
) -> Outcome:
    """Run a transaction; `elapsed` is how many milliseconds ago it was first tried, `locks` what its client holds,
    `identity` who that is."""
    if not isinstance(request, list):
        return Outcome(syntax_error(request, "array expected").to_json())
    if not request or request[0] != store.schema.name:
        return Outcome(syntax_error(request, "database name expected as first parameter").to_json())
    work = Work(store, new_uuid)
    run = Execution(work, locks, elapsed, Permissions(identity, work) if is_limited(identity, store) else None)
    operations = request[1:]
    results: list[Json] = []
    try:
        for number, operation in enumerate(operations, 1):
            what = f"ovsdb operation {number} of {len(operations)}"
            results.append(_execute(run, operation, what, read_only))
    except MustWait as waiting:
        return Outcome(None, timeout=waiting.timeout)
    except OvsdbError as error:
        results.append(error.to_json())
        results.extend([None] * (len(operations) - len(results)))
        return Outcome(results)
    try:
        settle(run.work)
    except OvsdbError as error:
        return Outcome([*results, error.to_json()])
    transaction = run.work.transaction()
    try:
        return Outcome(results, store.database.apply(transaction))
    except Exception as error:
        raise ListenerFailed(Outcome(results)) from error


def _execute(run: Execution, json: Json, what: str, read_only: bool) -> Json:
    members = Members(json, what)
    name = members.get("op", ID)
    operation = OPERATIONS.get(name)
    if operation is None:
        raise members.wrong(f'No operation "{name}"')
    try:
        result = operation(run, members)
    except (OvsdbError, MustWait):
        members.finish()  # a request that makes no sense is told so first
        raise
    members.finish()
    if name not in READING:
        _may_write(run.work.store.schema.name, name, read_only)
    return result


def _may_write(database: str, operation: str, read_only: bool) -> None:
    if read_only:
        raise OvsdbError("not allowed", f"{operation} operation not allowed when database server is in read only mode")
    if database.startswith("_"):
        raise OvsdbError("not allowed", f"{operation} operation not allowed on table in reserved database {database}")
