"""What a client is to read and has not read yet: pieces of octets, in order, counted.

Pieces are shared: an update for fifty clients is one object in fifty queues. `slow` tells that a client does not keep
up: then it is asked nothing more and told no updates until it has read (it gets them merged, later); `excessive`
that it has to go. A dump it asked for may be larger than any limit: it is made as it is read, and does not count.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple


class Limits(NamedTuple):
    """How many octets a client may leave unread: until it is slow, and until it has to go."""

    slow: int = 1 << 20
    maximum: int = 256 << 20


DEFAULT_LIMITS = Limits()


class Output:
    """The queue of one client: octets, and dumps whose octets are made when their turn comes."""

    __slots__ = ("_dumps", "_limits", "_pieces", "choked", "size", "slow")

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._pieces: deque[bytes | Iterator[bytes]] = deque()
        self._limits = limits
        self._dumps = 0
        self.size = 0
        """Octets in the queue; those of dumps are not there yet."""
        self.slow = False
        """Whether to wait until the client has read."""
        self.choked = False
        """Whether it has been slow; whoever tells the session that the client has read sets it back."""

    @property
    def empty(self) -> bool:
        """Whether the client has read everything."""
        return not self._pieces

    def put(self, piece: bytes) -> None:
        """One more piece to read."""
        self._pieces.append(piece)
        self.size += len(piece)
        if self.size > self._limits.slow:
            self.slow = self.choked = True

    def put_dump(self, pieces: Iterator[bytes]) -> None:
        """Something large that the client asked for; it is slow until it has read that."""
        self._pieces.append(pieces)
        self._dumps += 1
        self.slow = self.choked = True

    def take(self) -> bytes | None:
        """The next piece for the connection, or None if there is nothing."""
        while self._pieces:
            piece = self._pieces[0]
            if isinstance(piece, bytes):
                self._pieces.popleft()
                self.size -= len(piece)
                if self.slow:
                    self._look()
                return piece
            made = next(piece, None)
            if made is not None:
                return made
            self._pieces.popleft()
            self._dumps -= 1
            self._look()
        return None

    def _look(self) -> None:
        self.slow = self._dumps > 0 or self.size > self._limits.slow

    @property
    def excessive(self) -> bool:
        """Whether so much is queued that the client cannot be served."""
        return self.size > self._limits.maximum
