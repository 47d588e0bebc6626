"""OVSDB values: atoms and datums, between Python and JSON (RFC 7047, section 5.1).

An *atom* is an int, float, bool or str (uuids are text too). A *datum* is what a column holds: a frozenset of atoms,
or a Map, whatever the size; a scalar is a set of one. Row fields are friendlier (`X | None` for an optional
scalar): `to_field` and `from_field` convert.

Errors have ovsdb-server's words. Not here: the text form that `ovs-vsctl` reads and prints (`data_text.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from brume.ovsdb.errors import CONSTRAINT, OvsdbError, syntax_error
from brume.ovsdb.json_text import print_real, whole
from brume.ovsdb.types import AtomType, BaseType, ColumnType
from brume.tables.map import EMPTY_MAP, Map

Json = Any
Atom = Any
Datum = frozenset[Any] | Map[Any, Any]
NamedUuids = Callable[[str, BaseType], str]
"""What a `["named-uuid", name]` means here: gives its uuid, or raises."""

EMPTY_SET: frozenset[Any] = frozenset()
ZERO_UUID = "00000000-0000-0000-0000-000000000000"
_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\Z")
_ID = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")
_DEFAULTS: dict[AtomType, Atom] = {
    AtomType.INTEGER: 0,
    AtomType.REAL: 0.0,
    AtomType.BOOLEAN: False,
    AtomType.STRING: "",
    AtomType.UUID: ZERO_UUID,
}


_WITH_EXPONENT = 1e15
"""From here on a real has an exponent, and does not look like an integer (`%.15g`)."""


def is_id(text: Any) -> bool:
    """Whether a JSON value is an <id>: a name of letters, digits and underscores."""
    return isinstance(text, str) and _ID.match(text) is not None


def is_uuid(text: str) -> bool:
    """Whether a text is a uuid."""
    return _UUID.match(text) is not None


def default_atom(base: BaseType) -> Atom:
    """What an atom is when nobody has said."""
    return _DEFAULTS[base.atom]


def default_datum(column_type: ColumnType) -> Datum:
    """What a column holds in a row inserted without it; limits are not looked at, as in ovsdb-server."""
    if column_type.minimum == 0:
        return EMPTY_MAP if column_type.is_map else EMPTY_SET
    key = default_atom(column_type.key)
    if column_type.value is None:
        return frozenset((key,))
    return Map({key: default_atom(column_type.value)})


def check_default(column_type: ColumnType) -> None:
    """Raise a constraint violation if the default is outside the limits; such a column must be given."""
    datum = default_datum(column_type)
    for atom in datum:
        check_atom(column_type.key, atom)
    if isinstance(datum, Map) and column_type.value is not None:
        for atom in datum.values():
            check_atom(column_type.value, atom)


# atoms


def atom_from_json(base: BaseType, json: Json, names: NamedUuids | None = None) -> Atom:
    """Read an atom and check it against its limits."""
    atom = _read_atom(base, json, names)
    check_atom(base, atom)
    return atom


def _read_atom(base: BaseType, json: Json, names: NamedUuids | None) -> Atom:
    kind = base.atom
    if kind is AtomType.UUID:
        return _read_uuid(base, json, names)
    if kind is AtomType.STRING and isinstance(json, str):
        return json
    if kind is AtomType.BOOLEAN and isinstance(json, bool):
        return json
    number = None if isinstance(json, bool) else whole(json)
    if kind is AtomType.INTEGER and isinstance(number, int):
        return number
    if kind is AtomType.REAL and isinstance(number, int | float):
        return float(number)
    raise syntax_error(json, f"expected {kind.value}")


def _read_uuid(base: BaseType, json: Json, names: NamedUuids | None) -> str:
    if isinstance(json, list) and len(json) == 2 and isinstance(json[1], str):
        if json[0] == "uuid":
            if not is_uuid(json[1]):
                raise syntax_error(json, f'"{json[1]}" is not a valid UUID')
            return json[1].lower()
        if json[0] == "named-uuid" and names is not None:
            if not is_id(json[1]):
                raise syntax_error(json, "named-uuid string is not a valid <id>")
            return names(json[1], base)
    raise _not_tagged(json, "uuid", "string")


def _not_tagged(json: Json, tag: str, kind: str) -> OvsdbError:
    return syntax_error(json, f'expected ["{tag}", <{kind}>]')


def atom_to_json(base: BaseType, atom: Atom) -> Json:
    """An atom as JSON."""
    if base.atom is AtomType.UUID:
        return ["uuid", atom]
    if base.atom is AtomType.REAL:
        return whole(atom) if abs(atom) < _WITH_EXPONENT else atom
    return atom


def check_atom(base: BaseType, atom: Atom) -> None:
    """Raise a constraint violation if an atom is outside the limits of its type."""
    if base.enum is not None and atom not in base.enum:
        from brume.ovsdb.data_text import print_atom, print_datum  # the text form is for messages only

        allowed = print_datum(ColumnType(BaseType(base.atom), maximum=None), base.enum)
        raise _violation(f"{print_atom(base, atom)} is not one of the allowed values ({allowed})")
    if base.minimum is None and base.maximum is None:
        return
    if base.atom is AtomType.STRING:
        _check_length(base, atom)
    else:
        _check_range(base, atom)


def _check_range(base: BaseType, atom: float) -> None:
    low, high = base.minimum, base.maximum
    if (low is None or atom >= low) and (high is None or atom <= high):
        return
    shown = _number(base, atom)
    if low is None:
        raise _violation(f"{shown} is greater than maximum allowed value {_number(base, high)}")
    if high is None:
        raise _violation(f"{shown} is less than minimum allowed value {_number(base, low)}")
    limits = f"{_number(base, low)} to {_number(base, high)}"
    raise _violation(f"{shown} is not in the valid range {limits} (inclusive)")


def _number(base: BaseType, value: Any) -> str:
    return print_real(value) if base.atom is AtomType.REAL else str(value)


def _check_length(base: BaseType, atom: str) -> None:
    low, high, length = base.minimum, base.maximum, len(atom)
    if low is not None and length < low:
        raise _violation(f'"{atom}" length {length} is less than minimum allowed length {low}')
    if high is not None and length > high:
        raise _violation(f'"{atom}" length {length} is greater than maximum allowed length {high}')


def _violation(details: str) -> OvsdbError:
    return OvsdbError(CONSTRAINT, details)


# datums


def datum_from_json(column_type: ColumnType, json: Json, names: NamedUuids | None = None) -> Datum:
    """Read what a column is to hold, and check the number of elements and each of them."""
    if column_type.value is not None:
        return _read_map(column_type, column_type.value, json, names)
    if isinstance(json, list) and json and json[0] == "set":
        inner = _untagged(json, "set")
        _check_count(column_type, json, "set", len(inner))
        atoms = [atom_from_json(column_type.key, item, names) for item in inner]
        found = frozenset(atoms)
        if len(found) != len(atoms):
            raise OvsdbError("ovsdb error", "set contains duplicate")
        return found
    return frozenset((atom_from_json(column_type.key, json, names),))


def _read_map(column_type: ColumnType, value: BaseType, json: Json, names: NamedUuids | None) -> Map[Any, Any]:
    inner = _untagged(json, "map")
    _check_count(column_type, json, "map", len(inner))
    found = {}
    for pair in inner:
        if not isinstance(pair, list) or len(pair) != 2:
            raise syntax_error(pair, "expected 2-element array")
        key = atom_from_json(column_type.key, pair[0], names)
        found[key] = atom_from_json(value, pair[1], names)
    if len(found) != len(inner):
        raise OvsdbError("ovsdb error", "map contains duplicate key")
    return Map(found)


def _untagged(json: Json, tag: str) -> list[Json]:
    if isinstance(json, list) and len(json) == 2 and json[0] == tag and isinstance(json[1], list):
        return json[1]
    raise _not_tagged(json, tag, "array")


def _check_count(column_type: ColumnType, json: Json, kind: str, count: int) -> None:
    low, high = column_type.minimum, column_type.maximum
    if count >= low and (high is None or count <= high):
        return
    if low == high == 1:
        raise syntax_error(json, f"{kind} must have exactly one member but {count} are present")
    most = 4294967295 if high is None else high
    raise syntax_error(json, f"{kind} must have {low} to {most} members but {count} are present")


def sorted_atoms(datum: Datum) -> list[Atom]:
    """The atoms (of a map, the keys) in OVSDB's order."""
    return sorted(datum)


