"""PacketError: the one error of this room.

Raised when bytes are too short or contradict themselves, never for a value that is merely unusual. It says at
which byte of the frame the reader stopped, and why.
"""

from __future__ import annotations


class PacketError(Exception):
    """Bytes that are not the packet they should be."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason, offset)
        self.reason = reason
        self.offset = offset

    def __str__(self) -> str:
        return f"{self.reason} at byte {self.offset}"
