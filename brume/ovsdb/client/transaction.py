"""Transactions on a server, built from typed rows; and what became of them.

    proposal = Proposal(replica)
    proposal.verify(port, "tag")                       # only if it is still what we read
    proposal.insert(switch); proposal.add(LogicalSwitch.ports, switch.uuid, port.uuid)
    proposal.update(new_port)                          # the columns that differ from the replica's
    proposal.delete(ACL, uuid)
    session.transact(proposal.operations()) ... judge(answer)

It is called a proposal because the server may say no, and because a `Transaction` is something else here: a change of
a database of our own.

Rules:
  - One row is one operation: an insert takes in what is said of its relations and columns afterwards.
  - The uuid of an inserted row is its own, given explicitly (ovsdb-server 2.13 and later): so an insertion can be
    repeated.
  - Nothing is read but the replica, and nothing is written to it: the server's update does that.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator
from enum import Enum
from typing import Any, NamedTuple

from brume.ovsdb.client.encoding import FieldWriter, changed_row, field_writers, new_row, write_set
from brume.ovsdb.client.replica import Replica
from brume.ovsdb.columns import Column, columns
from brume.ovsdb.data import datum_to_json, from_field
from brume.ovsdb.rows import column_datum
from brume.tables.map import Map
from brume.tables.row import Relation, Row

Json = Any


class Verdict(Enum):
    """What became of a proposal."""

    COMMITTED = "committed"
    TRY_AGAIN = "try again"
    """What was read had changed: build it again."""
    NOT_LOCKED = "not locked"
    """A lock that it asserts is not ours."""
    REFUSED = "refused"
    """It breaks a rule of the database; the same proposal would be refused again."""
    LOST = "lost"
    """The connection broke before the answer: it may have happened or not."""


class Outcome(NamedTuple):
    """A verdict, and what the server said."""

    verdict: Verdict
    results: tuple[Json, ...] = ()
    error: Json = None
    """The error object that decided."""

    @property
    def committed(self) -> bool:
        """Whether it has happened."""
        return self.verdict is Verdict.COMMITTED


LOST = Outcome(Verdict.LOST)
UNCHANGED = Outcome(Verdict.COMMITTED)
"""A proposal of nothing."""
_VERDICTS = {"timed out": Verdict.TRY_AGAIN, "not owner": Verdict.NOT_LOCKED, "canceled": Verdict.LOST}


def judge(result: Json, error: Json) -> Outcome:
    """What the answer to a `transact` request means. The gravest error counts."""
    if error is not None:
        word = error.get("error") if isinstance(error, dict) else error
        return Outcome(_VERDICTS.get(str(word), Verdict.REFUSED), (), error)
    if not isinstance(result, list):
        return Outcome(Verdict.REFUSED, (), result)
    found = Outcome(Verdict.COMMITTED, tuple(result))
    for item in result:
        if isinstance(item, dict) and "error" in item:
            verdict = _VERDICTS.get(item["error"], Verdict.REFUSED)
            if found.verdict is not Verdict.REFUSED:
                found = Outcome(verdict, tuple(result), item)
    return found


class _Edit:
    """What a proposal does with one row."""

    __slots__ = ("added", "inserted", "removed", "row")

    def __init__(self, *, inserted: bool) -> None:
        self.inserted = inserted
        self.row: dict[str, Json] = {}
        self.added: dict[Column, dict[Any, None]] = {}
        self.removed: dict[Column, dict[Any, None]] = {}


_Key = tuple[str, str]


class Proposal:
    """A transaction on a server, while it is built."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self._edits: dict[_Key, _Edit] = {}
        self._deleted: dict[_Key, None] = {}
        self._verified: dict[_Key, dict[str, Json]] = {}
        self._first: list[Json] = []
        self._last: list[Json] = []
        self._known: dict[tuple[type[Row], frozenset[str] | None], tuple[FieldWriter, ...]] = {}

    def __bool__(self) -> bool:
        """Whether it would change anything."""
        return bool(self._edits or self._deleted or any(one["op"] == "mutate" for one in self._last))

    # rows

    def insert(self, row: Row, *, only: Collection[str] | None = None) -> None:
        """A new row with its own uuid; with `only`, these columns (OVSDB names) and defaults for the others."""
        self._edit(row, inserted=True).row.update(new_row(self._writers(type(row), only), row))

    def update(self, row: Row, *, only: Collection[str] | None = None) -> None:
        """The columns that differ from what the replica has; relations are changed by `add` and `remove`."""
        present = self.replica.row(type(row), _uuid(row))
        if present is None:
            raise KeyError(f"the server has no row {_uuid(row)} of {_table(row)}")
        changed = changed_row(self._writers(type(row), only), row, present)
        if changed:
            self._edit(row).row.update(changed)

    def _writers(self, row_type: type[Row], only: Collection[str] | None) -> tuple[FieldWriter, ...]:
        """The fields to look at: those that are asked for and that the server has."""
        key = (row_type, None if only is None else frozenset(only))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = tuple(
                writer
                for writer in field_writers(row_type)
                if (only is None or writer.name in only) and self.replica.serves(row_type, writer.name)
            )
        return found

    def put(self, row: Row) -> None:
        """Insert the row, or update the one that the replica has: the same however often it is tried."""
        if self.replica.row(type(row), _uuid(row)) is None:
            self.insert(row)
        else:
            self.update(row)

    def delete(self, row_type: type[Row], uuid: str) -> None:
        """The row goes; one that is not there is no mistake."""
        key = (_table(row_type), uuid)
        edit = self._edits.pop(key, None)
        if edit is None or not edit.inserted:
            self._deleted[key] = None

    def add(self, relation: Relation, parent: str, *children: Hashable) -> None:
        """Add elements to a relation."""
        self._change_members(relation, parent, children, added=True)

    def remove(self, relation: Relation, parent: str, *children: Hashable) -> None:
        """Remove elements from a relation."""
        self._change_members(relation, parent, children, added=False)

    def _change_members(self, relation: Relation, parent: str, children: Iterable[Hashable], *, added: bool) -> None:
        table, column = self._column_of(relation)
        edit = self._edit_at((table, parent))
        to, other = (edit.added, edit.removed) if added else (edit.removed, edit.added)
        wanted, unwanted = to.setdefault(column, {}), other.get(column, {})
        for child in children:
            unwanted.pop(child, None)
            wanted[child] = None

    def _column_of(self, relation: Relation) -> tuple[str, Column]:
        for row_type in self.replica.row_types:
            if row_type.__name__ == relation.owner:
                return _table(row_type), columns(row_type)[relation.name.rstrip("_")]
        raise KeyError(f"{relation!r} is not in the replica")

    def mutate(self, row_type: type[Row], uuid: str, column: str, mutator: str, value: Any) -> None:
        """Change a column relative to what it then holds. Not repeatable: `verify` the column if it may be retried."""
        kind = columns(row_type)[column].type
        if kind.is_map and mutator == "delete" and not isinstance(value, Map):
            kind = kind._replace(value=None)
        elif mutator not in ("insert", "delete"):
            kind = kind._replace(minimum=1, maximum=1)
        json = datum_to_json(kind, from_field(kind, value))
        self._last.append(
            {
                "op": "mutate",
                "table": _table(row_type),
                "where": where_uuid(uuid),
                "mutations": [[column, mutator, json]],
            }
        )

    # conditions

    def verify(self, row_type: type[Row], uuid: str, *names: str) -> None:
        """Only if these columns (OVSDB names) still hold what the replica has: or is gone, or is not yet."""
        row = self.replica.row(row_type, uuid)
        seen = self._verified.setdefault((_table(row_type), uuid), {})
        if row is not None:
            known = columns(row_type)
            for name in names:
                datum = column_datum(self.replica.database, row, known[name])
                seen[name] = datum_to_json(known[name].type, datum)

    def assert_lock(self, name: str) -> None:
        """Only if the lock is ours."""
        self._first.append({"op": "assert", "lock": name})

    def comment(self, text: str) -> None:
        """A sentence for the log of the database."""
        self._last.append({"op": "comment", "comment": text})

    def durable(self) -> None:
        """Answer only when it is on disk."""
        self._last.append({"op": "commit", "durable": True})

    # as JSON

    def operations(self) -> list[Json]:
        """The operations, in an order in which none comes before what it needs."""
        found = list(self._first)
        found.extend(self._waits())
        found.extend(_insert(key, edit) for key, edit in self._edits.items() if edit.inserted)
        for key, edit in self._edits.items():
            if not edit.inserted:
                found.extend(_changes(key, edit))
        found.extend({"op": "delete", "table": table, "where": where_uuid(uuid)} for table, uuid in self._deleted)
        found.extend(self._last)
        return found

    def _waits(self) -> Iterable[Json]:
        for (table, uuid), seen in self._verified.items():
            row_type = self.replica.schema.tables[table]
            there = self.replica.row(row_type, uuid) is not None
            yield {
                "op": "wait",
                "table": table,
                "timeout": 0,
                "where": where_uuid(uuid),
                "columns": list(seen) if seen else ["_uuid"],
                "until": "==",
                "rows": [] if not there else [seen or {"_uuid": ["uuid", uuid]}],
            }

    def _edit(self, row: Row, *, inserted: bool = False) -> _Edit:
        return self._edit_at((_table(row), _uuid(row)), inserted=inserted)

    def _edit_at(self, key: _Key, *, inserted: bool = False) -> _Edit:
        edit = self._edits.get(key)
        if edit is None:
            edit = self._edits[key] = _Edit(inserted=inserted)
        edit.inserted = edit.inserted or inserted
        return edit


