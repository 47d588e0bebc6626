"""A database schema: its tables as row classes, and its JSON form (the .ovsschema file) generated from them.

Not here: the reading of JSON schemas (`schema_reader.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brume.ovsdb.columns import Column, OvsdbRow, TableDeclaration, columns
from brume.ovsdb.types import AtomType, BaseType, ColumnType
from brume.tables.row import Row

Json = Any


class Schema:
    """A named, versioned set of tables."""

    __slots__ = ("checksum", "name", "tables", "version")

    def __init__(
        self, name: str, version: str, row_types: tuple[type[OvsdbRow] | type[Row], ...], *, checksum: str = ""
    ) -> None:
        self.name = name
        self.version = version
        self.checksum = checksum
        """Of the .ovsschema file with these tables (`cksum`): what tools compare to tell whether to convert."""
        self.tables: Mapping[str, type[Any]] = {declaration(row_type).name: row_type for row_type in row_types}

    def to_json(self) -> Json:
        """The schema as in an .ovsschema file, in the shortest spelling."""
        all_root = all(declaration(row_type).is_root for row_type in self.tables.values())
        found: dict[str, Json] = {"name": self.name}
        if self.version:
            found["version"] = self.version
        if self.checksum:
            found["cksum"] = self.checksum
        found["tables"] = {name: table_to_json(row_type, all_root) for name, row_type in self.tables.items()}
        return found


def declaration(row_type: Any) -> TableDeclaration:
    """What the class declares about its table."""
    found: TableDeclaration = row_type.TABLE
    return found


def table_to_json(row_type: Any, default_is_root: bool = False) -> Json:
    """One table of the schema; a schema older than garbage collection has only roots and does not say so."""
    table = declaration(row_type)
    found: dict[str, Json] = {"columns": {name: column_to_json(column) for name, column in columns(row_type).items()}}
    if table.max_rows is not None:
        found["maxRows"] = table.max_rows
    if table.is_root != default_is_root:
        found["isRoot"] = table.is_root
    if not table.mutable:
        found["mutable"] = False
    if table.indexes:
        found["indexes"] = [list(index) for index in table.indexes]
    return found


def column_to_json(column: Column) -> Json:
    """One column of a table."""
    found: dict[str, Json] = {"type": type_to_json(column.type)}
    if column.ephemeral:
        found["ephemeral"] = True
    if not column.mutable:
        found["mutable"] = False
    return found


def type_to_json(column_type: ColumnType) -> Json:
    """A column's type; a bare word when there is nothing more to say."""
    key = base_to_json(column_type.key)
    if column_type.is_scalar and isinstance(key, str):
        return key
    found: dict[str, Json] = {"key": key}
    if column_type.value is not None:
        found["value"] = base_to_json(column_type.value)
    if column_type.minimum != 1:
        found["min"] = column_type.minimum
    if column_type.maximum != 1:
        found["max"] = "unlimited" if column_type.maximum is None else column_type.maximum
    return found


def base_to_json(base: BaseType) -> Json:
    """An atomic type with its limits."""
    found: dict[str, Json] = {"type": base.atom.value}
    if base.enum is not None:
        found["enum"] = _enum_to_json(base)
    for word, limit in (("min", base.minimum), ("max", base.maximum)):
        if limit is not None:
            found[word + _LIMITS[base.atom]] = limit
    if base.table is not None:
        found["refTable"] = base.table
        if base.weak:
            found["refType"] = "weak"
    return found if len(found) > 1 else base.atom.value


_LIMITS = {AtomType.INTEGER: "Integer", AtomType.REAL: "Real", AtomType.STRING: "Length"}


def _enum_to_json(base: BaseType) -> Json:
    atoms = [["uuid", atom] if base.atom is AtomType.UUID else atom for atom in sorted(base.enum or ())]
    return atoms[0] if len(atoms) == 1 else ["set", atoms]
