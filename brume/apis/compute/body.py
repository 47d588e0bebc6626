"""Body: reads an object of a request attribute by attribute, strictly, with Nova's words when something is wrong.

Nova's request schemas differ by microversion and nest; a reader per attribute says the same in less than a schema.
`finish` refuses what nobody read, so an attribute that a microversion does not know is never passed over. Numbers and
booleans may come as text, as in Nova. What the words look like: jsonschema's messages behind "Invalid input for
field/attribute".
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from brume.apis.rest.messages import Request
from brume.cloud.errors import BadRequest

TRUE = ("True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes")
FALSE = ("False", "FALSE", "false", "0", "OFF", "Off", "off", "NO", "No", "no")

UUID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}\Z")
METADATA_KEY = re.compile(r"[a-zA-Z0-9-_:. ]{1,255}\Z")

LARGEST = 0x7FFFFFFF
"""Nova's db constant MAX_INT."""


def invalid(field: str, value: Any, problem: str) -> BadRequest:
    """The error for a value that the schema does not allow."""
    return BadRequest(f"Invalid input for field/attribute {field}. Value: {value}. {problem}")


def read(request: Request, name: str, *beside: str) -> Body:
    """The request's object under `name`; nothing but `beside` may stand next to it."""
    whole = request.json() if request.body else None
    if not isinstance(whole, dict):
        raise BadRequest(f"Invalid input for field/attribute {name}. {whole!r} is not of type 'object'")
    outer = Body("body", whole)
    for other in beside:
        outer.raw(other)
    inner = outer.object(name)
    outer.finish()
    return inner


