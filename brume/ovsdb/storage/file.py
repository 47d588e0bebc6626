"""A database file: opened, loaded, appended to, compacted.

    with open_file("nb.db", NORTHBOUND) as file:
        file.store                      # what the file holds
        file.append(changes)            # a change set of file.store.database, in the order they happen

Rules: `append` returns when the record is with the system (it survives the end of this process, however it ends),
and if `durable`, when it is on disk. If it raises OSError, the file is as it was before, memory is ahead of it, and
the next `append` writes everything anew: they never disagree unsaid.

`later` is for what can be made again (what rules derive): it is written together with what follows, by the next
`append` or `flush`. Whoever calls it says when: between change sets, as a record may be made of rows as they are.

Opening takes ovsdb-server's lock. A record that a crash tore is left out with a warning; if whole records stand
behind the damage, all of it is kept in a file of its own. Not here: who calls `append` (the server, the service).
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import shutil
import time
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Self

from brume.ovsdb.encoding import encode
from brume.ovsdb.schema import Schema
from brume.ovsdb.storage.compaction import Compaction, Schedule, sync
from brume.ovsdb.storage.gathering import Gathered
from brume.ovsdb.storage.loading import load
from brume.ovsdb.storage.log import CLUSTER, STANDALONE, Log, LogError, Mode, compose
from brume.ovsdb.storage.writing import Recorder, RowJson
from brume.ovsdb.store import Store
from brume.tables.changes import ChangeSet
from brume.tables.collector import without_collector
from brume.tables.database import Database

LOG = logging.getLogger("brume.ovsdb.storage")
SECONDS_BETWEEN_LOOKS = 60.0
Clock = Callable[[], float]


class DatabaseFile:
    """An open database file and the store that was loaded from it."""

    def __init__(self, log: Log, store: Store, clock: Clock, chance: Callable[[], float]) -> None:
        self.store = store
        self._log = log
        self._recorder = Recorder(store.schema, store.database)
        self._clock = clock
        self._chance = chance
        self._schedule = Schedule(clock(), chance())
        self._compaction: Compaction | None = None
        self._behind = False
        self._gathered = Gathered()
        self.records = 0
        """Records since the last snapshot."""

    @property
    def path(self) -> str:
        """Where the file is."""
        return self._log.path

    @property
    def size(self) -> int:
        """How many octets of the file hold records."""
        return self._log.offset

    def append(self, changes: ChangeSet, *, comment: str = "", durable: bool = False) -> None:
        """Write what a transaction changed."""
        if self._behind:
            self._gathered.take()
            self._compact(comment)
            self._behind = bool(self.store.database.untold())  # it is ahead of their records: once more then
            return
        if self._gathered:
            self._gathered.add(changes)
            changes = self._gathered.take()
        record = self._recorder.record(changes)
        if record is None:
            return
        data = compose(self._log.magic, encode({**self._annotations(comment), **record}))
        try:
            self._log.write(data)
            if durable:
                self._commit(len(data))
        except OSError:
            self._behind = True
            self._abort_compaction()
            raise
        self.records += 1
        if self._compaction is not None:
            self._compaction.also(data)

    def later(self, changes: ChangeSet) -> None:
        """Write what was derived with the next `append` or `flush`."""
        self._gathered.add(changes)

    def flush(self) -> None:
        """Write what was to be written later."""
        if self._gathered:
            self.append(self._gathered.take())

    def _commit(self, length: int) -> None:
        try:
            self._log.commit()
        except OSError:
            self._log.take_back(length)
            raise

    def _annotations(self, comment: str) -> RowJson:
        found: RowJson = {"_date": int(self._clock() * 1000)}
        if comment:
            found["_comment"] = comment
        return found

    # compaction

    def compaction_due(self) -> bool:
        """Whether the log is worth compacting now."""
        return self._compaction is None and self._schedule.is_due(self._clock(), self._log, self.records)

    def compact(self) -> None:
        """Write the file anew, as small as it can be, and wait until it is on disk."""
        self.flush()
        self._compact("compacting database")

    def _compact(self, comment: str) -> None:
        self._abort_compaction()
        compaction = self._start_compaction(comment)
        try:
            for _ in compaction.slices():
                continue
        except BaseException:
            self._abort_compaction()
            raise
        self._finish_compaction(compaction)

    async def compact_while_serving(self) -> None:
        """The same, letting others run between slices; `append` may be called meanwhile."""
        if self._compaction is not None:
            return
        self.flush()
        compaction = self._start_compaction("compacting database online")
        try:
            for _ in compaction.slices():
                await asyncio.sleep(0)
                if self._compaction is not compaction:  # the file was written anew, or closed, meanwhile
                    return
            await asyncio.to_thread(sync, compaction.descriptor)
        except BaseException:
            if self._compaction is compaction:
                self._abort_compaction()
            raise
        if self._compaction is compaction:
            self._finish_compaction(compaction)

    def _start_compaction(self, comment: str) -> Compaction:
        schema = self.store.schema.to_json()
        found = Compaction(self._log, schema, self._recorder, self._annotations(comment))
        self._compaction = found
        return found

    def _finish_compaction(self, compaction: Compaction) -> None:
        self._compaction = None
        compaction.finish()
        self._behind = False
        self.records = 0
        self._schedule = Schedule(self._clock(), self._chance())

    def _abort_compaction(self) -> None:
        if self._compaction is not None:
            self._compaction.abort()
            self._compaction = None

    def distrust(self) -> None:
        """The file does not hold what the store does: the next `append` writes everything."""
        self._behind = True

    # the end

    def close(self) -> None:
        """Close the file and give its lock back."""
        try:
            self.flush()
        except OSError as error:
            LOG.warning("%s cannot be written: %s", self.path, error)
        self._abort_compaction()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_file(
    path: str,
    schema: Schema | None = None,
    *,
    create: bool = True,
    store: Store | None = None,
    clock: Clock = time.time,
    chance: Callable[[], float] = random.random,
    warn: Callable[[str], object] = LOG.warning,
) -> DatabaseFile:
    """Open a database file for use, and load it into `store` (a new one if none is given). Raises LogError.

    A file that is not there is made, if a schema is given; one with another version of the schema is converted, and
    what it was is kept beside it.
    """
    if store is not None:
        schema = store.schema
    if create and schema is not None and _is_empty(path):
        log = Log(path, Mode.CREATE, STANDALONE)
    else:
        log = Log(path, Mode.READ_WRITE, f"{STANDALONE}|{CLUSTER}")
    try:
        with without_collector():
            return _load(log, schema, store, clock, chance, warn)
    except BaseException:
        log.close()
        raise


def read_file(path: str, schema: Schema | None = None, *, warn: Callable[[str], object] = LOG.warning) -> Store:
    """What a database file holds, without locking or changing it. Raises LogError."""
    log = Log(path, Mode.READ_ONLY, f"{STANDALONE}|{CLUSTER}")
    with closing(log), without_collector():
        contents = load(log, schema, warn).contents
        store = Store(Database(contents.schema.name), contents.schema)
        store.database.apply(contents.transaction())
    return store


def _load(
    log: Log,
    schema: Schema | None,
    store: Store | None,
    clock: Clock,
    chance: Callable[[], float],
    warn: Callable[[str], object],
) -> DatabaseFile:
    if schema is not None and os.fstat(log.descriptor).st_size == 0:
        _start(log, schema)
        return DatabaseFile(log, store or Store(Database(schema.name), schema), clock, chance)
    loaded = load(log, schema, warn)
    contents = loaded.contents
    if store is None:
        store = Store(Database(contents.schema.name), contents.schema)
    file = DatabaseFile(log, store, clock, chance)
    file.records = loaded.records
    if loaded.differs or store.database.snapshot():
        file.distrust()
    store.database.apply(contents.transaction())
    if loaded.converted_from is not None:
        try:
            _keep_old(log.path, loaded.converted_from)
            file.compact()
        except OSError as error:
            raise LogError("I/O error", f"{log.path}: cannot be converted ({error.strerror})") from error
    return file


def _is_empty(path: str) -> bool:
    try:
        return os.stat(path).st_size == 0
    except FileNotFoundError:
        return True
    except OSError:
        return False  # opening it will say what is wrong


def _start(log: Log, schema: Schema) -> None:
    """The schema comes into an empty file whole or not at all."""
    try:
        new = log.start_replacement()
        new.write(compose(log.magic, encode(schema.to_json())))
        new.mark_base()
        log.commit_replacement(new)
    except OSError as error:
        raise LogError("I/O error", f"{log.path}: write failed ({error.strerror})") from error


def _keep_old(path: str, version: str) -> None:
    """The file as it was before its conversion, under the name that Open vSwitch's scripts give it."""
    kept = f"{path}.backup{version}"
    with suppress(FileNotFoundError):
        os.unlink(kept)
    try:
        os.link(path, kept)
    except OSError:  # a file system without hard links
        with open(path, "rb") as old, open(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
            shutil.copyfileobj(old, copy)
