"""The operations of a transaction (RFC 7047, section 5.2), each a function from its members to its result."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from brume.ovsdb.columns import Column
from brume.ovsdb.conditions import Clause, read_condition
from brume.ovsdb.data import Json, check_default, datum_order, default_datum, is_uuid, to_field
from brume.ovsdb.errors import CONSTRAINT, OvsdbError, syntax_error
from brume.ovsdb.members import ARRAY, BOOLEAN, ID, INTEGER, OBJECT, STRING, Members
from brume.ovsdb.mutations import read_mutations
from brume.ovsdb.permissions import Permissions
from brume.ovsdb.schema_reader import read_column_names
from brume.ovsdb.store import StoredTable
from brume.ovsdb.work import Seen, Work


class MustWait(Exception):
    """A `wait` does not hold yet; try again when the database has changed, for at most `timeout` milliseconds."""

    def __init__(self, timeout: int | None) -> None:
        super().__init__(timeout)
        self.timeout = timeout


class Execution:
    """One run of a transaction: its work, and what else operations ask."""

    __slots__ = ("elapsed", "locks", "permissions", "timeout", "work")

    def __init__(
        self, work: Work, locks: Collection[str], elapsed: int, permissions: Permissions | None = None
    ) -> None:
        self.work = work
        self.permissions = permissions
        """What the client may change, if that is not everything."""
        self.locks = locks
        self.elapsed = elapsed
        self.timeout: int | None = None
        """The shortest timeout of the `wait`s seen so far."""


Result = dict[str, Json]
Operation = Callable[[Execution, Members], Result]


def _table(run: Execution, members: Members) -> StoredTable:
    name = members.get("table", ID)
    table = run.work.store.tables.get(name)
    if table is None:
        raise members.wrong(f"No table named {name}.")
    return table


def _where(run: Execution, table: StoredTable, json: Json) -> list[Clause]:
    return read_condition(table.name, table.columns, json, run.work.name)


def _row(run: Execution, table: StoredTable, json: Json) -> dict[str, Any]:
    """The values of a `<row>`, as readers give them."""
    if not isinstance(json, dict):
        raise syntax_error(json, "row must be JSON object")
    found, codecs, names = {}, table.codecs, run.work.name
    for name, value in json.items():
        codec = codecs.get(name)
        if codec is None:
            raise syntax_error(json, f"No column {name} in table {table.name}.", "unknown column")
        found[name] = codec.read(value, names)
    return found


_MADE_HERE = ("_uuid", "_version")
"""What a new row has is not for its maker to say; ovsdb-server does not mind that it is tried."""


def insert(run: Execution, members: Members) -> Result:
    """A new row."""
    table = _table(run, members)
    given = members.optional("uuid", STRING)
    name = members.optional("uuid-name", ID)
    row = members.get("row", OBJECT)
    if table.uuid_field is None:
        raise OvsdbError("not allowed", f"rows of table {table.name} are derived and cannot be inserted")
    uuid = _new_uuid(run, table, given, name)
    values = _row(run, table, row)
    for name in _MADE_HERE:
        values.pop(name, None)
    for column in table.limited:
        if column.name not in values:
            check_default(column.type)
    draft = run.work.new_row(table, uuid, values)
    if run.permissions is not None:
        run.permissions.check_insert(draft)
    run.work.add(draft)
    return {"uuid": ["uuid", uuid]}


def _new_uuid(run: Execution, table: StoredTable, given: str | None, name: str | None) -> str:
    work = run.work
    if given is not None:
        if not is_uuid(given):
            raise syntax_error(given, "bad uuid")
        given = given.lower()
        if table.row(given) is not None or given in work.drafts.get(table.name, ()):
            raise syntax_error(
                given,
                "This UUID would duplicate a UUID already present within the table or deleted within the same "
                "transaction.",
                "duplicate uuid",
            )
    if name is None:
        return work.new_uuid() if given is None else given
    if name in work.made:
        raise syntax_error(name, 'This "uuid-name" appeared on an earlier "insert" operation.', "duplicate uuid-name")
    work.made.add(name)
    if given is not None:
        work.names[name] = given
    return work.name(name)


def select(run: Execution, members: Members) -> Result:
    """Columns of the rows that a condition holds for, each distinct one once."""
    table = _table(run, members)
    where = members.get("where", ARRAY)
    wanted, order = members.optional("columns", ARRAY), members.optional("sort", ARRAY)
    clauses = _where(run, table, where)
    columns = [table.columns[name] for name in read_column_names(wanted, table.columns)]
    by = [table.columns[name] for name in read_column_names(order, table.columns)] if order else []
    rows = run.work.find(table, clauses)
    if by:
        rows.sort(key=lambda row: [datum_order(row.datum(column)) for column in by])
    if wanted is not None and "_uuid" not in wanted:
        rows = _distinct(rows, columns)
    writers = [(column, table.codecs[column.name].write) for column in columns]
    return {"rows": [{column.name: write(row.value(column)) for column, write in writers} for row in rows]}


def _distinct(rows: list[Seen], columns: list[Column]) -> list[Seen]:
    found: dict[tuple[Any, ...], Seen] = {}
    for row in rows:
        found.setdefault(tuple([row.value(column) for column in columns]), row)
    return list(found.values())


def update(run: Execution, members: Members) -> Result:
    """Other values in some columns of the rows that a condition holds for."""
    table = _table(run, members)
    where, row = members.get("where", ARRAY), members.get("row", OBJECT)
    values = _row(run, table, row)
    for name in values:
        if not table.columns[name].mutable:
            raise syntax_error(
                members.json, f"Cannot update immutable column {name} in table {table.name}.", CONSTRAINT
            )
    rows = run.work.find(table, _where(run, table, where))
    if run.permissions is not None:
        run.permissions.check_update(rows, table, values)
    for found in rows:
        draft = run.work.draft(table, found.uuid)
        assert draft is not None
        for name, value in values.items():
            draft.write(table.columns[name], value)
    return {"count": len(rows)}


def mutate(run: Execution, members: Members) -> Result:
    """Changes relative to what the rows hold that a condition holds for."""
    table = _table(run, members)
    where, json = members.get("where", ARRAY), members.get("mutations", ARRAY)
    mutations = read_mutations(table.name, table.columns, json, run.work.name)
    rows = run.work.find(table, _where(run, table, where))
    if run.permissions is not None:
        run.permissions.check_mutate(rows, table, [mutation.column.name for mutation in mutations])
    for found in rows:
        draft = run.work.draft(table, found.uuid)
        assert draft is not None
        for mutation in mutations:
            draft.mutate(mutation)
    return {"count": len(rows)}


def delete(run: Execution, members: Members) -> Result:
    """The rows that a condition holds for go."""
    where = members.get("where", ARRAY)
    table = _table(run, members)
    rows = run.work.find(table, _where(run, table, where))
    if run.permissions is not None:
        run.permissions.check_delete(rows, table)
    for row in rows:
        run.work.delete(row)
    return {"count": len(rows)}


def wait(run: Execution, members: Members) -> Result:
    """Go on only if rows are, or are not, what the client thinks."""
    timeout = members.optional("timeout", INTEGER)
    where = members.get("where", ARRAY)
    names = members.optional("columns", ARRAY)
    until = members.get("until", STRING)
    rows = members.get("rows", ARRAY)
    table = _table(run, members)
    clauses = _where(run, table, where)
    columns = [table.columns[name] for name in read_column_names(names, table.columns)]
    if timeout is not None and timeout < 0:
        raise syntax_error(timeout, "timeout must be nonnegative")
    if timeout is not None and (run.timeout is None or timeout < run.timeout):
        run.timeout = timeout
    if until not in ("==", "!="):
        raise syntax_error(until, '"until" must be "==" or "!="')
    expected = {_expected(run, table, columns, row) for row in rows}
    actual = {tuple([row.value(column) for column in columns]) for row in run.work.find(table, clauses)}
    if (until == "==") is (actual == expected):
        return {}
    if timeout is None or run.elapsed < timeout:
        raise MustWait(run.timeout)
    if run.elapsed:
        raise OvsdbError("timed out", f'"wait" timed out after {run.elapsed} ms')
    raise OvsdbError("timed out", '"where" clause test failed')


def _expected(run: Execution, table: StoredTable, columns: list[Column], json: Json) -> tuple[Any, ...]:
    values = _row(run, table, json)
    for column in columns:
        if column.name not in values:
            values[column.name] = to_field(column.type, default_datum(column.type))
    return tuple([values[column.name] for column in columns])


def commit(run: Execution, members: Members) -> Result:
    """Answer only when the changes are on disk."""
    members.get("durable", BOOLEAN)
    return {}


def abort(run: Execution, members: Members) -> Result:
    """Do nothing of all this."""
    raise OvsdbError("aborted", "aborted by request")


def comment(run: Execution, members: Members) -> Result:
    """A sentence for the log."""
    members.get("comment", STRING)
    return {}


def assert_lock(run: Execution, members: Members) -> Result:
    """Go on only if this client holds a lock."""
    lock = members.get("lock", ID)
    if lock not in run.locks:
        raise OvsdbError("not owner", f"Asserted lock {lock} not held.")
    return {}


OPERATIONS: dict[str, Operation] = {
    "insert": insert,
    "select": select,
    "update": update,
    "mutate": mutate,
    "delete": delete,
    "wait": wait,
    "commit": commit,
    "abort": abort,
    "comment": comment,
    "assert": assert_lock,
}
READING = {"select", "wait", "abort", "comment", "assert"}
"""Operations that a read-only server runs too."""