def datum_order(datum: Datum) -> tuple[Any, ...]:
    """What datums are sorted by: fewer elements first, then keys, then values."""
    keys = sorted_atoms(datum)
    return (len(keys), keys, [datum[key] for key in keys] if isinstance(datum, Map) else [])


def datum_to_json(column_type: ColumnType, datum: Datum) -> Json:
    """What a column holds, as JSON: an atom alone is written without a set around it."""
    if isinstance(datum, Map):
        assert column_type.value is not None
        key, value = column_type.key, column_type.value
        pairs = [[atom_to_json(key, atom), atom_to_json(value, datum[atom])] for atom in sorted_atoms(datum)]
        return ["map", pairs]
    if len(datum) == 1:
        (atom,) = datum
        return atom_to_json(column_type.key, atom)
    return ["set", [atom_to_json(column_type.key, atom) for atom in sorted_atoms(datum)]]


# datums and the fields of rows


def to_field(column_type: ColumnType, datum: Datum) -> Any:
    """A datum as the field of a row holds it."""
    if column_type.maximum == 1 and not isinstance(datum, Map):
        for atom in datum:
            return atom
        return None
    return datum


def from_field(column_type: ColumnType, value: Any) -> Datum:
    """The field of a row as a datum."""
    if isinstance(value, frozenset | Map):
        return value
    return EMPTY_SET if value is None else frozenset((value,))
