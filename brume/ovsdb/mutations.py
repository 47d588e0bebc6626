"""Mutations: changes to a column relative to what it holds (RFC 7047, section 5.1)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from brume.ovsdb.codecs import ReadDatum, datum_reader
from brume.ovsdb.columns import Column
from brume.ovsdb.conditions import type_mismatch
from brume.ovsdb.data import Datum, Json, NamedUuids, check_atom, datum_from_json, sorted_atoms
from brume.ovsdb.errors import CONSTRAINT, OvsdbError, syntax_error
from brume.ovsdb.types import MAXIMUM_INTEGER, MINIMUM_INTEGER, AtomType, BaseType, ColumnType
from brume.tables.map import Map

MUTATORS = ("+=", "-=", "*=", "/=", "%=", "insert", "delete")


class Mutation(NamedTuple):
    """One change to one column."""

    column: Column
    mutator: str
    argument: Datum

    def apply(self, datum: Datum) -> Datum:
        """What the column holds afterwards."""
        if self.mutator == "insert":
            return _counted(self.column.type, _union(datum, self.argument))
        if self.mutator == "delete":
            return _counted(self.column.type, _difference(datum, self.argument))
        (argument,) = self.argument
        return self._calculate(datum, argument)

    def _calculate(self, datum: Datum, argument: Any) -> Datum:
        base = self.column.type.key
        calculate = _calculate_integer if base.atom is AtomType.INTEGER else _calculate_real
        atoms = [calculate(self.mutator, atom, argument) for atom in sorted_atoms(datum)]
        for atom in atoms:
            check_atom(base, atom)
        found = frozenset(atoms)
        if len(found) != len(atoms):
            raise OvsdbError(CONSTRAINT, f'Result of "{self.mutator}" operation contains duplicates.')
        return found


def _union(datum: Datum, argument: Datum) -> Datum:
    if isinstance(datum, Map):
        return Map({**argument, **datum})  # type: ignore[dict-item]
    return datum | frozenset(argument)


def _difference(datum: Datum, argument: Datum) -> Datum:
    """A map loses pairs that are equal; or, if the argument is a set, all pairs with those keys."""
    if not isinstance(datum, Map):
        return datum - frozenset(argument)
    if isinstance(argument, Map):
        return Map({key: value for key, value in datum.items() if key not in argument or argument[key] != value})
    return Map({key: value for key, value in datum.items() if key not in argument})


def check_count(kind: ColumnType, count: int) -> None:
    """Raise if a column may not hold so many elements."""
    if count < kind.minimum or (kind.maximum is not None and count > kind.maximum):
        raise OvsdbError(CONSTRAINT, f"Attempted to store {count} elements in {kind.in_english()}.")


def _counted(kind: ColumnType, datum: Datum) -> Datum:
    check_count(kind, len(datum))
    return datum


def _out_of_range(mutator: str) -> OvsdbError:
    return OvsdbError("range error", f'Result of "{mutator}" operation is out of range.')


def _calculate_integer(mutator: str, atom: int, argument: int) -> int:
    if mutator in ("/=", "%="):
        return _divide(mutator, atom, argument)
    result: int = _ARITHMETIC[mutator](atom, argument)
    if not MINIMUM_INTEGER <= result <= MAXIMUM_INTEGER:
        raise _out_of_range(mutator)
    return result


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+=": lambda one, other: one + other,
    "-=": lambda one, other: one - other,
    "*=": lambda one, other: one * other,
}


def _divide(mutator: str, atom: int, argument: int) -> int:
    """Division towards zero, as C has it; a remainder has the sign of the dividend."""
    if argument == 0:
        raise OvsdbError("domain error", "Division by zero.")
    if atom == MINIMUM_INTEGER and argument == -1:
        raise _out_of_range(mutator)
    quotient = abs(atom) // abs(argument)
    if (atom < 0) != (argument < 0):
        quotient = -quotient
    return quotient if mutator == "/=" else atom - quotient * argument


def _calculate_real(mutator: str, atom: float, argument: float) -> float:
    if mutator == "/=":
        if argument == 0:
            raise OvsdbError("domain error", "Division by zero.")
        result = atom / argument
    else:
        result = _ARITHMETIC[mutator](atom, argument)
    if not math.isfinite(result):
        raise _out_of_range(mutator)
    return result


def read_mutations(
    table: str, columns: Mapping[str, Column], json: list[Json], names: NamedUuids | None = None
) -> list[Mutation]:
    """A list of mutations, to be applied in this order."""
    return [_read_mutation(table, columns, item, names) for item in json]


def _read_mutation(table: str, columns: Mapping[str, Column], json: Json, names: NamedUuids | None) -> Mutation:
    if not isinstance(json, list) or len(json) != 3 or not isinstance(json[0], str) or not isinstance(json[1], str):
        raise syntax_error(json, "Parse error in mutation.")
    column = columns.get(json[0])
    if column is None:
        raise syntax_error(json, f"No column {json[0]} in table {table}.", "unknown column")
    if not column.mutable:
        raise syntax_error(json, f"Cannot mutate immutable column {json[0]} in table {table}.", CONSTRAINT)
    if json[1] not in MUTATORS:
        raise OvsdbError("unknown mutator", f"No mutator named {json[1]}.")
    return Mutation(column, json[1], _read_argument(column, json, names))


def _read_argument(column: Column, json: Json, names: NamedUuids | None) -> Datum:
    kind, mutator = column.type, json[1]
    if mutator not in ("insert", "delete"):
        is_number = kind.key.atom is AtomType.INTEGER or (kind.key.atom is AtomType.REAL and mutator != "%=")
        if kind.is_map or not is_number:
            raise syntax_error(json, type_mismatch(mutator, column))
        return datum_from_json(ColumnType(BaseType(kind.key.atom)), json[2], names)
    if kind.is_scalar:
        raise syntax_error(json, type_mismatch(mutator, column))
    try:
        return _element_reader(kind, mutator)(json[2], names)
    except OvsdbError:
        if mutator == "insert" or not kind.is_map:
            raise
        return _element_reader(kind._replace(value=None), mutator)(json[2], names)


@cache
def _element_reader(kind: ColumnType, mutator: str) -> ReadDatum:
    """What is inserted may be fewer elements than the column must have, what is deleted more than it can."""
    return datum_reader(kind._replace(minimum=0, maximum=kind.maximum if mutator == "insert" else None))
