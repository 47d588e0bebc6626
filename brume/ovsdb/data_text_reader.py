"""Reading the text form of atoms and datums: what people write after `ovn-nbctl set` (ovs-vsctl(8), "Database Values").

    read_datum(kind, '[a, "b c"]')      a set; the brackets may be left out
    read_datum(kind, '{a=1, b=2}')      a map; the braces may be left out
    read_datum(kind, '1-4, 7')          integers, with ranges

The complaints are those of Open vSwitch's tools. Names that stand for uuids (`@new`) are the tools' own, not read here.
"""

from __future__ import annotations

import math
import re
from typing import Any

from brume.ovsdb.data import Atom, Datum, check_atom, is_uuid
from brume.ovsdb.errors import OvsdbError
from brume.ovsdb.types import MAXIMUM_INTEGER, MINIMUM_INTEGER, AtomType, BaseType, ColumnType
from brume.tables.map import Map

LARGEST_RANGE = 4096
_DELIMITERS = frozenset(":=, []{}!<>")
_SPACES = " \t\n\v\f\r"
_INTEGER = re.compile(r"[ \t\n\v\f\r]*[-+]?[0-9]+\Z")
_RANGE = re.compile(r"([ \t\n\v\f\r]*[-+]?[0-9]+)-([ \t\n\v\f\r]*[-+]?[0-9]+)\Z")
_REAL = re.compile(r"[ \t\n\v\f\r]*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\Z")
_WORDS = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(("false", "no", "off", "0"), False)
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_FOUR_DIGITS = re.compile(r"[0-9a-fA-F]{4}")


class TextError(ValueError):
    """A text is no value of the type it should be; says why."""


def read_atom(base: BaseType, text: str) -> Atom:
    """An atom, within its limits."""
    atom = _READERS[base.atom](text)
    _check(base, atom)
    return atom


def read_atoms(base: BaseType, text: str) -> list[Atom]:
    """An atom, or all integers of a range as `10-20`."""
    found = _RANGE.match(text) if base.atom is AtomType.INTEGER else None
    if found is None:
        return [read_atom(base, text)]
    start, end = _in_64_bits(found[1]), _in_64_bits(found[2])
    if start is None or end is None:
        raise TextError(f'"{text}" is not a valid integer or range')
    if end < start:
        raise TextError(f'"{text}" is not a valid range. Range end cannot be before start.')
    for atom in (start, end):
        _check(base, atom)
    if end - start >= LARGEST_RANGE:
        what = f'Range "{start}-{end}" is too big. Maximum allowed size is {LARGEST_RANGE}.'
        raise TextError(f"constraint violation: {what}")
    atoms = list(range(start, end + 1))
    for atom in atoms if base.enum is not None else ():
        _check(base, atom)
    return atoms


def _check(base: BaseType, atom: Atom) -> None:
    try:
        check_atom(base, atom)
    except OvsdbError as error:
        raise TextError(str(error)) from None


# atoms


def _in_64_bits(text: str) -> int | None:
    number = int(text) if len(text) < 100 else MAXIMUM_INTEGER + 1
    return number if MINIMUM_INTEGER <= number <= MAXIMUM_INTEGER else None


def _read_integer(text: str) -> int:
    number = _in_64_bits(text) if _INTEGER.match(text) else None
    if number is None:
        raise TextError(f'"{text}" is not a valid integer or range')
    return number


def _read_real(text: str) -> float:
    number = float(text) if _REAL.match(text) else math.inf
    if math.isinf(number):
        raise TextError(f'"{text}" is not a valid real number')
    return number or 0.0  # there is no negative zero


def _read_boolean(text: str) -> bool:
    if text not in _WORDS:
        raise TextError(f'"{text}" is not a valid boolean (use "true" or "false")')
    return _WORDS[text]


def _read_uuid(text: str) -> str:
    if not is_uuid(text):
        raise TextError(f'"{text}" is not a valid UUID')
    return text.lower()


def _read_string(text: str) -> str:
    if not text:
        raise TextError('An empty string is not valid as input; use "" to represent the empty string')
    if text[0] != '"':
        return text
    if len(text) < 2 or text[-1] != '"':
        raise TextError(f"{text}: missing quote at end of quoted string")
    try:
        return _unescape(text[1:-1])
    except TextError as error:
        raise TextError(f"{text}: {error}") from None


def _unescape(text: str) -> str:
    found, at = [], 0
    while at < len(text):
        if text[at] == '"':
            raise TextError('quoted string may not include unescaped "')
        if text[at] != "\\":
            found.append(text[at])
            at += 1
            continue
        if at + 1 == len(text):
            raise TextError("quoted string may not end with backslash")
        letter = text[at + 1]
        at += 2
        if letter == "u":
            character, at = _unicode(text, at)
            found.append(character)
        elif letter in _ESCAPES:
            found.append(_ESCAPES[letter])
        else:
            raise TextError(f"bad escape \\{letter}")
    return "".join(found)


