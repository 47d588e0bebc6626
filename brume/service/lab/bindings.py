"""Bindings: which logical port is plugged in on which chassis, with which card. Kept in a file, replaced whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from brume.service.lab.card import Card
from brume.service.settings import write_private


class Binding(msgspec.Struct, frozen=True):
    """One host plugged in."""

    port: str
    chassis: str
    card: Card


class Bindings:
    """All of them, by port. A change is on the disk when the call returns."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._bindings: dict[str, Binding] = {}

    def load(self) -> None:
        """Read what an earlier lab kept; ValueError if the file is not one of ours."""
        try:
            found = msgspec.json.decode(self._file.read_bytes(), type=list[Binding])
        except FileNotFoundError:
            return
        except msgspec.DecodeError as error:
            raise ValueError(f"{self._file} cannot be read: {error}") from None
        self._bindings = {binding.port: binding for binding in found}

    def __iter__(self) -> Iterator[Binding]:
        return iter(list(self._bindings.values()))

    def get(self, port: str) -> Binding | None:
        """The binding of a port."""
        return self._bindings.get(port)

    def put(self, binding: Binding) -> None:
        """Add one, or replace the one of the same port."""
        self._write({**self._bindings, binding.port: binding})

    def remove(self, port: str) -> None:
        """Take one away."""
        self._write({name: binding for name, binding in self._bindings.items() if name != port})

    def _write(self, bindings: dict[str, Binding]) -> None:
        content = msgspec.json.format(msgspec.json.encode(list(bindings.values())))
        write_private(self._file, content + b"\n")
        self._bindings = bindings
