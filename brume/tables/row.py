"""Rows, relations and indexes: the nouns a table is made of.

A row never changes; a new row with the same key replaces it. A relation stands for a set-valued column
(`Logical_Switch.ports`): its elements are kept as pairs and never copied with the row. An index is declared once,
beside the row type, and is built in a database the first time somebody looks something up by it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from operator import attrgetter
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import msgspec

R = TypeVar("R", bound="Row")


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An immutable row. Rows hold no cycles, so the garbage collector does not visit them (`gc=False`)."""

    OBSERVED: ClassVar[tuple[str, ...]] = ()
    """Columns written by agents; a derivation that writes the row again leaves them as they are."""

    def key(self) -> Hashable:
        """The identity of the row in its table: rows of one type with the same key replace each other."""
        raise NotImplementedError(f"{type(self).__name__} declares no key")

    def joined(self, other: Any) -> Any:
        """The row that counts where rules make both of these under one key; None if they contradict each other.

        The order in which rows are joined must not matter.
        """
        return None


def getter(attributes: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """A function from a row to some of its fields, made once for rows that are looked at often."""
    if not attributes:
        return lambda _: ()
    get = attrgetter(*attributes)
    return get if len(attributes) > 1 else lambda row: (get(row),)


class Relation:
    """A set-valued column kept as pairs (parent key, child). `owner` is filled in by Python at class creation."""

    __slots__ = ("forward", "name", "owner", "reverse", "target")

    def __init__(self, target: str) -> None:
        self.target = target
        self.owner = ""
        self.name = ""
        self.forward = RelationSide(self, "forward")
        self.reverse = RelationSide(self, "reverse")

    def __set_name__(self, owner: type, name: str) -> None:
        self.owner = owner.__name__
        self.name = name

    def __repr__(self) -> str:
        return f"{self.owner}.{self.name}"


class RelationSide:
    """One direction of a relation, as a handle for recorded reads: parent to children, or child to parents."""

    __slots__ = ("relation", "side")

    def __init__(self, relation: Relation, side: str) -> None:
        self.relation = relation
        self.side = side

    def __repr__(self) -> str:
        return f"{self.relation!r}.{self.side}"


class Member(NamedTuple):
    """One element of a relation: `child` is in the set that the row `parent` has in the column `relation`."""

    relation: Relation
    parent: Hashable
    child: Hashable


class Index(Generic[R]):
    """A way to look rows of one type up by what `function` returns (an iterable of values when `many`).

    A row for which the function returns None (or nothing) is not in the index.
    """

    __slots__ = ("function", "many", "name", "row_type")

    def __init__(self, row_type: type[R], name: str, function: Callable[[R], Any], *, many: bool = False) -> None:
        self.row_type = row_type
        self.name = name
        self.function = function
        self.many = many

    def values(self, row: R) -> Iterable[Hashable]:
        """The values under which `row` is found."""
        value = self.function(row)
        if value is None:
            return ()
        return value if self.many else (value,)

    def __repr__(self) -> str:
        return f"{self.row_type.__name__} by {self.name}"
