"""Symbols: the names a match or an action may use, and what each stands for.

A symbol is a field (of a number of bits, or a string such as a port name), a subfield of another symbol, or a
predicate (a name for an expression). Level `nominal` means equality only; `ordinal` means order and subfields too;
`boolean` is a predicate over ordinal fields. A symbol's prerequisites are an expression that must also hold
wherever the symbol is used.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from .errors import ExpressionError
from .openflow_fields import OPENFLOW_FIELDS, OpenFlowField

if TYPE_CHECKING:
    from .expression import Expression

NOMINAL, BOOLEAN, ORDINAL = "nominal", "Boolean", "ordinal"
WRITE_DEFAULT, WRITE_CT_COMMIT = 1, 2
"""Where an action may write a symbol: anywhere, or only inside ct_commit { ... }."""
_LEVEL_ORDER = (NOMINAL, BOOLEAN, ORDINAL)


class Symbol(msgspec.Struct, frozen=True, eq=False):
    """One name; `bits` is 0 for a string. Symbols are compared by identity."""

    name: str
    bits: int
    level: str
    prerequisites: str = ""
    field: OpenFlowField | None = None
    parent: "Symbol | None" = None
    parent_offset: int = 0
    predicate: str = ""
    crossproduct: bool = False
    """True when a disjunction over this field must be multiplied out, never be a conjunction's dimension."""
    written_in: int = 0
    """Where actions may write it (WRITE_*)."""

    def __repr__(self) -> str:
        return f"Symbol({self.name})"

    @property
    def expansion(self) -> str:
        """What the symbol stands for: a subfield, an expression, or the OpenFlow field's name in actions."""
        if self.parent is not None:
            return str(Subfield(self.parent, self.parent_offset, self.bits))
        if self.predicate:
            return self.predicate
        return self.field.action_name if self.field else self.name


class Subfield(msgspec.Struct, frozen=True):
    """Some bits of a symbol; all of them when offset is 0 and bits is the symbol's."""

    symbol: Symbol
    offset: int
    bits: int

    def __str__(self) -> str:
        if self.offset == 0 and self.bits == self.symbol.bits:
            return self.symbol.name
        if self.bits == 1:
            return f"{self.symbol.name}[{self.offset}]"
        return f"{self.symbol.name}[{self.offset}..{self.offset + self.bits - 1}]"

    def resolve(self) -> tuple[str, int, int]:
        """(OpenFlow field, offset, bits): the same bits, as bits of the OpenFlow field below the symbol."""
        symbol, offset = self.symbol, self.offset
        while symbol.parent is not None:
            offset += symbol.parent_offset
            symbol = symbol.parent
        if symbol.field is None:
            return symbol.name, offset, self.bits
        return symbol.field.name, offset, self.bits or symbol.field.bits


class SymbolTable(dict[str, Symbol]):
    """Symbols by name. Declare a subfield or predicate after the symbols it mentions."""

    def __init__(self) -> None:
        super().__init__()
        self.definitions: dict[str, Expression] = {}
        """Prerequisites and predicates already parsed, by their text."""

    def add_field(
        self,
        name: str,
        openflow_field: str,
        prerequisites: str = "",
        crossproduct: bool = False,
        written_in: int = WRITE_DEFAULT,
    ) -> None:
        """A name for a whole OpenFlow field."""
        field = OPENFLOW_FIELDS[openflow_field]
        self[name] = Symbol(
            name,
            field.bits,
            ORDINAL if field.maskable else NOMINAL,
            prerequisites,
            field=field,
            crossproduct=crossproduct,
            written_in=written_in if field.writable else 0,
        )

    def add_string(self, name: str, openflow_field: str, prerequisites: str = "") -> None:
        """A string (a port's name) that an OpenFlow field holds as a number."""
        field = OPENFLOW_FIELDS[openflow_field]
        self[name] = Symbol(
            name, 0, NOMINAL, prerequisites, field=field, written_in=WRITE_DEFAULT if field.writable else 0
        )

    def add_subfield(self, name: str, subfield: str, prerequisites: str = "", written_in: int = WRITE_DEFAULT) -> None:
        """A name for some bits of another symbol, e.g. `vlan.tci[0..11]`."""
        from .parser import parse_subfield  # the parser needs the table's type

        target = parse_subfield(subfield, self)
        if target.symbol.level != ORDINAL:
            raise ExpressionError(
                f"can't define {name} as subfield of {target.symbol.level} field {target.symbol.name}"
            )
        self[name] = Symbol(
            name,
            target.bits,
            ORDINAL,
            prerequisites,
            parent=target.symbol,
            parent_offset=target.offset,
            written_in=written_in if target.symbol.written_in else 0,
        )

    def add_predicate(self, name: str, expression: str) -> None:
        """A name for an expression; as nominal as the most nominal field in it."""
        from .expression import level_of
        from .parser import parse_expression

        self[name] = Symbol(name, 1, level_of(parse_expression(expression, self)), predicate=expression)

    def add_packet_in_field(self, name: str, bits: int) -> None:
        """A field that only ovn-controller can set, on a packet it was sent (icmp4.frag_mtu)."""
        self[name] = Symbol(name, bits, NOMINAL, written_in=WRITE_DEFAULT | WRITE_CT_COMMIT)


def lowest_level(levels: "list[str]") -> str:
    """The most nominal of the levels; ordinal when there are none."""
    return min(levels, key=_LEVEL_ORDER.index, default=ORDINAL)


Symbols = Mapping[str, Symbol]
