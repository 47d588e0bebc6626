"""Ownership: one process for each data directory.

Not the control socket's business: a socket is there only when a start has nearly ended, and two starts at the same
moment would write into one store. The lock is flock(2)'s, so it ends with the process, however that ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator

from brume.cli.paths import Paths


class InUse(Exception):
    """Another process has the data directory."""

    def __init__(self, paths: Paths) -> None:
        super().__init__(f"a {paths.WHAT} is running already with the data directory {paths.directory}")


@contextlib.contextmanager
def owned(paths: Paths) -> Iterator[None]:
    """Have the data directory for this process alone, and write down which it is; InUse, or OSError."""
    lock = os.open(paths.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(paths) from None
        paths.process_id.unlink(missing_ok=True)
        paths.process_id.touch(mode=0o600, exist_ok=False)
        paths.process_id.write_text(f"{os.getpid()}\n")
        try:
            yield
        finally:
            paths.process_id.unlink(missing_ok=True)
    finally:
        os.close(lock)


def owner(paths: Paths) -> int | None:
    """The process that wrote itself down, if one did."""
    with contextlib.suppress(OSError, ValueError):
        return int(paths.process_id.read_text())
    return None
