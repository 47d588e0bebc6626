"""Reading a schema from JSON: an .ovsschema file becomes row classes like the ones we declare by hand.

Used for schemas that are not ours (`vswitch.ovsschema`), and to compare ours with the distribution's. The complaints
are ovsdb-server's.
"""

from __future__ import annotations

import re
from keyword import iskeyword
from typing import Any

import msgspec

from brume.ovsdb.columns import Column, OvsdbRow, SetColumn, TableDeclaration
from brume.ovsdb.data import datum_from_json, is_id
from brume.ovsdb.errors import SYNTAX, OvsdbError, syntax_error
from brume.ovsdb.json_text import whole
from brume.ovsdb.members import ANY, ARRAY, BOOLEAN, ID, INTEGER, NUMBER, OBJECT, STRING, Members
from brume.ovsdb.schema import Schema
from brume.ovsdb.types import MAXIMUM_INTEGER, MINIMUM_INTEGER, AtomType, BaseType, ColumnType

Json = Any
_TAKEN = {"uuid", "key"}
_VERSION = re.compile(r"\d+\.\d+\.\d+\Z")
_MOST = 4294967295


def read_schema(json: Json) -> Schema:
    """A schema as in an .ovsschema file."""
    members = Members(json, "database schema")
    name = members.get("name", ID)
    version = members.optional("version", STRING)
    checksum = members.optional("cksum", STRING)
    tables = members.get("tables", OBJECT)
    members.finish()
    if version is not None and not _VERSION.match(version):
        raise syntax_error(json, f'schema version "{version}" not in format x.y.z')
    read = {}
    for table, inner in tables.items():
        _check_name(json, table)
        read[table] = read_table(inner, table)
    roots_only = not any(declared.is_root for declared, _ in read.values())
    kept = {table for table, (declared, _) in read.items() if not declared.is_root and not roots_only}
    for _, columns in read.values():
        _check_references(columns, read)
        _keep_last_references(columns, kept)
    row_types = tuple(_row_class(*table, is_root=roots_only) for table in read.values())
    return Schema(name, version or "", row_types, checksum=checksum or "")


def _check_name(json: Json, name: str) -> None:
    if name.startswith("_"):
        raise syntax_error(json, 'names beginning with "_" are reserved')
    if not is_id(name):
        raise syntax_error(json, "name must be a valid id")


def _check_references(columns: dict[str, Column], tables: Any) -> None:
    for column in columns.values():
        for what, base in (("key", column.type.key), ("value", column.type.value)):
            if base is not None and base.table is not None and base.table not in tables:
                raise OvsdbError(SYNTAX, f"column {column.name} {what} refers to undefined table {base.table}")


def _keep_last_references(columns: dict[str, Column], collected: set[str]) -> None:
    """A strong reference that may be all that keeps a row alive is not ephemeral, or a restart would lose the row."""
    for name, column in columns.items():
        for base in (column.type.key, column.type.value):
            if column.ephemeral and base is not None and base.strong and base.table in collected:
                columns[name] = column._replace(ephemeral=False)


def read_table(json: Json, name: str) -> tuple[TableDeclaration, dict[str, Column]]:
    """One table: what is declared about it, and its columns."""
    members = Members(json, f"table schema for table {name}")
    inner = members.get("columns", OBJECT)
    mutable = members.optional("mutable", BOOLEAN)
    max_rows = members.optional("maxRows", INTEGER)
    is_root = members.optional("isRoot", BOOLEAN)
    indexes = members.optional("indexes", ARRAY)
    members.finish()
    if max_rows is not None and max_rows <= 0:
        raise syntax_error(json, "maxRows must be at least 1")
    if not inner:
        raise syntax_error(json, "table must have at least one column")
    columns = {}
    for column, described in inner.items():
        _check_name(json, column)
        columns[column] = read_column(described, column)
    declared = TableDeclaration(
        name, bool(is_root), _read_indexes(json, indexes or [], columns), whole(max_rows), mutable is not False
    )
    return declared, columns


def _read_indexes(json: Json, indexes: Json, columns: dict[str, Column]) -> tuple[tuple[str, ...], ...]:
    found = []
    for index in indexes:
        names = read_column_names(index, columns)
        if not names:
            raise syntax_error(json, "index must have at least one column")
        for name in names:
            if columns[name].ephemeral:
                raise syntax_error(json, f"ephemeral columns (such as {name}) may not be indexed")
        found.append(tuple(names))
    return tuple(found)


def read_column_names(json: Json, known: dict[str, Column]) -> list[str]:
    """A list of distinct column names; None stands for all."""
    if json is None:
        return list(known)
    if not isinstance(json, list):
        raise _no_column_names(json)
    for number, name in enumerate(json):
        if not isinstance(name, str) or name in json[:number]:
            raise _no_column_names(json)
        if name not in known:
            raise syntax_error(json, f"{name} is not a valid column name")
    return json


def _no_column_names(json: Json) -> OvsdbError:
    return syntax_error(json, "array of distinct column names expected")


