"""The lock that ovsdb-server and ovsdb-tool take on a database file before they write it.

The convention is Open vSwitch's: a POSIX record lock on the file `.NAME.~lock~` beside the database. So their
programs refuse a database that we have open, and we refuse theirs. A record lock belongs to the process and ends with
it, however it ends; within one process it would not exclude anybody, so a list of what is held does.
"""

from __future__ import annotations

import fcntl
import os

_held: set[tuple[int, int]] = set()
"""Device and inode of each lock file that this process holds."""


def lock_name(path: str) -> str:
    """The lock file of a database file; a symbolic link has its target's."""
    directory, name = os.path.split(os.path.realpath(path))
    return os.path.join(directory, f".{name}.~lock~")


class FileLock:
    """A lock that is held until `release`. Raises BlockingIOError if somebody else holds it."""

    __slots__ = ("_descriptor", "_identity", "name")

    def __init__(self, path: str) -> None:
        self.name = lock_name(path)
        self._refuse_if_held()
        self._descriptor = os.open(self.name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise BlockingIOError(error.errno, "another process has locked it", self.name) from error
        found = os.fstat(self._descriptor)
        self._identity = (found.st_dev, found.st_ino)
        _held.add(self._identity)

    def _refuse_if_held(self) -> None:
        """Asked before the file is opened: closing any descriptor of it would give the lock away."""
        try:
            found = os.stat(self.name)
        except FileNotFoundError:
            return
        if (found.st_dev, found.st_ino) in _held:
            raise BlockingIOError(11, "this process has locked it already", self.name)

    def release(self) -> None:
        """Let others have the file; a second call does nothing."""
        if self._descriptor >= 0:
            _held.discard(self._identity)
            os.close(self._descriptor)
            self._descriptor = -1
