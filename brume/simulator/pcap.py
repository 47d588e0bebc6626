"""Pcap: the classic capture file (magic 0xa1b2c3d4, microseconds), as tcpdump reads and writes it.

Not pcapng. Reading takes both byte orders and the nanosecond magic; writing is little-endian, Ethernet.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

import msgspec

ETHERNET: Final = 1
SNAPSHOT_LENGTH: Final = 262144

_FILE = "IHHiIII"
_RECORD = "IIII"
_MAGICS: Final = {
    b"\xd4\xc3\xb2\xa1": ("<", 1_000_000),
    b"\xa1\xb2\xc3\xd4": (">", 1_000_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1_000_000_000),
    b"\xa1\xb2\x3c\x4d": (">", 1_000_000_000),
}


class PcapError(ValueError):
    """A file that is not a capture, or is cut short."""


class Captured(msgspec.Struct, frozen=True):
    """A frame, when it was seen, and how long it was on the wire."""

    time: float
    frame: bytes
    length: int


def file_header() -> bytes:
    """What a capture begins with."""
    return struct.pack("<" + _FILE, 0xA1B2C3D4, 2, 4, 0, 0, SNAPSHOT_LENGTH, ETHERNET)


def record(time: float, frame: bytes) -> bytes:
    """One frame as it stands in a capture."""
    microseconds = round(time * 1_000_000)
    kept = frame[:SNAPSHOT_LENGTH]
    return struct.pack("<" + _RECORD, *divmod(microseconds, 1_000_000), len(kept), len(frame)) + kept


def write(frames: Iterable[tuple[float, bytes]]) -> bytes:
    """A whole capture of (time, frame)."""
    return file_header() + b"".join(record(time, frame) for time, frame in frames)


def read(data: bytes) -> Iterator[Captured]:
    """The frames of a capture; PcapError where it is not one."""
    if data[:4] not in _MAGICS or len(data) < 24:
        raise PcapError("not a pcap file: it does not begin with the magic number of one")
    order, fraction = _MAGICS[data[:4]]
    link = struct.unpack_from(order + _FILE, data)[6]
    if link != ETHERNET:
        raise PcapError(f"link type {link} is not Ethernet (1)")
    offset = 24
    while offset < len(data):
        if offset + 16 > len(data):
            raise PcapError(f"cut short at byte {offset}")
        seconds, part, kept, length = struct.unpack_from(order + _RECORD, data, offset)
        frame = data[offset + 16 : offset + 16 + kept]
        if len(frame) < kept:
            raise PcapError(f"cut short at byte {offset}")
        yield Captured(seconds + part / fraction, frame, length)
        offset += 16 + kept


class PcapWriter:
    """Writes frames to an open binary file as they come, flushed, so that tcpdump can follow (`tcpdump -r
    -`).

    Its `write` fits `Segment.tap` and `Underlay.tap`."""

    __slots__ = ("_file",)

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        file.write(file_header())
        file.flush()

    def write(self, time: float, frame: bytes, _source: object = None, /) -> None:
        """Add a frame."""
        self._file.write(record(time, frame))
        self._file.flush()