def read_column(json: Json, name: str) -> Column:
    """One column of a table."""
    members = Members(json, f"schema for column {name}")
    mutable = members.optional("mutable", BOOLEAN)
    ephemeral = members.optional("ephemeral", BOOLEAN)
    described = members.get("type", STRING, OBJECT)
    members.finish()
    column_type = read_type(described)
    has_weak = column_type.key.weak or (column_type.value is not None and column_type.value.weak)
    return Column(name, name, column_type, None, bool(ephemeral), mutable is not False or has_weak)


def read_type(json: Json) -> ColumnType:
    """A column's type: an atomic type, or an object."""
    if isinstance(json, str):
        return ColumnType(read_base(json))
    if not isinstance(json, dict):
        raise syntax_error(json, "ovsdb type expected")
    members = Members(json, "ovsdb type")
    key = members.get("key", STRING, OBJECT)
    value = members.optional("value", STRING, OBJECT)
    low = members.optional("min", INTEGER)
    high = members.optional("max", INTEGER, STRING)
    members.finish()
    key_base, value_base = read_base(key), None if value is None else read_base(value)
    minimum = 1 if low is None else _count(low)
    maximum = None if high == "unlimited" else 1 if high is None else _count(high)
    if minimum > 1 or (maximum is not None and maximum < 1):
        raise syntax_error(json, "ovsdb type fails constraint checks")
    return ColumnType(key_base, value_base, minimum, maximum)


def _count(json: Json) -> int:
    number = whole(json)
    if not isinstance(number, int) or not 0 <= number < _MOST:
        raise syntax_error(json, "bad min or max value")
    return number


def read_base(json: Json) -> BaseType:
    """An atomic type, perhaps with limits."""
    if isinstance(json, str):
        return BaseType(_atomic(json))
    members = Members(json, "ovsdb type")
    atom = _atomic(members.get("type", STRING))
    if "enum" in json:
        choices = datum_from_json(ColumnType(BaseType(atom), maximum=None), members.get("enum", ANY))
        base = BaseType(atom, enum=frozenset(choices))
    elif atom is AtomType.UUID:
        base = _read_reference(members, json)
    else:
        base = _read_limits(members, json, atom)
    members.finish()
    return base


def _atomic(json: Json) -> AtomType:
    if not isinstance(json, str):
        raise syntax_error(json, "atomic-type expected")
    try:
        return AtomType(json)
    except ValueError:
        raise syntax_error(json, f'"{json}" is not an atomic-type') from None


def _read_reference(members: Members, json: Json) -> BaseType:
    table = members.optional("refTable", ID)
    kind = members.optional("refType", ID) if table is not None else None
    if kind not in (None, "strong", "weak"):
        raise syntax_error(json, f'refType must be "strong" or "weak" (not "{kind}")')
    return BaseType(AtomType.UUID, table=table, weak=kind == "weak")


_LIMITS = {
    AtomType.INTEGER: ("Integer", INTEGER),
    AtomType.REAL: ("Real", NUMBER),
    AtomType.STRING: ("Length", INTEGER),
}


def _read_limits(members: Members, json: Json, atom: AtomType) -> BaseType:
    if atom not in _LIMITS:
        return BaseType(atom)
    word, kind = _LIMITS[atom]
    low, high = whole(members.optional("min" + word, kind)), whole(members.optional("max" + word, kind))
    if atom is AtomType.STRING:
        for name, limit in (("minLength", low), ("maxLength", high)):
            if limit is not None and not 0 <= limit <= _MOST:
                raise syntax_error(limit, f"{name} out of valid range 0 to {_MOST}")
        low = low or None
    elif atom is AtomType.INTEGER:
        low, high = None if low == MINIMUM_INTEGER else low, None if high == MAXIMUM_INTEGER else high
    if low is not None and high is not None and low > high:
        raise syntax_error(json, f"min{word} exceeds max{word}")
    return BaseType(atom, minimum=low, maximum=high)


def _row_class(declared: TableDeclaration, columns: dict[str, Column], is_root: bool) -> Any:
    """A row class with these columns; large sets of references become relations, as in classes written by hand."""
    table = declared._replace(is_root=True) if is_root else declared
    indexed = {name for index in table.indexes for name in index}
    namespace: dict[str, Any] = {"TABLE": table}
    fields: list[tuple[str, Any]] = []
    found: dict[str, Column] = {}
    for name, column in columns.items():
        attribute = name + "_" if name in _TAKEN or name.isupper() or iskeyword(name) else name
        kind = column.type
        if kind.maximum is None and kind.value is None and kind.key.table is not None and name not in indexed:
            relation = namespace[attribute] = SetColumn(kind.key, minimum=kind.minimum)
            found[name] = column._replace(attribute=attribute, relation=relation)
        else:
            fields.append((attribute, Any))
            found[name] = column._replace(attribute=attribute)
    namespace["COLUMNS"] = found
    return msgspec.defstruct(
        table.name, fields, bases=(OvsdbRow,), namespace=namespace, frozen=True, kw_only=True, gc=False
    )
