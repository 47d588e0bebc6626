"""Store: opens a database, gives sessions, writes the journal, tells listeners after the commit.

A store belongs to one thread (the event loop's): handlers run inline, so a transaction is never interleaved with
another. Listeners are called after the transaction is durable, one commit at a time, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sql

from brume.cloud.context import RequestContext
from brume.cloud.resource import Resource
from brume.cloud.store.database import Database
from brume.cloud.store.journal import (
    COMPACT_EVERY,
    RETAIN,
    Commit,
    Entry,
    JournalGone,
    decode_key,
    encode_key,
)
from brume.cloud.store.session import Session

T = TypeVar("T", bound=Resource)
Listener = Callable[[Commit], None]

BATCH = 1_000


class Store:
    """What tenants asked for, durable. `url` is SQLAlchemy's: "sqlite:////var/lib/brume/cloud.db", "sqlite://"."""

    def __init__(self, url: str, *, durability: str = "process", retain: int = RETAIN) -> None:
        self._database = Database(url, durability)
        self._listeners: list[Listener] = []
        self._writing = False
        self._retain = retain
        journal, head = (self._database.metadata.tables[name] for name in ("journal", "journal_head"))
        compiled = self._database.compiled
        self._take = compiled(
            sql.update(head).values(sequence=head.c.sequence + sql.bindparam("count", type_=sql.BigInteger))
        )
        self._head = compiled(sql.select(head.c.sequence, head.c.oldest))
        self._record = compiled(sql.insert(journal))
        self._drop = compiled(sql.delete(journal).where(journal.c.sequence < sql.bindparam("oldest")))
        self._oldest = compiled(sql.update(head).values(oldest=sql.bindparam("new_oldest")))
        self._since = compiled(
            sql.select(journal)
            .where(journal.c.sequence > sql.bindparam("known"))
            .order_by(journal.c.sequence)
            .limit(sql.bindparam("most", type_=sql.Integer))
        )

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that only reads."""
        try:
            yield Session(self._database, None)
        finally:
            if not self._writing:
                self._database.end_read()

    @contextmanager
    def write(self, context: RequestContext) -> Iterator[Session]:
        """A transaction: committed with its journal when the block ends, undone when it raises."""
        if self._writing:
            raise RuntimeError("a transaction is open already: rules take a session, they do not open one")
        session = Session(self._database, context)
        self._database.begin()
        self._writing = True
        try:
            yield session
            commit = self._write_journal(session, context) if session.changes else None
            self._database.commit()
        except BaseException:
            self._database.rollback()
            raise
        finally:
            self._writing = False
        if commit is not None:
            for listener in self._listeners:
                listener(commit)

    def listen(self, listener: Listener) -> None:
        """Call `listener` with every commit from now on. It runs before the request is answered, so it should only take
        note and schedule its work; what it raises fails the request, although the commit stands."""
        self._listeners.append(listener)

    def load(self, kind: type[T]) -> Iterator[T]:
        """All rows of a kind, streamed."""
        statements = self._database.statements(kind)
        connection = self._database.engine.raw_connection()
        cursor = connection.cursor()
        try:
            cursor.execute(statements.all().text, statements.all().bind({}))
            while rows := cursor.fetchmany(BATCH):
                yield from map(statements.codec.decode, rows)
        finally:
            cursor.close()
            connection.close()

    def head(self) -> int:
        """The sequence number of the newest change."""
        return int(self._run(self._head, {})[0][0])

    def since(self, sequence: int, limit: int = BATCH) -> list[Entry]:
        """The journal's entries after `sequence`, oldest first, at most `limit`. Raises JournalGone."""
        _, oldest = self._run(self._head, {})[0]
        if sequence < oldest - 1:
            raise JournalGone(f"entries up to {oldest - 1} were compacted; {sequence} was asked for")
        return [
            Entry(
                sequence=row[0],
                kind=row[1],
                key=decode_key(row[2]),
                operation=row[3],
                request_id=row[4],
                user_id=row[5],
                project_id=row[6],
                at=row[7],
            )
            for row in self._run(self._since, {"known": sequence, "most": limit})
        ]

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _write_journal(self, session: Session, context: RequestContext) -> Commit:
        changes = tuple(session.changes)
        self._run(self._take, {"count": len(changes)})
        last, oldest = self._run(self._head, {})[0]
        first = last - len(changes) + 1
        for sequence, change in enumerate(changes, first):
            self._run(
                self._record,
                {
                    "sequence": sequence,
                    "kind": change.kind.DECLARATION.table,
                    "key": encode_key(change.key),
                    "operation": change.operation,
                    "request_id": context.request_id,
                    "user_id": context.user_id,
                    "project_id": context.project_id,
                    "at": context.now,
                },
            )
        if last - oldest >= self._retain + COMPACT_EVERY:
            self._run(self._drop, {"oldest": last - self._retain})
            self._run(self._oldest, {"new_oldest": last - self._retain})
        return Commit(first, last, changes, context.request_id)

    def _run(self, compiled: Any, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        cursor = self._database.cursor
        cursor.execute(compiled.text, compiled.bind(values))
        return cursor.fetchall() if cursor.description else []
