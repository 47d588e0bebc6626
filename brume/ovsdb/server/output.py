"""What a client is to read and has not read yet: pieces of octets, in order, counted.

Pieces are shared: an update for fifty clients is one object in fifty queues. `slow` tells that a client does not keep
up: then it is asked nothing more and told no updates until it has read (it gets them merged, later); `excessive`
that it has to go. A dump it asked for may be larger than any limit, and does not count.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple


class Limits(NamedTuple):
    """How many octets a client may leave unread: until it is slow, and until it has to go."""

    slow: int = 1 << 20
    maximum: int = 256 << 20


DEFAULT_LIMITS = Limits()


class Output:
    """The queue of one client."""

    __slots__ = ("_limits", "_pieces", "_uncounted", "choked", "size", "slow")

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._pieces: deque[bytes] = deque()
        self._limits = limits
        self._uncounted = 0
        self.size = 0
        """Octets in the queue."""
        self.slow = False
        """Whether to wait until the client has read."""
        self.choked = False
        """Whether it has been slow; whoever tells the session that the client has read sets it back."""

    def put(self, piece: bytes) -> None:
        """One more piece to read."""
        self._pieces.append(piece)
        self.size += len(piece)
        if self.size > self._limits.slow:
            self.slow = self.choked = True

    def put_dump(self, pieces: list[bytes]) -> None:
        """The pieces of something large that the client asked for."""
        size = self.size
        for piece in pieces:
            self.put(piece)
        self._uncounted += self.size - size

    def take(self) -> bytes | None:
        """The next piece for the connection, or None if there is nothing."""
        if not self._pieces:
            return None
        piece = self._pieces.popleft()
        self.size -= len(piece)
        if self.slow and self.size <= self._limits.slow:
            self.slow = False
        if self._uncounted:
            self._uncounted = max(0, self._uncounted - len(piece))
        return piece

    def clear(self) -> None:
        """Forget what is queued: the client is gone."""
        self._pieces.clear()
        self.size = self._uncounted = 0
        self.slow = False

    @property
    def excessive(self) -> bool:
        """Whether so much is queued that the client cannot be served."""
        return self.size - self._uncounted > self._limits.maximum
