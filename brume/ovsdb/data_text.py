"""The text form of atoms and datums, as ovsdb-server's messages and `ovs-vsctl` print them."""

from __future__ import annotations

import re

from brume.ovsdb.data import Atom, Datum, sorted_atoms
from brume.ovsdb.json_text import print_real, print_string
from brume.ovsdb.types import AtomType, BaseType, ColumnType
from brume.tables.map import Map

_BARE = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.-]*\Z")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")


def print_atom(base: BaseType, atom: Atom) -> str:
    """An atom; a string stands in quotes if it could be taken for something else."""
    if base.atom is AtomType.BOOLEAN:
        return "true" if atom else "false"
    if base.atom is AtomType.REAL:
        return print_real(atom)
    if base.atom is AtomType.STRING and not _is_bare(atom):
        return print_string(atom)
    return str(atom)


def _is_bare(text: str) -> bool:
    return _BARE.match(text) is not None and text not in ("true", "false") and _UUID.match(text) is None


def print_datum(column_type: ColumnType, datum: Datum) -> str:
    """A datum: `[a, b]` for a set, `{a=1}` for a map, an atom alone where there can be no more."""
    if isinstance(datum, Map):
        assert column_type.value is not None
        key, value = column_type.key, column_type.value
        items = [f"{print_atom(key, atom)}={print_atom(value, datum[atom])}" for atom in sorted_atoms(datum)]
    else:
        items = [print_atom(column_type.key, atom) for atom in sorted_atoms(datum)]
    text = ", ".join(items)
    if column_type.maximum != 1 or not items:
        return f"{{{text}}}" if column_type.is_map else f"[{text}]"
    return text
