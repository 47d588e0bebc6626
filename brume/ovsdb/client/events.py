"""What a client's session tells: past facts, in the order they came; and the order to leave a server."""

from __future__ import annotations

from typing import Any, NamedTuple

from brume.tables.changes import ChangeSet

Json = Any


class Leave(Exception):
    """This connection is of no use, or no longer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Synchronized(NamedTuple):
    """The replica is what the server has. `resumed`: from where we were, without a dump."""

    changes: ChangeSet
    resumed: bool


class Updated(NamedTuple):
    """The server's database has changed, and the replica with it."""

    changes: ChangeSet


class Answered(NamedTuple):
    """The answer to a transaction (or another request): a result, or an error."""

    identity: int
    result: Json
    error: Json


class LockChanged(NamedTuple):
    """A lock is ours, or no longer."""

    name: str
    held: bool


Event = Synchronized | Updated | Answered | LockChanged
