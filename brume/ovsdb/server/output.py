"""What a client is to read and has not read yet: pieces of octets, in order, counted.

Pieces are shared: an update for fifty clients is one object in fifty queues. `slow` tells that a client does not keep
up: then it is asked nothing more and told no updates until it has read everything (it gets them merged, later);
`excessive` that it has to go. What is made as it is read - a dump, much that was missed - may be larger than any limit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple


class Limits(NamedTuple):
    """How many octets a client may leave unread: until it is slow, and until it is told nothing more at all."""

    slow: int = 1 << 20
    maximum: int = 256 << 20


DEFAULT_LIMITS = Limits()


class Output:
    """The queue of one client: octets, and dumps whose octets are made when their turn comes."""

    __slots__ = ("_held", "_limits", "_pieces", "size", "slow", "taken")

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._pieces: deque[bytes | Iterator[bytes]] = deque()
        self._held: list[bytes] = []
        self._limits = limits
        self.size = 0
        """Octets in the queue; those that are still to be made are not there yet."""
        self.taken = 0
        """Octets that were taken out of it, ever."""
        self.slow = False
        """Whether to wait until the client has read; whoever tells the session that it has, sets it back."""

    @property
    def empty(self) -> bool:
        """Whether the client has read everything."""
        return not self._pieces

    def put(self, piece: bytes) -> None:
        """One more piece to read."""
        self._pieces.append(piece)
        self.size += len(piece)
        if self.size > self._limits.slow:
            self.slow = True

    def put_many(self, pieces: Iterator[bytes]) -> None:
        """Something large, made as it is taken; the client is slow until it has read that."""
        self._pieces.append(pieces)
        self.slow = True

    def hold(self, piece: bytes) -> None:
        """Something that must not be read before what is still to be put."""
        self._held.append(piece)
        self.size += len(piece)

    def release(self) -> None:
        """What was held may be read."""
        held, self._held = self._held, []
        for piece in held:
            self.size -= len(piece)
            self.put(piece)

    def take(self) -> bytes | None:
        """The next piece for the connection, or None if there is nothing."""
        while self._pieces:
            piece = self._pieces[0]
            if isinstance(piece, bytes):
                self._pieces.popleft()
                self.size -= len(piece)
                self.taken += len(piece)
                return piece
            made = next(piece, None)
            if made is not None:
                self.taken += len(made)
                return made
            self._pieces.popleft()
        return None

    def clear(self) -> None:
        """There is nothing to read any more."""
        self._pieces.clear()
        self._held.clear()
        self.size = 0

    @property
    def excessive(self) -> bool:
        """Whether so much is queued that the client cannot be served: one more answer is too much."""
        return self.size > self._limits.maximum
