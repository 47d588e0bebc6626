"""Databases in files: opened before anything is compiled, compacted while they are served."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from brume.ovsdb.storage.file import SECONDS_BETWEEN_LOOKS, DatabaseFile, open_file
from brume.ovsdb.storage.log import LogError
from brume.ovsdb.store import Store

log = logging.getLogger(__name__)


class BadFile(Exception):
    """A database file cannot be used; the text says which and why."""


def open_database(path: Path, store: Store) -> DatabaseFile:
    """Open a database's file, or make it, and load it into the store; BadFile if that is not possible."""
    try:
        file = open_file(str(path), store=store)
        path.chmod(0o600)
    except LogError as error:
        raise BadFile(str(error)) from None
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}") from None
    return file


class EarlyWriter:
    """Keeps changes for a file as long as no server does. Nobody can have seen them, and rules make them again."""

    def __init__(self, file: DatabaseFile) -> None:
        self._file = file
        self._store = file.store
        self._store.database.subscribe(file.later)

    def stop(self) -> None:
        """Somebody else writes from now on, or nobody."""
        self._store.database.unsubscribe(self._file.later)
        try:
            self._file.flush()
        except OSError as error:  # the next write has everything
            log.warning("%s cannot be written: %s", self._file.path, error)


async def compact_now_and_then(file: DatabaseFile) -> None:
    """Keep a file from growing; runs until it is cancelled."""
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        if file.compaction_due():
            try:
                await file.compact_while_serving()
            except OSError as error:
                log.warning("%s cannot be compacted: %s", file.path, error)
