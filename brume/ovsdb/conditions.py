"""Conditions: the `where` of an operation (RFC 7047, section 5.1), read once and then asked of many rows.

A clause asks for a column through an `asker`, so that a row in a table of 10,000 ports is not copied to be looked at:
`includes` on a large set needs only to know whether an element is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter, ge, gt, le, lt
from typing import Any, NamedTuple, Protocol

from brume.ovsdb.codecs import datum_reader
from brume.ovsdb.columns import Column
from brume.ovsdb.data import EMPTY_SET, Datum, Json, NamedUuids, datum_order, datum_to_json, to_field
from brume.ovsdb.errors import OvsdbError, syntax_error
from brume.ovsdb.types import AtomType
from brume.tables.map import Map

FUNCTIONS = ("false", "true", "==", "includes", "<=", "<", ">=", ">", "excludes", "!=")
"""In the order of how few rows they leave, which is the order they are asked in."""
_ORDER = {name: order for order, name in enumerate(FUNCTIONS)}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


class Asked(Protocol):
    """A row, as a condition sees it."""

    def datum(self, column: Column) -> Datum:
        """What the row holds in a column."""
        ...

    def has(self, column: Column, atom: Any) -> bool:
        """Whether a set has an element."""
        ...


class Clause(NamedTuple):
    """One test of one column; `true` and `false` have none."""

    function: str
    column: Column | None = None
    argument: Datum = EMPTY_SET

    def holds(self, row: Asked) -> bool:
        """Whether a row passes the test."""
        column, function = self.column, self.function
        if column is None:
            return function == "true"
        if column.relation is not None and function in ("includes", "excludes"):
            wanted = function == "includes"
            return all(row.has(column, atom) is wanted for atom in self.argument)
        return _compare(function, row.datum(column), self.argument)


def _compare(function: str, datum: Datum, argument: Datum) -> bool:
    if function == "==":
        return datum == argument
    if function == "!=":
        return datum != argument
    if function in _COMPARE:
        return any(_COMPARE[function](atom, limit) for atom in datum for limit in argument)
    if isinstance(datum, Map) and isinstance(argument, Map):
        found = [key in datum and datum[key] == value for key, value in argument.items()]
        return all(found) if function == "includes" else not any(found)
    if function == "includes":
        return frozenset(argument) <= frozenset(datum)
    return frozenset(argument).isdisjoint(datum)


def field_test(clause: Clause) -> Callable[[Any], bool] | None:
    """A quick test of stored rows, if one look at a field is enough: for tables that have to be looked through."""
    column, argument = clause.column, clause.argument
    if column is None or column.attribute in ("", "uuid") or column.relation is not None or column.printed:
        return None
    get = attrgetter(column.attribute)
    if clause.function == "==":
        wanted = to_field(column.type, argument)
        return lambda row: bool(get(row) == wanted)
    if clause.function == "includes" and isinstance(argument, Map):
        pairs = argument.items()
        return lambda row: pairs <= get(row).items()
    return None


def read_condition(
    table: str, columns: Mapping[str, Column], json: list[Json], names: NamedUuids | None = None
) -> list[Clause]:
    """A list of clauses, the most selective first."""
    clauses = [_read_clause(table, columns, item, names) for item in json]
    if len(clauses) > 1:
        clauses.sort(key=_selectivity)
    return clauses


def _selectivity(clause: Clause) -> tuple[Any, ...]:
    column = clause.column
    if column is None:
        return (_ORDER[clause.function],)
    return (_ORDER[clause.function], not column.name.startswith("_"), column.name, datum_order(clause.argument))


def _read_clause(table: str, columns: Mapping[str, Column], json: Json, names: NamedUuids | None) -> Clause:
    if isinstance(json, bool):
        return Clause("true" if json else "false")
    if not isinstance(json, list) or len(json) != 3 or not isinstance(json[0], str) or not isinstance(json[1], str):
        raise syntax_error(json, "Parse error in condition.")
    column = columns.get(json[0])
    if column is None:
        raise syntax_error(json, f"No column {json[0]} in table {table}.", "unknown column")
    function = json[1]
    if function not in _ORDER or function in ("true", "false"):
        raise OvsdbError("unknown function", f"No function named {function}.")
    kind = column.type
    if function in ("==", "!="):
        return Clause(function, column, datum_reader(kind)(json[2], names))
    if function in _COMPARE:
        is_number = kind.key.atom in (AtomType.INTEGER, AtomType.REAL)
        if not (kind.is_scalar or kind.is_optional) or not is_number:
            raise syntax_error(json, type_mismatch(function, column))
        kind = kind._replace(minimum=1)
    elif function == "excludes" and not kind.is_scalar:
        kind = kind._replace(minimum=0, maximum=None)
    elif function == "includes" and not kind.is_scalar:
        kind = kind._replace(minimum=0)
    return Clause(function, column, datum_reader(kind)(json[2], names))


def type_mismatch(function: str, column: Column) -> str:
    """The sentence that says an operator and a column do not go together."""
    kind = column.type.in_english()
    return f'Type mismatch: "{function}" operator may not be applied to column {column.name} of type {kind}.'


def clause_to_json(clause: Clause) -> Json:
    """A clause as it is written in a request."""
    if clause.column is None:
        return clause.function == "true"
    return [clause.column.name, clause.function, datum_to_json(clause.column.type, clause.argument)]
