"""Cloud: an open cloud as one value: its store, its tokens, its directory, and what other rooms provided.

Whatever a handler needs beyond its request is here. A room that has something of its own to keep (image files, a
scheduler) makes a class for it, provides one object at assembly, and its handlers ask for it by that class:

    cloud.provide(ImageFiles(directory))            request.cloud.need(ImageFiles).write(...)
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any, TypeVar, cast

from brume.cloud.identity.key_storage import load_keys
from brume.cloud.identity.passwords import PasswordMemory
from brume.cloud.identity.tokens import Tokens
from brume.cloud.store.engine import Store

T = TypeVar("T")

DATABASE = "cloud.db"
KEYS = "fernet-keys"


class Cloud:
    """What one process has open. Made by `open_cloud`; belongs to one thread."""

    def __init__(self, store: Store, tokens: Tokens, passwords: PasswordMemory, directory: Path | None) -> None:
        self.store = store
        self.tokens = tokens
        self.passwords = passwords
        self.directory = directory
        self._parts: dict[type, Any] = {}

    def provide(self, part: object) -> None:
        """Keep something under its class."""
        self._parts[type(part)] = part

    def need(self, kind: type[T]) -> T:
        """What was provided of this class."""
        return cast(T, self._parts[kind])

    def has(self, kind: type) -> bool:
        """Whether something of this class was provided."""
        return kind in self._parts

    def close(self) -> None:
        """Close the store."""
        self.store.close()


def open_cloud(directory: Path, *, url: str | None = None, durability: str = "process") -> Cloud:
    """Open the cloud in a directory, made (0700) when it is not there. `url`: another database than the file in it."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = Store(url or f"sqlite:///{directory.absolute() / DATABASE}", durability=durability)
    tokens = Tokens(store, load_keys(directory / KEYS))
    return Cloud(store, tokens, PasswordMemory(secrets.token_bytes(32)), directory)
