"""Image data as files: one file an image, named by its id; beside it what is staged for an import.

An upload is written beside its final name, made durable, and renamed when whole: a reader sees all of it or nothing,
whatever happens in between, and two uploads of one image do not meet. The digests are taken on the way.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

CHUNK = 256 * 1024
PART = ".part"
STAGED = ".staged"


class Digest(NamedTuple):
    """What is known of data once it is whole."""

    size: int
    checksum: str
    """MD5, as Glance's `checksum` is defined."""
    sha512: str


class Upload:
    """Data on its way in: `write` pieces, then `finish`; leaving the block without finishing drops it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=path.name, suffix=PART, dir=path.parent)
        self._part = Path(name)
        self._file = os.fdopen(descriptor, "wb")
        self._size = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha512 = hashlib.sha512()

    def __enter__(self) -> Upload:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)

    def write(self, piece: bytes) -> None:
        """Take in a piece."""
        self._file.write(piece)
        self._md5.update(piece)
        self._sha512.update(piece)
        self._size += len(piece)

    def finish(self) -> Digest:
        """Make the data durable and visible under its name."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._part.replace(self._path)
        return Digest(self._size, self._md5.hexdigest(), self._sha512.hexdigest())


class ImageFiles:
    """The directory of image data."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        for left in directory.glob(f"*{PART}"):  # of uploads that a crash broke off
            left.unlink(missing_ok=True)

    def upload(self, image_id: str) -> Upload:
        """Begin to take in an image's data."""
        return Upload(self._directory / image_id)

    def stage(self, image_id: str) -> Upload:
        """Begin to take in data that a later import takes."""
        return Upload(self._directory / (image_id + STAGED))

    def take_staged(self, image_id: str) -> Digest:
        """Make what was staged the image's data; raises FileNotFoundError."""
        digest = _digest(self._directory / (image_id + STAGED))
        (self._directory / (image_id + STAGED)).replace(self._directory / image_id)
        return digest

    def has(self, image_id: str) -> bool:
        """Whether there is data."""
        return (self._directory / image_id).exists()

    def read(self, image_id: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The data in pieces, `length` bytes from byte `start` on; all of it if no length is given."""
        with (self._directory / image_id).open("rb") as file:
            file.seek(start)
            left = length
            while piece := file.read(CHUNK if left is None else min(CHUNK, left)):
                left = None if left is None else left - len(piece)
                yield piece

    def delete(self, image_id: str) -> None:
        """Drop the data; an image without any is ignored."""
        for name in (image_id, image_id + STAGED):
            (self._directory / name).unlink(missing_ok=True)


def _digest(path: Path) -> Digest:
    size, md5, sha512 = 0, hashlib.md5(usedforsecurity=False), hashlib.sha512()
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            size += len(piece)
            md5.update(piece)
            sha512.update(piece)
    return Digest(size, md5.hexdigest(), sha512.hexdigest())
