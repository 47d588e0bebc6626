"""Where a database is served: always on a unix socket in the data directory, and on TCP ports; or to whom it is
offered: a remote without the first `p` (`tcp:192.0.2.7:6640`) is called, and served when it answers.

A port that was asked for must be had. The usual one (6641 for NB, 6642 for SB, on the loopback address) is taken if it
is free: a second cloud on one machine works, and says that its databases are on their sockets only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from brume.ovsdb.wire.remotes import Remote, parse_remote

NORTHBOUND_PORT: Final = 6641
SOUTHBOUND_PORT: Final = 6642


class Place(NamedTuple):
    """A remote to listen on or to call, and whether somebody asked for it."""

    remote: Remote
    asked: bool = False


def places(asked: Sequence[str], usual: int) -> tuple[Place, ...]:
    """What was asked for, or else the usual port; ValueError for what is no remote."""
    if not asked:
        return (Place(Remote("ptcp", "127.0.0.1", usual)),)
    return tuple(Place(parse_remote(text), asked=True) for text in asked)
