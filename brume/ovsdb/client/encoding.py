"""Rows as JSON: what a client writes into the `row` of an operation, by writers made once a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NamedTuple

from brume.ovsdb.codecs import codec
from brume.ovsdb.columns import Column, columns
from brume.ovsdb.data import atom_to_json, default_datum, to_field
from brume.tables.row import Row

Json = Any


class FieldWriter(NamedTuple):
    """How one field becomes a member of a `row`."""

    name: str
    attribute: str
    default: Any
    """What the field holds if nobody says."""
    write: Callable[[Any], Json]
    printed: bool

    def differs(self, one: Row, other: Row) -> bool:
        """Whether two rows hold different things; an object is the text it prints as."""
        left, right = getattr(one, self.attribute), getattr(other, self.attribute)
        return left != right and not (self.printed and str(left) == str(right))


@cache
def field_writers(row_type: Any) -> tuple[FieldWriter, ...]:
    """The writers of a table; relations are written element by element."""
    return tuple(
        FieldWriter(
            name,
            column.attribute,
            to_field(column.type, default_datum(column.type)),
            codec(column).write,
            column.printed,
        )
        for name, column in columns(row_type).items()
        if column.relation is None
    )


def new_row(writers: Iterable[FieldWriter], row: Row) -> dict[str, Json]:
    """The `row` of an insert: what is as it would be anyhow is left out."""
    found: dict[str, Json] = {}
    for name, attribute, default, write, _ in writers:
        value = getattr(row, attribute)
        if value != default:
            found[name] = write(value)
    return found


def changed_row(writers: Iterable[FieldWriter], row: Row, present: Row) -> dict[str, Json]:
    """The `row` of an update: what is not as `present` has it."""
    return {
        writer.name: writer.write(getattr(row, writer.attribute)) for writer in writers if writer.differs(row, present)
    }


def write_set(column: Column, children: Iterable[Any]) -> Json:
    """Elements of a relation."""
    return ["set", [atom_to_json(column.type.key, child) for child in children]]