def where_uuid(uuid: str) -> Json:
    """The condition that finds one row."""
    return [["_uuid", "==", ["uuid", uuid]]]


def _uuid(row: Row) -> str:
    return str(row.uuid)  # type: ignore[attr-defined]


def _table(row: Row | type[Row]) -> str:
    return str(row.TABLE.name)  # type: ignore[union-attr]


def _insert(key: _Key, edit: _Edit) -> Json:
    table, uuid = key
    row = {**edit.row, **{column.name: write_set(column, children) for column, children in edit.added.items()}}
    return {"op": "insert", "table": table, "uuid": uuid, "row": row}


def _changes(key: _Key, edit: _Edit) -> Iterator[Json]:
    table, uuid = key
    if edit.row:
        yield {"op": "update", "table": table, "where": where_uuid(uuid), "row": edit.row}
    mutations = [
        [column.name, mutator, write_set(column, children)]
        for mutator, changes, never_empty in (
            ("insert", edit.added, True),  # the server counts after each mutation: first more, then less
            ("delete", edit.removed, None),
            ("insert", edit.added, False),
        )
        for column, children in changes.items()
        if children and never_empty in (None, column.type.minimum > 0)
    ]
    if mutations:
        yield {"op": "mutate", "table": table, "where": where_uuid(uuid), "mutations": mutations}
