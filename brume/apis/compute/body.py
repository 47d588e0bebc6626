"""Body: reads an object of a request attribute by attribute, strictly, with Nova's words when something is wrong.

Nova's request schemas differ by microversion and nest; a reader per attribute says the same in less than a schema.
`finish` refuses what nobody read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brume.cloud.errors import BadRequest
from brume.cloud.validation import to_boolean


class Body:
    """The attributes of one object named `name`."""

    def __init__(self, name: str, given: Mapping[str, Any]) -> None:
        self._name = name
        self._given = given
        self._read: set[str] = set()

    def __contains__(self, attribute: str) -> bool:
        return attribute in self._given

    def _value(self, attribute: str, required: bool) -> Any:
        self._read.add(attribute)
        if attribute not in self._given and required:
            raise BadRequest(
                f"Invalid input for field/attribute {self._name}. Value: {dict(self._given)}. "
                f"'{attribute}' is a required property"
            )
        return self._given.get(attribute)

    def _wrong(self, attribute: str, value: Any, kinds: str) -> BadRequest:
        return BadRequest(
            f"Invalid input for field/attribute {attribute}. Value: {value}. {value!r} is not of type {kinds}"
        )

    def raw(self, attribute: str) -> Any:
        """The value as it is; None if absent."""
        return self._value(attribute, False)

    def text(
        self, attribute: str, *, required: bool = False, nullable: bool = False, longest: int = 65535, shortest: int = 0
    ) -> str | None:
        """A string; None if absent (or null, where that is allowed)."""
        value = self._value(attribute, required)
        if value is None and (nullable or attribute not in self._given):
            return None
        if not isinstance(value, str):
            raise self._wrong(attribute, value, "'string'")
        if not shortest <= len(value) <= longest:
            word = "too short" if len(value) < shortest else "too long"
            raise BadRequest(f"Invalid input for field/attribute {attribute}. Value: {value}. {value!r} is {word}")
        return value

    def identifier(self, attribute: str) -> str | None:
        """A string or a number, as text (clients send flavor ids either way)."""
        value = self._value(attribute, False)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self._wrong(attribute, value, "'string', 'integer'")
        return str(value)

    def integer(self, attribute: str, *, required: bool = False, default: int = 0) -> int:
        """A whole number, or its text."""
        value = self._value(attribute, required)
        if value is None and attribute not in self._given:
            return default
        if isinstance(value, bool):
            raise self._wrong(attribute, value, "'integer', 'string'")
        if isinstance(value, int):
            return value
        if isinstance(value, str) and value.lstrip("-").isdecimal() and len(value) < 20:
            return int(value)
        raise self._wrong(attribute, value, "'integer', 'string'")

    def number(self, attribute: str, *, default: float) -> float:
        """A number, or its text."""
        value = self._value(attribute, False)
        if value is None and attribute not in self._given:
            return default
        try:
            return float(value)
        except (TypeError, ValueError):
            raise self._wrong(attribute, value, "'number', 'string'") from None

    def boolean(self, attribute: str, *, default: bool = False) -> bool:
        """A boolean, or its text."""
        value = self._value(attribute, False)
        if value is None and attribute not in self._given:
            return default
        if isinstance(value, bool):
            return value
        try:
            return to_boolean(value)
        except (AttributeError, ValueError):
            raise self._wrong(attribute, value, "'boolean', 'string'") from None

    def texts(self, attribute: str) -> dict[str, str]:
        """An object of strings; empty if absent."""
        value = self._value(attribute, False)
        if value is None and attribute not in self._given:
            return {}
        if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
            raise self._wrong(attribute, value, "'object' of strings")
        return value

    def objects(self, attribute: str) -> list[dict[str, Any]]:
        """A list of objects; empty if absent."""
        value = self._value(attribute, False)
        if value is None and attribute not in self._given:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self._wrong(attribute, value, "'array' of objects")
        return value

    def finish(self) -> None:
        """Refuse attributes that nobody read."""
        unknown = sorted(set(self._given) - self._read)
        if unknown:
            names = ", ".join(f"'{name}'" for name in unknown)
            raise BadRequest(
                f"Invalid input for field/attribute {self._name}. Value: {dict(self._given)}. "
                f"Additional properties are not allowed ({names} {'was' if len(unknown) == 1 else 'were'} unexpected)"
            )
