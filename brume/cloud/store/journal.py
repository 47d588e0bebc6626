"""The journal: one row per change, written in the same SQL transaction as the change.

Sequence numbers are taken from one head row that the transaction locks, so their order is the order of commits and
there are no gaps for a reader to wait for, in any database. In this process, listeners get the rows themselves after
the commit; another process reads the entries since the last it knows, and then the rows.

The journal is bounded: when it is longer than `RETAIN` entries, the oldest are dropped; a reader that comes too late
is told so (`JournalGone`) and starts from the tables.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import msgspec
import sqlalchemy as sql

from brume.cloud.resource import Resource

RETAIN = 50_000
"""Entries kept. At some 150 bytes each: 7.5 MB."""

COMPACT_EVERY = 1_000
"""How many sequence numbers pass between two compactions."""

Operation = Literal["insert", "update", "delete"]


class Change(NamedTuple):
    """One row changed: the row before (None: inserted) and after (None: deleted)."""

    kind: type[Resource]
    key: tuple[Any, ...]
    operation: Operation
    old: Any
    new: Any


class Commit(NamedTuple):
    """What one transaction did: what listeners get, after it is durable."""

    first: int
    last: int
    changes: tuple[Change, ...]
    request_id: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the journal, as read back."""

    sequence: int
    kind: str
    key: tuple[Any, ...]
    operation: Operation
    request_id: str
    user_id: str | None
    project_id: str | None
    at: float


class JournalGone(Exception):
    """The entries asked for were compacted away: start from the tables, then follow from `head`."""


def journal_tables(metadata: sql.MetaData) -> tuple[sql.Table, sql.Table]:
    """The journal and its head, added to `metadata`."""
    journal = sql.Table(
        "journal",
        metadata,
        sql.Column("sequence", sql.BigInteger(), primary_key=True, autoincrement=False),
        sql.Column("kind", sql.String(64), nullable=False),
        sql.Column("key", sql.String(512), nullable=False),
        sql.Column("operation", sql.String(8), nullable=False),
        sql.Column("request_id", sql.String(64), nullable=False),
        sql.Column("user_id", sql.String(64)),
        sql.Column("project_id", sql.String(64)),
        sql.Column("at", sql.Float(53), nullable=False),
    )
    head = sql.Table(
        "journal_head",
        metadata,
        sql.Column("id", sql.Integer(), primary_key=True, autoincrement=False),
        sql.Column("sequence", sql.BigInteger(), nullable=False),
        sql.Column("oldest", sql.BigInteger(), nullable=False),
    )
    return journal, head


def encode_key(key: tuple[Any, ...]) -> str:
    """A key as the journal keeps it: the value itself, or a JSON list of several."""
    if len(key) == 1 and isinstance(key[0], str) and not key[0].startswith("["):
        return key[0]
    return msgspec.json.encode(key).decode()


def decode_key(text: str) -> tuple[Any, ...]:
    """The reverse of `encode_key`."""
    return tuple(msgspec.json.decode(text)) if text.startswith("[") else (text,)
