"""Files that are there whole or not at all, whoever else writes them, and however the writing ends: keys, certificates.

write_whole(path, text)                    nobody but its owner reads it (mode 0600)
write_whole(path, text, replace=False)     one that is there stays as it is: who was first is believed
"""

from __future__ import annotations

import os
from contextlib import suppress
from tempfile import mkstemp


def write_whole(path: str, text: bytes, *, replace: bool = True, mode: int = 0o600) -> None:
    """Write a file; OSError if that is not possible, and then nothing is left of it."""
    descriptor, new = mkstemp(prefix=f".{os.path.basename(path)}.", dir=os.path.dirname(path) or ".")  # mode 0600
    try:
        with open(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)  # or after a crash there is a file with no key in it
        if replace:
            os.rename(new, path)
        else:
            with suppress(FileExistsError):
                os.link(new, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(new)
