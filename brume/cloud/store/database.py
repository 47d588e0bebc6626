"""Database: one connection, its statements compiled for its dialect, and what differs between SQL servers.

Used by `session` and `engine` only.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine.url import URL, make_url
from sqlalchemy.pool import NullPool

from brume.cloud.migrations import HEAD
from brume.cloud.resource import Resource
from brume.cloud.store import sqlite
from brume.cloud.store.schema import create, ensure_head, make_metadata, schema_version
from brume.cloud.store.statements import Compiled, TableStatements


class Database:
    """An open database. Belongs to one thread at a time."""

    def __init__(self, url: str, durability: str) -> None:
        address = make_url(url)
        self.is_sqlite = address.get_backend_name() == "sqlite"
        self.engine = self._engine(address, durability)
        self.metadata = make_metadata()
        self._upgrade()
        self._connection = self.engine.raw_connection()
        self.cursor: Any = self._connection.cursor()
        dbapi: Any = self.engine.dialect.loaded_dbapi
        self.integrity_error: type[Exception] = dbapi.IntegrityError
        self._statements: dict[type[Resource], TableStatements] = {}
        self._compiled: dict[int, tuple[sql.ClauseElement, Compiled]] = {}

    def _engine(self, address: URL, durability: str) -> sql.Engine:
        if not self.is_sqlite:
            return sql.create_engine(address)
        if address.database and address.database != ":memory:":
            sqlite.protect(address.database)
        engine = sql.create_engine(
            address,
            poolclass=sql.StaticPool if not address.database or address.database == ":memory:" else NullPool,
            connect_args={"check_same_thread": False, "cached_statements": 512},
        )
        sql.event.listen(engine, "connect", lambda connection, _: sqlite.prepare(connection, durability))
        return engine

    def _upgrade(self) -> None:
        """Make the tables of a fresh database; bring an old one to the present schema."""
        with self.engine.begin() as connection:
            version = schema_version(connection)
            if version is None:
                create(connection, self.metadata)
        if version not in (None, HEAD):
            from brume.cloud.migrations.run import upgrade

            upgrade(self.engine)
        with self.engine.begin() as connection:
            ensure_head(connection, self.metadata)

    def statements(self, kind: type[Resource]) -> TableStatements:
        """The statements of a resource's table."""
        found = self._statements.get(kind)
        if found is None:
            declaration = kind.DECLARATION
            table = self.metadata.tables[declaration.table]
            found = self._statements[kind] = TableStatements(declaration, table, self.engine.dialect)
        return found

    def compiled(self, statement: sql.ClauseElement) -> Compiled:
        """A statement, compiled when first seen."""
        found = self._compiled.get(id(statement))
        if found is None:  # the statement is kept, so that its id stays its own
            found = self._compiled[id(statement)] = (statement, Compiled(statement, self.engine.dialect))
        return found[1]

    def is_unique_violation(self, error: Exception) -> bool:
        """Whether an IntegrityError is about uniqueness."""
        if self.is_sqlite:
            return sqlite.is_unique_violation(error)
        state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
        return state == "23505" or (bool(error.args) and error.args[0] == 1062)

    def begin(self) -> None:
        """Start a write transaction. Other servers than SQLite begin by themselves with the first statement."""
        if self.is_sqlite:
            self.cursor.execute(sqlite.BEGIN)

    def commit(self) -> None:
        """Make it durable."""
        if self.is_sqlite:
            self.cursor.execute("COMMIT")
        else:
            self._connection.commit()

    def rollback(self) -> None:
        """Undo it."""
        if self.is_sqlite:
            self.cursor.execute("ROLLBACK")
        else:
            self._connection.rollback()

    def end_read(self) -> None:
        """Leave the snapshot that other servers than SQLite open with the first SELECT."""
        if not self.is_sqlite:
            self._connection.rollback()

    def close(self) -> None:
        """Close the connection."""
        self.cursor.close()
        self._connection.close()
        self.engine.dispose()