def _unicode(text: str, at: int) -> tuple[str, int]:
    code = _four_digits(text, at)
    at += 4
    if not 0xD800 <= code < 0xE000:
        return chr(code), at
    if code >= 0xDC00:  # the second half of a pair, alone
        return "\ufffd", at
    if text[at : at + 2] != "\\u":
        raise TextError("malformed escaped surrogate pair")
    low = _four_digits(text, at + 2)
    if not 0xDC00 <= low < 0xE000:
        raise TextError("second half of escaped surrogate pair is not trailing surrogate")
    return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)), at + 6


def _four_digits(text: str, at: int) -> int:
    if len(text) < at + 4:
        raise TextError("quoted string ends within \\u escape")
    found = _FOUR_DIGITS.match(text, at)
    if found is None:
        raise TextError("malformed \\u escape")
    code = int(found[0], 16)
    if not code:
        raise TextError("null bytes not supported in quoted strings")
    return code


_READERS: dict[AtomType, Any] = {
    AtomType.INTEGER: _read_integer,
    AtomType.REAL: _read_real,
    AtomType.BOOLEAN: _read_boolean,
    AtomType.STRING: _read_string,
    AtomType.UUID: _read_uuid,
}


# datums


def read_datum(kind: ColumnType, text: str) -> Datum:
    """What a column is to hold."""
    pairs = _Pairs(kind, text).read()
    count, what = len(pairs), "pair(s)" if kind.is_map else "value(s)"
    if count < kind.minimum:
        raise TextError(f"{text}: {count} {what} specified but the minimum number is {kind.minimum}")
    if kind.maximum is not None and count > kind.maximum:
        raise TextError(f"{text}: {count} {what} specified but the maximum number is {kind.maximum}")
    found: Datum = Map(pairs) if kind.is_map else frozenset(key for key, _ in pairs)
    if len(found) != count:
        raise TextError(f"{text}: {'map contains duplicate key' if kind.is_map else 'set contains duplicate value'}")
    return found


class _Pairs:
    """The text of a set or map while it is read; the elements of a set are keys without values."""

    __slots__ = ("_at", "_kind", "_text")

    def __init__(self, kind: ColumnType, text: str) -> None:
        self._kind = kind
        self._text = text
        self._at = 0

    def read(self) -> list[tuple[Atom, Atom]]:
        """All of it."""
        opening, closing = "{}" if self._kind.is_map else "[]"
        self._skip_spaces()
        if not self._next():
            raise TextError(f'use "{opening}{closing}" to specify the empty {"map" if self._kind.is_map else "set"}')
        end = ""
        if self._next() == opening:
            end = closing
            self._skip(1)
        pairs: list[tuple[Atom, Atom]] = []
        while self._next() and self._next() != end:
            if self._next() in _DELIMITERS:
                raise TextError(f'{self._text}: unexpected "{self._next()}" parsing {self._kind.in_english()}')
            pairs += self._pair()
            self._skip_spaces()
            if self._next() == ",":
                self._skip(1)
        if self._next() != end:
            raise TextError(f'{self._text}: missing "{end}" at end of data')
        if end:
            self._skip(1)
            if self._next():
                raise TextError(f'{self._text}: trailing garbage after "{end}"')
        return pairs

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, count: int) -> None:
        self._at += count
        self._skip_spaces()

    def _skip_spaces(self) -> None:
        while self._next() and self._next() in _SPACES:
            self._at += 1

    def _pair(self) -> list[tuple[Atom, Atom]]:
        start = self._at
        keys = read_atoms(self._kind.key, self._token())
        if self._kind.value is None:
            return [(key, None) for key in keys]
        self._skip_spaces()
        if self._next() != "=":
            raise TextError(f'{self._text[start:]}: syntax error at "{self._next()}" expecting "="')
        self._skip(1)
        value = read_atom(self._kind.value, self._token())
        return [(key, value) for key in keys]

    def _token(self) -> str:
        """Up to a delimiter that is not quoted; a backslash outside quotes takes what follows as it is."""
        start, quoted = self._at, False
        found: list[str] = []
        while letter := self._next():
            if letter in _DELIMITERS and not quoted:
                break
            self._at += 1
            if letter == "\\":
                following = self._next()
                if not following:
                    raise TextError(f"{self._text[start:]}: backslash at end of argument")
                found.append(letter + following if quoted else following)
                self._at += 1
                continue
            found.append(letter)
            quoted ^= letter == '"'
        if quoted:
            raise TextError(f"{self._text[start:]}: quoted string extends past end of argument")
        return "".join(found)
