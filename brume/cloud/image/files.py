"""Image data as files: one file an image, named by its id.

An upload is written beside its final name, made durable, and renamed when whole: a reader sees all of it or nothing,
whatever happens in between. The digests are taken on the way.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

CHUNK = 256 * 1024


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
        self._part = path.with_name(path.name + ".part")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
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

    def upload(self, image_id: str) -> Upload:
        """Begin to take in an image's data."""
        return Upload(self._directory / image_id)

    def read(self, image_id: str, start: int = 0) -> Iterator[bytes]:
        """The data in pieces, from byte `start` on."""
        with (self._directory / image_id).open("rb") as file:
            file.seek(start)
            while piece := file.read(CHUNK):
                yield piece

    def delete(self, image_id: str) -> None:
        """Drop the data; an image without any is ignored."""
        (self._directory / image_id).unlink(missing_ok=True)
