"""Column types of OVSDB (RFC 7047, section 3.2): what values a column may hold.

A `ColumnType` is a key type, perhaps a value type (then the column is a map), and how many elements there may be.
A `BaseType` is an atomic type with its limits. Both are immutable and compare by meaning, so that two spellings of
one type in JSON are equal. Not here: values (`data.py`), how rows declare columns (`columns.py`).
"""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple

UNLIMITED = None
MINIMUM_INTEGER = -(2**63)
MAXIMUM_INTEGER = 2**63 - 1


class AtomType(Enum):
    """The five kinds of atoms, with their names in JSON."""

    INTEGER = "integer"
    REAL = "real"
    BOOLEAN = "boolean"
    STRING = "string"
    UUID = "uuid"

    __hash__ = object.__hash__  # members are singletons; types are looked up by value, often


class BaseType(NamedTuple):
    """An atomic type and its limits; `minimum` and `maximum` limit a number, or a string's length."""

    atom: AtomType
    enum: frozenset[Any] | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    table: str | None = None
    weak: bool = False

    @property
    def strong(self) -> bool:
        """A reference that keeps the row it names alive, and that must name a row."""
        return self.table is not None and not self.weak


class ColumnType(NamedTuple):
    """The type of a column. `maximum` None means unlimited."""

    key: BaseType
    value: BaseType | None = None
    minimum: int = 1
    maximum: int | None = 1

    @property
    def bases(self) -> tuple[BaseType, ...]:
        """The type of keys, and that of values if there are values."""
        return (self.key,) if self.value is None else (self.key, self.value)

    @property
    def is_scalar(self) -> bool:
        """Exactly one atom."""
        return self.minimum == 1 and self.maximum == 1 and self.value is None

    @property
    def is_optional(self) -> bool:
        """No atom, or one."""
        return self.minimum == 0 and self.maximum == 1 and self.value is None

    @property
    def is_set(self) -> bool:
        """Atoms, of which there may be other than one."""
        return self.value is None and not self.is_scalar

    @property
    def is_map(self) -> bool:
        """Pairs instead of atoms."""
        return self.value is not None

    def in_english(self) -> str:
        """As messages call it: `set of 1 to 2 integers`."""
        key = self.key.atom.value
        if self.is_scalar:
            return key
        kind = "map" if self.is_map else "set"
        if self.maximum is None:
            count = f"of {self.minimum} or more" if self.minimum else "of"
        else:
            count = f"of {self.minimum} to {self.maximum}" if self.minimum else f"of up to {self.maximum}"
        elements = f"{key}s" if self.value is None else f"({key}, {self.value.atom.value}) pairs"
        return f"{kind} {count} {elements}"


def integer(minimum: int | None = None, maximum: int | None = None) -> BaseType:
    """An integer within limits."""
    return BaseType(AtomType.INTEGER, minimum=minimum, maximum=maximum)


def text(maximum: int | None = None, minimum: int | None = None) -> BaseType:
    """A string with limits on its length."""
    return BaseType(AtomType.STRING, minimum=minimum or None, maximum=maximum)


def one_of(*choices: str) -> BaseType:
    """One of some strings."""
    return BaseType(AtomType.STRING, enum=frozenset(choices))


def strong(table: str) -> BaseType:
    """A reference that keeps a row of `table` alive."""
    return BaseType(AtomType.UUID, table=table)


def weak(table: str) -> BaseType:
    """A reference that goes away when the row of `table` does."""
    return BaseType(AtomType.UUID, table=table, weak=True)


STRING = BaseType(AtomType.STRING)
INTEGER = BaseType(AtomType.INTEGER)
REAL = BaseType(AtomType.REAL)
BOOLEAN = BaseType(AtomType.BOOLEAN)
UUID = BaseType(AtomType.UUID)
