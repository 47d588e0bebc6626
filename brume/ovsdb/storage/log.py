"""A log file of records, as ovsdb(5) describes it: `OVSDB <magic> <length> <sha1>`, a line end, and a line of JSON.

    READING   records one by one, until the end or until something that is no whole record
    WRITING   from the first write on: what was not read is cut off, then records are appended

So a record torn by a crash is cut off by the next write, and nothing before it is touched. A replacement is a second
log beside the first, which takes the first one's place by a rename when it is on disk. A write that fails leaves the
log at its last whole record.

Errors of reading are `LogError`, in ovsdb-server's words; errors of writing are the system's OSError. Not here: what
the records mean (`contents.py`, `writing.py`), when to compact (`compaction.py`).
"""

from __future__ import annotations

import errno
import os
import re
import stat
from contextlib import suppress
from enum import Enum
from hashlib import sha1
from typing import Any, BinaryIO

import msgspec

from brume.ovsdb.errors import SYNTAX, OvsdbError
from brume.ovsdb.storage.lock import FileLock

Json = Any
STANDALONE = "JSON"
CLUSTER = "CLUSTER"
_HEADER = re.compile(rb"OVSDB ([^ ]*) ([0-9]{1,20}) ([0-9a-fA-F]{40})\n")
_LONGEST_HEADER = 127
_NOT_OF_SYSTEM = "ovsdb error"
_decode = msgspec.json.Decoder().decode


class LogError(OvsdbError):
    """A file cannot be opened or read as a database."""


class Mode(Enum):
    """How a log is opened; the value is what the system call is told."""

    READ_ONLY = os.O_RDONLY
    READ_WRITE = os.O_RDWR
    CREATE = os.O_RDWR | os.O_CREAT
    CREATE_EXCLUSIVE = os.O_RDWR | os.O_CREAT | os.O_EXCL


def compose(magic: str, json: bytes) -> bytes:
    """A whole record."""
    body = json + b"\n"
    return b"OVSDB %s %d %s\n%s" % (magic.encode(), len(body), sha1(body).hexdigest().encode(), body)


