"""Text of many rows, piece by piece: `<table-updates>` that are printed while somebody reads them.

So what is told of 100,000 rows stops nobody else, and is never in memory as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from brume.ovsdb.data import Json
from brume.ovsdb.wire.messages import print_json

ROWS_OF_A_PIECE = 200
NONE = b"{}"
"""The only piece, if nothing is told of any row."""


def pieces(tables: Iterable[tuple[str, Iterable[dict[str, Json]]]]) -> Iterator[bytes]:
    """The text of tables, each a name and what is told of its rows by uuid, some rows at a time."""
    before = b"{"
    for name, parts in tables:
        inner = before + print_json(name) + b":{"
        for part in parts:
            if part:
                yield inner + print_json(part)[1:-1]
                inner = b","
        if inner == b",":
            yield b"}"
            before = b","
    yield NONE if before == b"{" else b"}"
