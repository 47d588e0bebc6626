"""Compaction: a log written anew as its schema and one record of everything there is, while appending goes on.

    start    the rows are listed (rows never change, so a list of them is a snapshot)
    slices   a few hundred rows at a time are written to a file beside the log
    finish   what was appended to the log meanwhile is appended here too; then this file takes the log's place

So nobody waits longer than a slice takes, and at every moment there is one whole file with every record that was
acknowledged. When to do it is ovsdb-server's rule (`Schedule`).
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator
from hashlib import sha1
from typing import Any, NamedTuple

from brume.ovsdb.columns import Column
from brume.ovsdb.data import datum_to_json
from brume.ovsdb.encoding import encode
from brume.ovsdb.storage.log import Log, compose, write_all
from brume.ovsdb.storage.writing import Recorder, RowJson, WrittenTable

Json = Any
ROWS_IN_A_SLICE = 200
_LENGTH_DIGITS = 20


class Schedule:
    """When a log is worth compacting: not too often, when it has doubled and is large, and else once a day."""

    EARLIEST = 600.0
    SPREAD = 600.0
    LATEST = 86400.0
    LARGE = 10 * 1024 * 1024
    MANY = 100

    __slots__ = ("_earliest", "_latest")

    def __init__(self, now: float, chance: float) -> None:
        """`chance`, from 0 to 1, spreads servers that were started together."""
        self._earliest = now + self.EARLIEST + chance * self.SPREAD
        self._latest = now + self.LATEST

    def is_due(self, now: float, log: Log, records: int) -> bool:
        """Whether to compact now a log with so many records since its last snapshot."""
        if now < self._earliest:
            return False
        if now >= self._latest:
            return records > 0
        return records >= self.MANY and log.offset > self.LARGE and log.offset / 2 > log.base


class LongRecord:
    """A record written piece by piece: its header, with the length and the hash of it all, is filled in at the end."""

    __slots__ = ("_at", "_hash", "_log", "_start")

    def __init__(self, log: Log) -> None:
        self._log = log
        self._start = log.offset
        self._at = log.offset + len(self._header(0, ""))
        self._hash = sha1()

    def _header(self, length: int, digest: str) -> bytes:
        return f"OVSDB {self._log.magic} {length:0{_LENGTH_DIGITS}} {digest:40}\n".encode()

    def write(self, piece: bytes) -> None:
        """Append to the record."""
        write_all(self._log.descriptor, piece, self._at)
        self._hash.update(piece)
        self._at += len(piece)

    def finish(self) -> None:
        """End the record."""
        self.write(b"\n")
        header = self._header(0, "")
        length = self._at - self._start - len(header)
        write_all(self._log.descriptor, self._header(length, self._hash.hexdigest()), self._start)
        self._log.offset = self._at


class _Frozen(NamedTuple):
    """The rows of a table as they were when the compaction started."""

    table: WrittenTable
    rows: list[Any]
    members: list[tuple[Column, dict[Hashable, tuple[Any, ...]]]]


class Compaction:
    """One compaction: iterate over `slices`, then `finish`; or `abort` at any time."""

    __slots__ = ("_annotations", "_frozen", "_later", "_log", "_new", "_schema")

    def __init__(self, log: Log, schema: Json, recorder: Recorder, annotations: RowJson) -> None:
        self._log = log
        self._schema = schema
        self._annotations = annotations
        self._later: list[bytes] = []
        self._frozen = [_freeze(recorder, table) for table in recorder.tables.values()]
        self._new = log.start_replacement()

    @property
    def descriptor(self) -> int:
        """The new file, for a thread that waits until it is on disk."""
        return self._new.descriptor

    def slices(self) -> Iterator[None]:
        """Write the snapshot; gives way to others after each slice."""
        self._new.write(compose(self._new.magic, encode(self._schema)))
        record = LongRecord(self._new)
        record.write(encode(self._annotations)[:-1])
        for frozen in self._frozen:
            yield from self._write_table(record, frozen)
        record.write(b"}")
        record.finish()
        self._new.mark_base()

    def _write_table(self, record: LongRecord, frozen: _Frozen) -> Iterator[None]:
        separator = b"," + encode(frozen.table.name) + b":{"
        for start in range(0, len(frozen.rows), ROWS_IN_A_SLICE):
            some = dict(_rows(frozen, start))
            if some:
                record.write(separator + encode(some)[1:-1])
                separator = b","
            yield
        if separator == b",":
            record.write(b"}")

    def also(self, record: bytes) -> None:
        """A record that comes after the snapshot."""
        self._later.append(record)

    def finish(self) -> None:
        """Let the new file take the log's place."""
        try:
            for record in self._later:
                self._new.write(record)
        except OSError:
            self.abort()
            raise
        self._log.commit_replacement(self._new)

    def abort(self) -> None:
        """Leave the log as it is."""
        self._log.abort_replacement(self._new)


def _freeze(recorder: Recorder, table: WrittenTable) -> _Frozen:
    database = recorder.database
    members = []
    for column in table.relations:
        assert column.relation is not None
        children = database.pairs(column.relation).children
        members.append((column, {parent: tuple(found) for parent, found in children.items()}))
    return _Frozen(table, database.rows(table.row_type), members)


def _rows(frozen: _Frozen, start: int) -> Iterator[tuple[str, RowJson]]:
    for row in frozen.rows[start : start + ROWS_IN_A_SLICE]:
        uuid = getattr(row, frozen.table.identity)
        if uuid is None:  # made by a rule, and made again
            continue
        json = frozen.table.row(row)
        for column, children in frozen.members:
            found = children.get(uuid)
            if found:
                json[column.name] = datum_to_json(column.type, frozenset(found))
        yield uuid, json


def sync(descriptor: int) -> None:
    """Wait until a file is on disk; for a thread."""
    os.fdatasync(descriptor)
