"""PortRange: TCP or UDP ports from first to last.

Not a match: turning a range into masks is the expression room's work.

Rule: both ends belong to the range, and first <= last.
"""

from __future__ import annotations

import msgspec


class PortRange(msgspec.Struct, frozen=True, order=True, gc=False):
    """Ports first..last, both included."""

    first: int
    last: int

    def __post_init__(self) -> None:
        for port in (self.first, self.last):
            if not 0 <= port <= 65535:
                raise ValueError(f"port {port} is not within 0 to 65535")
        if self.first > self.last:
            raise ValueError(f"port range {self.first}:{self.last} ends before it begins")

    @classmethod
    def parse(cls, text: str) -> PortRange:
        """Read `80`, `8000:8080` or `8000-8080`."""
        first, _, last = text.replace("-", ":", 1).partition(":")
        last = last or (first if text == first else "")
        if not (first.isascii() and first.isdigit() and last.isascii() and last.isdigit()):
            raise ValueError(f"{text!r} is not a port range, as 80 or 8000:8080")
        return cls(int(first), int(last))

    def __contains__(self, port: int) -> bool:
        return self.first <= port <= self.last

    def __len__(self) -> int:
        return self.last - self.first + 1

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}:{self.last}"
