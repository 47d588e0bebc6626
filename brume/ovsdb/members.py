"""Reading a JSON object member by member, with ovsdb-server's complaints about what is missing, wrong or too much."""

from __future__ import annotations

from typing import Any

from brume.ovsdb.data import is_id
from brume.ovsdb.errors import SYNTAX, OvsdbError, syntax_error
from brume.ovsdb.json_text import whole

Json = Any
ANY, ID, STRING, INTEGER, NUMBER, BOOLEAN, ARRAY, OBJECT = (
    "any",
    "id",
    "string",
    "integer",
    "number",
    "boolean",
    "array",
    "object",
)


def _is(kind: str, value: Json) -> bool:
    if type(value) is _USUAL.get(kind) or kind == ANY:
        return True
    if kind == ID:
        return is_id(value)
    if kind == BOOLEAN:
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if kind == INTEGER:
        return isinstance(whole(value), int)
    return isinstance(value, _PYTHON[kind])


_PYTHON: dict[str, Any] = {STRING: str, NUMBER: (int, float), ARRAY: list, OBJECT: dict}
_USUAL = {STRING: str, BOOLEAN: bool, ARRAY: list, OBJECT: dict}
"""Types that need no second look."""


class Members:
    """The members of one object; `what` names it in messages. Call `finish` when all have been read."""

    __slots__ = ("_json", "_used", "_what", "_wrong")

    def __init__(self, json: Json, what: str) -> None:
        self._json = json
        self._what = what
        self._used: set[str] = set()
        self._wrong: OvsdbError | None = None
        if not isinstance(json, dict):
            raise OvsdbError(SYNTAX, f"Parsing {what} failed: Object expected.")

    @property
    def json(self) -> Json:
        """The object itself."""
        return self._json

    def get(self, name: str, *kinds: str) -> Json:
        """A member that must be there and be of one of these kinds."""
        if name not in self._json:
            raise self.wrong(f"Required '{name}' member is missing.")
        return self.optional(name, *kinds)

    def optional(self, name: str, *kinds: str) -> Json:
        """A member of one of these kinds, or None if it is not there."""
        if name not in self._json:
            return None
        value = self._json[name]
        for kind in kinds:
            if _is(kind, value):
                self._used.add(name)
                return value
        raise self.wrong(f"Type mismatch for member '{name}'.")

    def wrong(self, message: str) -> OvsdbError:
        """The error that says what is wrong with the object; the first one is what `finish` raises too."""
        error = syntax_error(self._json, f"Parsing {self._what} failed: {message}")
        self._wrong = self._wrong or error
        return error

    def finish(self) -> None:
        """Raise if something was wrong, or if the object has members that nobody asked for."""
        if self._wrong is not None:
            raise self._wrong
        if len(self._used) == len(self._json):
            return
        unused = [name for name in self._json if name not in self._used]
        if len(unused) == 1:
            raise self.wrong(f"Member '{unused[0]}' is present but not allowed here.")
        others = "members" if len(unused) > 2 else "member"
        count = len(unused) - 1
        raise self.wrong(f"Member '{unused[0]}' and {count} other {others} are present but not allowed here.")