class Body:
    """The attributes of one object named `name`."""

    def __init__(self, name: str, given: Any) -> None:
        if not isinstance(given, dict):
            raise invalid(name, given, f"{given!r} is not of type 'object'")
        self._name = name
        self._given: Mapping[str, Any] = given
        self._read: set[str] = set()

    def __contains__(self, attribute: str) -> bool:
        return attribute in self._given

    def require(self, *attributes: str) -> None:
        """Raise unless all of these are there."""
        for attribute in attributes:
            if attribute not in self._given:
                raise invalid(self._name, dict(self._given), f"'{attribute}' is a required property")

    def raw(self, attribute: str) -> Any:
        """The value as it is; None if absent."""
        self._read.add(attribute)
        return self._given.get(attribute)

    def _value(self, attribute: str, required: bool, kinds: str) -> Any:
        """The value; None only if absent."""
        if required:
            self.require(attribute)
        value = self.raw(attribute)
        if value is None and attribute in self._given:
            raise invalid(attribute, value, f"None is not of type {kinds}")
        return value

    def object(self, attribute: str) -> Body:
        """An object that must be there."""
        self.require(attribute)
        return Body(attribute, self.raw(attribute))

    def text(
        self,
        attribute: str,
        *,
        required: bool = False,
        nullable: bool = False,
        longest: int = 65535,
        shortest: int = 0,
        check: Callable[[str], str | None] | None = None,
    ) -> str | None:
        """A string; None if absent (or null, where that is allowed). `check` says what is wrong with it."""
        if nullable and self._given.get(attribute) is None:
            self._read.add(attribute)
            return None
        value = self._value(attribute, required, "'string', 'null'" if nullable else "'string'")
        if value is None:
            return None
        return check_text(attribute, value, longest=longest, shortest=shortest, check=check)

    def name(self, attribute: str, *, required: bool = False) -> str | None:
        """Nova's `name`: 1 to 255 printable characters, no white space at the ends."""
        return self.text(attribute, required=required, shortest=1, longest=255, check=not_a_name)

    def description(self, attribute: str = "description", *, longest: int = 255, required: bool = False) -> str | None:
        """Printable text, or null."""
        if required:
            self.require(attribute)
        return self.text(attribute, nullable=True, longest=longest, check=not_printable)

    def uuid(self, attribute: str, *, required: bool = False, nullable: bool = False) -> str | None:
        """A UUID."""
        return self.text(attribute, required=required, nullable=nullable, check=not_a_uuid)

    def address(self, attribute: str, version: int | None = None, *, required: bool = False) -> str | None:
        """An IP address in its canonical form."""
        value = self.text(attribute, required=required)
        if value is None:
            return None
        try:
            found = ipaddress.ip_address(value)
        except ValueError:
            found = None
        if found is None or "%" in value or version not in (None, found.version):
            kind = f"ipv{version}" if version else "ip_address"
            raise invalid(attribute, value, f"{value!r} is not a {kind!r}")
        return str(found)

    def choice(self, attribute: str, choices: Sequence[str], *, required: bool = False) -> str | None:
        """One of these words."""
        value = self.text(attribute, required=required)
        if value is not None and value not in choices:
            raise invalid(attribute, value, f"{value!r} is not one of {list(choices)}")
        return value

    def identifier(self, attribute: str, *, required: bool = False) -> str | None:
        """A string or a whole number, as text (clients send flavor ids either way)."""
        value = self._value(attribute, required, "'string', 'integer'")
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise invalid(attribute, value, f"{value!r} is not of type 'string', 'integer'")
        if value == "":
            raise invalid(attribute, value, "'' is too short")
        return str(value)

    def integer(
        self, attribute: str, *, default: int = 0, least: int = 0, most: int = LARGEST, required: bool = False
    ) -> int:
        """A whole number, or its text."""
        value = self._value(attribute, required, "'integer', 'string'")
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise invalid(attribute, value, f"{value!r} is not of type 'integer', 'string'")
        if isinstance(value, str):
            digits = value.removeprefix("-")
            if not (digits.isascii() and digits.isdecimal()) or len(digits) > 18:
                raise invalid(attribute, value, f"{value!r} does not match '^-?[0-9]+$'")
        number = int(value)
        if number < least:
            raise invalid(attribute, value, f"{value} is less than the minimum of {least}")
        if number > most:
            raise invalid(attribute, value, f"{value} is greater than the maximum of {most}")
        return number

    def number(self, attribute: str, *, default: float) -> float:
        """A number above 0, or its text."""
        value = self._value(attribute, False, "'number', 'string'")
        if value is None:
            return default
        try:
            number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1.0
        except (ValueError, OverflowError):
            number = -1.0
        if not 0 < number <= 3.40282e38:
            raise invalid(attribute, value, f"{value!r} is not a number above 0")
        return number

    def boolean(self, attribute: str, *, default: bool = False, required: bool = False) -> bool:
        """A boolean, or one of the words Nova takes for one."""
        value = self._value(attribute, required, "'boolean', 'string'")
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        if value in TRUE:
            return True
        if value in FALSE:
            return False
        raise invalid(attribute, value, f"{value!r} is not one of {[True, *TRUE, False, *FALSE]}")

    def metadata(self, attribute: str, *, required: bool = False) -> dict[str, str]:
        """Short texts by name; empty if absent."""
        value = self._value(attribute, required, "'object'")
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise invalid(attribute, value, f"{value!r} is not of type 'object'")
        for key, text in value.items():
            if not METADATA_KEY.match(key):
                raise invalid(attribute, value, f"{key!r} does not match any of the regexes: {METADATA_KEY.pattern!r}")
            check_text(key, text, longest=255)
        return value

    def list(self, attribute: str, *, nullable: bool = False) -> list[Any] | None:
        """A list; None if absent."""
        value = self.raw(attribute) if nullable else self._value(attribute, False, "'array'")
        if value is not None and not isinstance(value, list):
            raise invalid(attribute, value, f"{value!r} is not of type 'array'")
        return value

    def objects(self, attribute: str) -> Sequence[Body]:
        """A list of objects; empty if absent."""
        return [Body(attribute, item) for item in self.list(attribute) or ()]

    def finish(self) -> None:
        """Refuse attributes that nobody read."""
        unknown = sorted(set(self._given) - self._read)
        if unknown:
            names = ", ".join(f"'{name}'" for name in unknown)
            verb = "was" if len(unknown) == 1 else "were"
            problem = f"Additional properties are not allowed ({names} {verb} unexpected)"
            raise invalid(self._name, dict(self._given), problem)


def check_text(
    attribute: str, value: Any, *, longest: int, shortest: int = 0, check: Callable[[str], str | None] | None = None
) -> str:
    """A string of this length that `check` finds nothing wrong with."""
    if not isinstance(value, str):
        raise invalid(attribute, value, f"{value!r} is not of type 'string'")
    if len(value) < shortest:
        raise invalid(attribute, value, f"{value!r} is too short")
    if len(value) > longest:
        raise invalid(attribute, value, f"{value!r} is too long")
    problem = check(value) if check is not None else None
    if problem is not None:
        raise invalid(attribute, value, problem)
    return value


def _is_printable(character: str, space: bool = True) -> bool:
    """As Nova's names: no control characters, no separators but horizontal space."""
    category = unicodedata.category(character)
    return not category.startswith("C") and (not category.startswith("Z") or (space and category == "Zs"))


def not_printable(text: str) -> str | None:
    """What is wrong with a description."""
    return None if all(map(_is_printable, text)) else f"{text!r} does not match printable characters"


def not_a_name(text: str) -> str | None:
    """What is wrong with a name."""
    if all(map(_is_printable, text)) and _is_printable(text[0], False) and _is_printable(text[-1], False):
        return None
    return (
        "An invalid 'name' value was provided. The name must be: printable characters. "
        "Can not start or end with whitespace."
    )


def not_a_uuid(text: str) -> str | None:
    """What is wrong with a UUID."""
    return None if UUID.match(text) else f"{text!r} is not a 'uuid'"
