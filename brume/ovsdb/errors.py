"""The error object of OVSDB (RFC 7047, section 3.1), as an exception, in ovsdb-server's words.

`word` is the "error" member that programs look at, `details` the sentence for people, `syntax` the JSON that was at
fault. The edge sends `to_json()`; nothing in this room logs and goes on.
"""

from __future__ import annotations

from typing import Any

from brume.ovsdb.json_text import print_json

SYNTAX = "syntax error"
CONSTRAINT = "constraint violation"
REFERENTIAL = "referential integrity violation"


class OvsdbError(Exception):
    """Something an OVSDB request asked for cannot be."""

    def __init__(self, word: str, details: str | None = None, syntax: str | None = None) -> None:
        super().__init__(word, details, syntax)
        self.word = word
        self.details = details
        self.syntax = syntax

    def to_json(self) -> dict[str, Any]:
        """The error object as a server sends it."""
        found = {"details": self.details, "error": self.word, "syntax": self.syntax}
        return {name: value for name, value in found.items() if value is not None}

    def __str__(self) -> str:
        where = f'syntax "{self.syntax}": ' if self.syntax is not None else ""
        return where + self.word + (f": {self.details}" if self.details is not None else "")


def syntax_error(json: Any, details: str, word: str = SYNTAX) -> OvsdbError:
    """A request that cannot be understood or done: `json` is the part at fault."""
    return OvsdbError(word, details, print_json(json))