class Log:
    """An open log file; `offset` is the end of the last record read or written."""

    __slots__ = ("_bad", "_input", "_must_cut", "_name", "_writing", "base", "descriptor", "lock", "magic", "offset",
                 "path", "previous")  # fmt: skip

    def __init__(self, path: str, mode: Mode, magic: str = STANDALONE, *, lock: bool | None = None) -> None:
        """`magic` may name several, as `JSON|CLUSTER`; a lock is taken unless the log is only read."""
        self._name = path
        self.path = os.path.realpath(path)
        self.offset = self.previous = self.base = 0
        self._writing = False
        self._must_cut = True
        self._bad: LogError | None = None
        wants_lock = mode is not Mode.READ_ONLY if lock is None else lock
        self.lock = self._lock() if wants_lock else None
        try:
            self.descriptor = self._open(mode)
            self._input: BinaryIO = open(self.descriptor, "rb", buffering=1 << 18, closefd=False)  # noqa: SIM115
            self.magic = self._identify(magic)
        except BaseException:
            self.close()
            raise

    def _lock(self) -> FileLock:
        try:
            return FileLock(self.path)
        except OSError as error:
            raise _io_error(error, f"{self._name}: failed to lock lockfile") from error

    def _open(self, mode: Mode) -> int:
        word = {Mode.CREATE: "create or open", Mode.CREATE_EXCLUSIVE: "create"}.get(mode, "open")
        try:
            return os.open(self.path, mode.value | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)  # a pipe shall not make us wait
        except OSError as error:
            raise _io_error(error, f"{self._name}: {word} failed") from error

    def _identify(self, wanted: str) -> str:
        """The magic of the first record; a file without records gets the one that is wanted."""
        try:
            if not stat.S_ISREG(os.fstat(self.descriptor).st_mode):
                raise LogError(_NOT_OF_SYSTEM, f"{self._name}: not a regular file")
            header = self._input.readline(_LONGEST_HEADER)
            self._input.seek(0)
        except OSError as error:
            raise _io_error(error, f"{self._name}: read error") from error
        if not header:
            if "|" in wanted:
                raise LogError(_NOT_OF_SYSTEM, f"{self._name}: cannot identify file type")
            sync_directory(self.path)
            return wanted
        found = _HEADER.fullmatch(header)
        if found is None:
            raise LogError(_NOT_OF_SYSTEM, f"{self._name}: unexpected file format")
        magic = found[1].decode("utf-8", "replace")
        if magic not in wanted.split("|"):
            raise LogError(_NOT_OF_SYSTEM, f"{self._name}: cannot identify file type")
        return magic

    # reading

    def read(self) -> Json:
        """The next record, or None at the end. After an error the same error is raised until something is written."""
        if self._writing:
            return None
        if self._bad is not None:
            raise self._bad
        try:
            return self._read()
        except LogError as error:
            self._bad = error
            raise
        except OSError as error:
            self._bad = _io_error(error, f"{self._name}: read failed")
            raise self._bad from error

    def _read(self) -> Json:
        header = self._input.readline(_LONGEST_HEADER)
        if not header:
            return None
        found = _HEADER.fullmatch(header)
        if found is None or found[1].decode("utf-8", "replace") != self.magic or not int(found[2]):
            line = header.split(b"\n")[0].decode("utf-8", "backslashreplace")
            raise LogError(SYNTAX, f'{self._name}: parse error at offset {self.offset} in header line "{line}"')
        start, length = self.offset + len(header), int(found[2])
        where = f"{length} bytes starting at offset {start}"
        body = self._read_body(start, length)
        if body is None:
            raise LogError("I/O error", f"{self._name}: error reading {where} (End of file)")
        actual, expected = sha1(body).hexdigest(), found[3].decode().lower()
        if actual != expected:
            raise LogError(SYNTAX, f"{self._name}: {where} have SHA-1 hash {actual} but should have hash {expected}")
        json = self._parse(body, where)
        self.previous, self.offset = self.offset, start + length
        return json

    def _read_body(self, start: int, length: int) -> bytes | None:
        """A length is believed only if the file is that long."""
        if start + length > os.fstat(self.descriptor).st_size:
            return None
        body = self._input.read(length)
        return body if len(body) == length else None

    def _parse(self, body: bytes, where: str) -> Json:
        try:
            json = _decode(body)
        except (ValueError, RecursionError) as error:
            raise LogError(SYNTAX, f"{self._name}: {where} are not valid JSON ({error})") from error
        if not isinstance(json, dict):
            raise LogError(SYNTAX, f"{self._name}: {where} are not a JSON object")
        return json

    def rest(self) -> bytes:
        """Everything after the last record that was read, if there is a whole record in it: else it is a torn one."""
        size = os.fstat(self.descriptor).st_size - self.offset
        data = os.pread(self.descriptor, size, self.offset)
        for found in _HEADER.finditer(data):
            body = data[found.end() : found.end() + int(found[2])]
            if len(body) == int(found[2]) and sha1(body).hexdigest().encode() == found[3].lower():
                return data
        return b""

    def unread(self) -> None:
        """Take the record last read for the first that is not: the next write cuts it off."""
        self.offset = self.previous

    # writing

    def write(self, record: bytes) -> None:
        """Append a record made by `compose`, in one system call. What fails leaves the file as it was before."""
        self._writing, self._bad = True, None
        try:
            if self._must_cut:
                os.ftruncate(self.descriptor, self.offset)
                self._must_cut = False
            write_all(self.descriptor, record, self.offset)
        except OSError:
            self.take_back(0)
            raise
        self.offset += len(record)

    def take_back(self, length: int) -> None:
        """Cut off what was written last."""
        self.offset -= length
        self._must_cut = True
        with suppress(OSError):  # then it is the next write that cuts
            os.ftruncate(self.descriptor, self.offset)

    def commit(self) -> None:
        """Wait until what was written is on disk."""
        os.fdatasync(self.descriptor)

    def mark_base(self) -> None:
        """Take the size now for the one from which growth is counted."""
        self.base = self.offset

    # replacing

    def start_replacement(self) -> Log:
        """A new, empty log beside this one."""
        name = self.path + ".tmp"
        with suppress(FileNotFoundError):
            os.unlink(name)
        try:
            replacement = Log(name, Mode.CREATE_EXCLUSIVE, self.magic, lock=False)
        except LogError as error:
            raise error.__cause__ if isinstance(error.__cause__, OSError) else OSError(str(error)) from None
        os.fchmod(replacement.descriptor, stat.S_IMODE(os.fstat(self.descriptor).st_mode))
        return replacement

    def commit_replacement(self, replacement: Log) -> None:
        """Let the replacement take this log's place, on disk and here."""
        try:
            replacement.commit()
            os.rename(replacement.path, self.path)
        except OSError:
            self.abort_replacement(replacement)
            raise
        self._input.close()
        os.close(self.descriptor)
        self.descriptor, self._input = replacement.descriptor, replacement._input
        self.offset, self.base = replacement.offset, replacement.base
        self._writing, self._must_cut, self._bad = True, False, None
        sync_directory(self.path)

    @staticmethod
    def abort_replacement(replacement: Log) -> None:
        """Throw a replacement away."""
        replacement.close()
        with suppress(OSError):
            os.unlink(replacement.path)

    def close(self) -> None:
        """Close the file and give the lock back; a second call does nothing."""
        if getattr(self, "_input", None) is not None:
            self._input.close()
        if getattr(self, "descriptor", -1) >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
        if self.lock is not None:
            self.lock.release()


def write_all(descriptor: int, data: bytes, offset: int) -> None:
    """Write all of it, in one system call unless the system takes less."""
    written = os.pwrite(descriptor, data, offset)
    while written < len(data):  # a full disk says so at the second try
        more = os.pwrite(descriptor, data[written:], offset + written)
        if not more:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written += more


def sync_directory(path: str) -> None:
    """Wait until the entry of a file in its directory is on disk; not every file system can, and none need then."""
    with suppress(OSError):
        directory = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _io_error(error: OSError, what: str) -> LogError:
    return LogError("I/O error", f"{what} ({os.strerror(error.errno or errno.EIO)})")
