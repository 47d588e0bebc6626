"""What a match says, as a tree: comparisons, joined by AND and OR.

This is the form the translation works on, not the form a match is kept in: `{a, b}` has become an OR, `!` has been
pushed into the comparisons, a subfield is a mask. Invariants: an `And` has no `And` among its parts and an `Or` no
`Or`; both have at least two parts; a comparison's value has no bit outside its mask. Printing an expression gives
text that parses into an equal expression.
"""

from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from .constants import format_hexadecimal, quote
from .symbols import BOOLEAN, NOMINAL, Symbol, lowest_level

TURNED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""What a relation becomes when its operands change places."""
INVERTED = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


class Place(msgspec.Struct, frozen=True):
    """Bits of a comparison whose value is not known yet: it will be that of slot number `slot`."""

    slot: int
    offset: int
    bits: int


class Comparison(msgspec.Struct, frozen=True):
    """`symbol relation value/mask`; `places` are the bits a slot will fill (see `plan`)."""

    symbol: Symbol
    relation: str
    value: int
    mask: int
    places: tuple[Place, ...] = ()


class NameComparison(msgspec.Struct, frozen=True):
    """`symbol relation "name"`, for a string symbol; with a slot, the name is not known yet."""

    symbol: Symbol
    relation: str
    name: str
    slot: int | None = None


class Membership(msgspec.Struct, frozen=True):
    """`symbol relation {...}` where the elements are not known yet: those of slot number `slot`."""

    symbol: Symbol
    relation: str
    slot: int
    offset: int
    bits: int


class Residence(msgspec.Struct, frozen=True):
    """`is_chassis_resident("port")`; with a slot, the port is not known yet."""

    port: str
    negated: bool = False
    slot: int | None = None


class Truth(msgspec.Struct, frozen=True):
    """Always, or never."""

    value: bool


class And(msgspec.Struct, frozen=True):
    """All of the parts."""

    parts: "tuple[Expression, ...]"


class Or(msgspec.Struct, frozen=True):
    """At least one of the parts."""

    parts: "tuple[Expression, ...]"


Leaf: TypeAlias = Comparison | NameComparison | Membership
Expression: TypeAlias = Comparison | NameComparison | Membership | Residence | Truth | And | Or
Junction: TypeAlias = type[And] | type[Or]

TRUE, FALSE = Truth(True), Truth(False)


def combine(junction: Junction, left: Expression | None, right: Expression) -> Expression:
    """The two joined, flattened so that the invariants hold."""
    if left is None:
        return right
    first = left.parts if isinstance(left, junction) else (left,)
    second = right.parts if isinstance(right, junction) else (right,)
    return junction(first + second)


def join(junction: Junction, parts: Iterable[Expression]) -> Expression:
    """The parts joined, with constants and nesting taken out."""
    absorbing = junction is Or
    kept: list[Expression] = []
    for part in parts:
        if isinstance(part, Truth):
            if part.value == absorbing:
                return part
        elif isinstance(part, junction):
            kept += part.parts
        else:
            kept.append(part)
    if len(kept) > 1:
        return junction(tuple(kept))
    return kept[0] if kept else Truth(not absorbing)


def invert(expression: Expression) -> Expression:
    """The opposite, with NOT pushed down to the comparisons."""
    if isinstance(expression, Comparison | NameComparison | Membership):
        return msgspec.structs.replace(expression, relation=INVERTED[expression.relation])
    if isinstance(expression, Residence):
        return msgspec.structs.replace(expression, negated=not expression.negated)
    if isinstance(expression, Truth):
        return Truth(not expression.value)
    parts = tuple(invert(part) for part in expression.parts)
    return Or(parts) if isinstance(expression, And) else And(parts)


def only_symbol(expression: Expression) -> Symbol | None:
    """The symbol the expression is about, when it is about one symbol only."""
    if isinstance(expression, Comparison | NameComparison | Membership):
        return expression.symbol
    if isinstance(expression, Residence | Truth):
        return None
    found: Symbol | None = None
    for part in expression.parts:
        symbol = only_symbol(part)
        if symbol is None or (found is not None and symbol is not found):
            return None
        found = symbol
    return found


def level_of(expression: Expression) -> str:
    """The level a predicate with this expansion has."""
    if isinstance(expression, Comparison | NameComparison | Membership):
        return NOMINAL if expression.symbol.level == NOMINAL else BOOLEAN
    if isinstance(expression, Residence | Truth):
        return BOOLEAN
    return lowest_level([level_of(part) for part in expression.parts])


def one_run(mask: int) -> tuple[int, int]:
    """(offset, length) of the mask's ones when they are contiguous, else (0, 0)."""
    if not mask:
        return 0, 0
    offset = (mask & -mask).bit_length() - 1
    run = mask >> offset
    return (0, 0) if run & (run + 1) else (offset, run.bit_length())


def format_expression(expression: Expression) -> str:
    """The expression as OVN prints a parsed one: numbers in hexadecimal, sets and NOT written out."""
    if isinstance(expression, Comparison):
        return _format_comparison(expression)
    if isinstance(expression, NameComparison):
        return f"{expression.symbol.name} {expression.relation} {quote(expression.name)}"
    if isinstance(expression, Membership):
        return f"{expression.symbol.name} {expression.relation} {{#{expression.slot}}}"
    if isinstance(expression, Truth):
        return "1" if expression.value else "0"
    if isinstance(expression, Residence):
        return ("!" if expression.negated else "") + f"is_chassis_resident({quote(expression.port)})"
    operator = " && " if isinstance(expression, And) else " || "
    return operator.join(
        f"({format_expression(part)})" if isinstance(part, And | Or) else format_expression(part)
        for part in expression.parts
    )


def _format_comparison(comparison: Comparison) -> str:
    symbol, relation, value = comparison.symbol, comparison.relation, comparison.value
    offset, length = one_run(comparison.mask)
    if length == 1 and relation in ("==", "!="):
        positive = bool(value >> offset & 1) != (relation == "!=")
        bit = f"[{offset}]" if symbol.bits > 1 else ""
        return ("" if positive else "!") + symbol.name + bit
    if not length:
        return f"{symbol.name} {relation} {format_hexadecimal(value)}/{format_hexadecimal(comparison.mask)}"
    subfield = ""
    if length < symbol.bits:
        subfield = f"[{offset}]" if length == 1 else f"[{offset}..{offset + length - 1}]"
    return f"{symbol.name}{subfield} {relation} {format_hexadecimal(value >> offset)}"
