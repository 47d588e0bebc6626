"""Flight: what a TCP connection has sent and its peer has not acknowledged yet.

Rule: sequence numbers are compared modulo 2^32 (RFC 9293 section 3.4), by `distance`.
"""

from __future__ import annotations

import msgspec

from brume.packets import tcp


class Segment(msgspec.Struct, frozen=True):
    """Something that takes up sequence space."""

    sequence: int
    flags: int
    data: bytes

    @property
    def length(self) -> int:
        """How many sequence numbers it takes."""
        return len(self.data) + bool(self.flags & (tcp.SYN | tcp.FIN))

    @property
    def end(self) -> int:
        """The sequence number after it."""
        return self.sequence + self.length & 0xFFFF_FFFF


class Flight:
    """Segments under way, oldest first."""

    __slots__ = ("segments",)

    def __init__(self) -> None:
        self.segments: list[Segment] = []

    def __bool__(self) -> bool:
        return bool(self.segments)

    @property
    def octets(self) -> int:
        """How much of the peer's window they take."""
        return sum(segment.length for segment in self.segments)

    def acknowledge(self, number: int) -> bool:
        """The peer has everything before that number; True when that is news."""
        before = len(self.segments)
        self.segments = [segment for segment in self.segments if distance(number, segment.end) < 0]
        return len(self.segments) < before

    def cut(self, size: int) -> None:
        """Make no segment carry more octets than that."""
        self.segments = [
            Segment(segment.sequence + start & 0xFFFF_FFFF, segment.flags, segment.data[start : start + size])
            for segment in self.segments
            for start in range(0, len(segment.data) or 1, size)
        ]


def distance(later: int, earlier: int) -> int:
    """How far one sequence number is ahead of another; negative when it is behind."""
    return (later - earlier + 0x8000_0000 & 0xFFFF_FFFF) - 0x8000_0000
