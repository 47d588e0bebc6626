"""The Fernet keys' files, as `keystone-manage fernet_setup` lays them out.

A directory (0700) of files (0600) named by numbers: the highest is the primary key, which makes tokens; 0 is staged,
the next primary; the others only read. `rotate` makes the staged key primary and stages a new one.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.fernet import Fernet

ACTIVE_AT_MOST = 3


def load_keys(directory: Path) -> list[str]:
    """The keys, the primary first; made when there are none."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _numbers(directory):
        for number in (0, 1):
            _write(directory / str(number), Fernet.generate_key())
    numbers = _numbers(directory)
    return [(directory / str(number)).read_text().strip() for number in reversed(numbers)]


def rotate(directory: Path) -> list[str]:
    """The staged key becomes primary, a new one is staged, the oldest go; answers the keys as `load_keys`."""
    load_keys(directory)
    numbers = _numbers(directory)
    os.replace(directory / "0", directory / str(numbers[-1] + 1))
    _write(directory / "0", Fernet.generate_key())
    secondary = [number for number in _numbers(directory) if number != 0]
    for number in secondary[: max(0, len(secondary) + 1 - ACTIVE_AT_MOST)]:
        (directory / str(number)).unlink()
    return load_keys(directory)


def _numbers(directory: Path) -> list[int]:
    return sorted(int(file.name) for file in directory.iterdir() if file.name.isdecimal())


def _write(path: Path, key: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
