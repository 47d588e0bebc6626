"""All tables as one MetaData, and a fresh database made from it.

A fresh database is created from the declarations and stamped with the newest migration's name without importing
alembic (150 ms that a start need not pay); an old one is upgraded by `brume.cloud.migrations`. A test holds the two
ways together: the migrations from nothing give the same schema.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sql

from brume.cloud.catalogue import declarations
from brume.cloud.migrations import HEAD
from brume.cloud.store.columns import make_table
from brume.cloud.store.journal import journal_tables


def make_metadata() -> sql.MetaData:
    """The schema: every declared resource, the journal, and alembic's version table."""
    metadata = sql.MetaData()
    for declaration in declarations():
        make_table(declaration, metadata)
    journal_tables(metadata)
    return metadata


def version_table(metadata: sql.MetaData) -> sql.Table:
    """The table in which alembic keeps the schema's version, as alembic makes it."""
    return sql.Table(
        "alembic_version",
        metadata,
        sql.Column("version_num", sql.String(32), primary_key=True, autoincrement=False),
    )


def schema_version(connection: sql.Connection) -> str | None:
    """The version a database is stamped with; None for one without tables."""
    version = version_table(sql.MetaData())
    if not sql.inspect(connection).has_table(version.name):
        return None
    return connection.execute(sql.select(version.c.version_num)).scalar()


def create(connection: sql.Connection, metadata: sql.MetaData) -> None:
    """Make all tables in a fresh database and stamp it."""
    metadata.create_all(connection, checkfirst=False)
    version = version_table(sql.MetaData())
    version.create(connection)
    connection.execute(sql.insert(version), {"version_num": HEAD})


def ensure_head(connection: sql.Connection, metadata: sql.MetaData) -> None:
    """The journal's head is one row, in a fresh database as in a migrated one."""
    head: Any = metadata.tables["journal_head"]
    if connection.execute(sql.select(head.c.id)).first() is None:
        connection.execute(sql.insert(head), {"id": 1, "sequence": 0, "oldest": 1})
