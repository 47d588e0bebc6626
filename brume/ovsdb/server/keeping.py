"""How what happens to a served database comes into its file.

What a client changed is written before the client is answered, and can be refused when it cannot be written. What a
compiler changed follows from what is kept elsewhere: while nobody watches it is gathered, a moment long, and written as
one record. It is written before anybody can see it: before the next transaction of a client is run, before the next
monitor is made. So what a client was told is in the file, always.

Not here: what a database's file is (`brume.ovsdb.storage`), and what becomes of a transaction that could not be written
(`served.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from brume.ovsdb.data import Json
from brume.ovsdb.server.waiting import Timer
from brume.tables.changes import ChangeSet

GATHERED = 100
"""Milliseconds for which what a compiler does is gathered, to be written as one record."""


class Storage(Protocol):
    """Where change sets are kept."""

    def append(self, changes: ChangeSet, *, comment: str = "", durable: bool = False) -> None:
        """Keep a change set; raises OSError if it cannot."""
        ...

    def later(self, changes: ChangeSet) -> None:
        """Keep it with what is kept next, or when told to."""
        ...

    def flush(self) -> None:
        """Keep what was to be kept later; raises OSError if it cannot."""
        ...


class Annotation(NamedTuple):
    """What a client says about its transaction."""

    comment: str = ""
    durable: bool = False
    """Whether it is to be on disk before it is answered."""


class Keeper:
    """The file of one served database, or none."""

    def __init__(self, storage: Storage | None, timer: Timer) -> None:
        self.problem = ""
        """Why the file is behind, if it is."""
        self._storage = storage
        self._timer = timer
        self._gathering: Callable[[], None] | None = None
        """Takes back the timer that writes what was gathered."""

    def gather(self, changes: ChangeSet) -> None:
        """Keep a change set that nobody sees yet, soon."""
        if self._storage is not None:
            self._storage.later(changes)
            if self._gathering is None:
                self._gathering = self._timer(GATHERED, self.flush)

    def keep(self, changes: ChangeSet, annotation: Annotation) -> OSError | None:
        """Keep a change set now; why that was not possible, if it was not."""
        if self._storage is None:
            return None
        try:
            self._storage.append(changes, comment=annotation.comment, durable=annotation.durable)
        except OSError as error:
            self.problem = str(error)
            return error
        self.problem = ""
        return None

    def flush(self) -> None:
        """Before anybody sees what was gathered; if it cannot be written, what comes next has it written anew."""
        if self._gathering is None or self._storage is None:
            return
        self._gathering()
        self._gathering = None
        try:
            self._storage.flush()
        except OSError as error:
            self.problem = str(error)
        else:
            self.problem = ""


def annotation_of(request: list[Json]) -> Annotation:
    """The comments of a transaction, and whether it is to be durable."""
    comments, durable = [], False
    for operation in request[1:]:
        if isinstance(operation, dict):
            kind = operation.get("op")
            if kind == "comment":
                comments.append(str(operation.get("comment", "")))
            elif kind == "commit" and operation.get("durable") is True:
                durable = True
    return Annotation("\n".join(comments), durable)
