"""Fragments of IPv4 (RFC 791 section 3.2): cutting a packet, and putting one together.

Rules: pieces are multiples of eight octets but the last; overlapping pieces are dropped with their packet.
"""

from __future__ import annotations

from msgspec.structs import replace

from brume.packets.build import stack
from brume.packets.ipv4 import Ipv4
from brume.values import Ipv4Address

LIMIT = 64
LIFETIME = 30.0


def fragments(header: Ipv4, payload: bytes, mtu: int) -> list[bytes]:
    """The packets, none longer than the MTU, that carry a payload."""
    step = (mtu - header.size()) // 8 * 8
    return [
        stack(
            replace(
                header,
                total_length=0,
                checksum=0,
                fragment_offset=header.fragment_offset + start // 8,
                more_fragments=int(start + step < len(payload)),
            ),
            payload[start : start + step],
        )
        for start in range(0, len(payload), step)
    ]


class Reassembly:
    """Packets of which pieces have come."""

    __slots__ = ("_partial",)

    def __init__(self) -> None:
        self._partial: dict[tuple[Ipv4Address, Ipv4Address, int, int], tuple[float, dict[int, bytes], int | None]] = {}

    def add(self, now: float, header: Ipv4, payload: bytes) -> bytes | None:
        """Take a piece; give the whole payload when it was the last one missing."""
        key = (header.source, header.destination, header.protocol, header.identification)
        began, pieces, total = self._partial.pop(key, (now, {}, None))
        if now - began > LIFETIME:
            began, pieces, total = now, {}, None
        start = header.fragment_offset * 8
        pieces[start] = payload
        if not header.more_fragments:
            total = start + len(payload)
        whole = _joined(pieces, total)
        if whole is None:
            while len(self._partial) >= LIMIT:
                self._partial.pop(next(iter(self._partial)))
            self._partial[key] = (began, pieces, total)
        return whole


def _joined(pieces: dict[int, bytes], total: int | None) -> bytes | None:
    octets = b""
    for start in sorted(pieces):
        if start != len(octets):
            return None
        octets += pieces[start]
    return octets if len(octets) == total else None
