"""A declaration's SQL table, and its rows to and from SQL values.

Values in SQL are text, integers, floats, booleans and bytes; anything else (tuples, structs, dictionaries) is stored
as JSON text. Column names are field names, never wire names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_origin

import msgspec
import sqlalchemy as sql

from brume.cloud.resource import Declaration, Field, Resource

TEXT_LENGTH = 255
"""MySQL cannot index longer text without a prefix length."""

PLAIN = (str, int, float, bool, bytes)


def make_table(declaration: Declaration, metadata: sql.MetaData) -> sql.Table:
    """The SQL table of a resource, added to `metadata`."""
    constraints: list[sql.Constraint | sql.Index] = [
        sql.UniqueConstraint(*names, name=f"uq_{declaration.table}_{'_'.join(names)}") for names in declaration.unique
    ]
    constraints += [sql.Index(f"ix_{declaration.table}_{'_'.join(names)}", *names) for names in declaration.indexes]
    columns = [_column(declaration, field) for field in declaration.fields]
    return sql.Table(declaration.table, metadata, *columns, *constraints)


def _column(declaration: Declaration, field: Field) -> sql.Column[Any]:
    attribute = field.attribute
    arguments: list[Any] = [field.name, sql_type(field)]
    if attribute is not None and attribute.references:
        target = attribute.references
        name = f"fk_{declaration.table}_{field.name}"
        arguments.append(sql.ForeignKey(target, ondelete=attribute.on_delete, name=name))
    in_key = field.name in declaration.key
    return sql.Column(
        *arguments,
        primary_key=in_key,
        nullable=field.nullable and not in_key,
        autoincrement=False,
        index=bool(attribute and attribute.index) or None,
    )


def sql_type(field: Field) -> sql.types.TypeEngine[Any]:
    """The SQL type that holds the field's values."""
    kind = str if get_origin(field.type) is Literal else field.type
    if kind is bool:
        return sql.Boolean()
    if kind is int:
        return sql.BigInteger()
    if kind is float:
        return sql.Float(53)
    if kind is bytes:
        return sql.LargeBinary()
    length = field.attribute.length if field.attribute is not None else None
    if kind is str and (length or 0) <= TEXT_LENGTH:
        return sql.String(length or TEXT_LENGTH)
    return sql.Text()


class RowCodec:
    """Turns rows of one type into SQL values and back. Built once for a declaration."""

    def __init__(self, declaration: Declaration) -> None:
        self.declaration = declaration
        self.names = tuple(f.name for f in declaration.fields)
        self.row_type = declaration.row_type
        self._encoders: dict[str, Callable[[Any], Any]] = {}
        self._decoders: dict[str, Callable[[Any], Any]] = {}
        for field in declaration.fields:
            if field.type is bool:
                self._decoders[field.name] = bool  # SQLite answers 0 and 1
            elif field.type not in PLAIN and get_origin(field.type) is not Literal:
                self._encoders[field.name] = _encode_json
                self._decoders[field.name] = _json_decoder(field.type)

    def decode(self, values: tuple[Any, ...]) -> Any:
        """SQL values, in the order of the fields, as a row."""
        named = dict(zip(self.names, values, strict=True))
        for name, decode in self._decoders.items():
            value = named[name]
            if value is not None:
                named[name] = decode(value)
        return self.row_type(**named)

    def encode(self, row: Resource) -> dict[str, Any]:
        """A row as SQL values by column name."""
        return self.encode_values({name: getattr(row, name) for name in self.names})

    def encode_values(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Some values of a row, by field name, as SQL values."""
        result = dict(values)
        for name in result.keys() & self._encoders.keys():
            if result[name] is not None:
                result[name] = self._encoders[name](result[name])
        return result


def _encode_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _json_decoder(kind: Any) -> Callable[[str], Any]:
    decoder = msgspec.json.Decoder(kind)
    return decoder.decode
