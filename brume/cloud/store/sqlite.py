"""What only SQLite understands: the one file with its own SQL.

Durability: WAL with synchronous=NORMAL. A commit is then in the operating system's hands before it is acknowledged,
so a killed process (`kill -9`) loses nothing; a power cut may lose the last commits but never damages the file.
`durability="power"` asks for synchronous=FULL (an fsync per commit) where that matters.
(https://www.sqlite.org/pragma.html#pragma_synchronous)
"""

from __future__ import annotations

import os
import sqlite3
from typing import Any

BEGIN = "BEGIN IMMEDIATE"
"""Takes the write lock at once: a transaction that reads and then writes cannot fail with SQLITE_BUSY half-way."""

BUSY_MILLISECONDS = 10_000
CACHE_KIBIBYTES = 16_384
SYNCHRONOUS = {"process": "NORMAL", "power": "FULL"}


def prepare(connection: Any, durability: str) -> None:
    """Set a fresh connection up. `connection` is a sqlite3.Connection."""
    connection.isolation_level = None  # the session says BEGIN and COMMIT itself
    for pragma in (
        "journal_mode=WAL",
        f"synchronous={SYNCHRONOUS[durability]}",
        f"busy_timeout={BUSY_MILLISECONDS}",
        f"cache_size=-{CACHE_KIBIBYTES}",
        "foreign_keys=ON",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def protect(path: str) -> None:
    """Make the file, readable by its owner alone, before SQLite does. Its -wal and -shm files take the same mode."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    os.fchmod(descriptor, 0o600)
    os.close(descriptor)


def is_unique_violation(error: Exception) -> bool:
    """Whether an IntegrityError is about uniqueness (else: a reference, a NOT NULL)."""
    code = getattr(error, "sqlite_errorcode", None)
    return code in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
