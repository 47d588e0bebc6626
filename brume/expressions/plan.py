"""Plans: what every match of one shape has in common, worked out once.

A plan is an OR of conjuncts; a conjunct has fixed fields, fields that one slot fills, and dimensions: fields that may
hold any of several values, at least one of which comes from a slot. Filling a plan gives the same flows as translating
the match the long way (`conversion`); a test compares the two.

What decides the structure besides the shape are the *outcomes* of its slots: whether a port is resident, whether a
set is empty, has one element, or more. There is one plan for each combination that occurs.
"""

import msgspec

from .annotation import annotate
from .conversion import Fields, constrain_number
from .expression import (
    FALSE,
    TRUE,
    And,
    Comparison,
    Expression,
    Junction,
    Membership,
    NameComparison,
    Or,
    Place,
    Residence,
    Truth,
    combine,
)
from .normal_form import normalize
from .openflow_fields import register_parts
from .simplification import NotLinear, settle_residence, simplify
from .symbols import Symbol, Symbols

EMPTY, SINGLE, MANY, ANY = 0, 1, 2, 3
"""Outcomes of a set: how many elements it has, or that one of them (0.0.0.0/0) contains all values. A number's are
SINGLE and ANY, a residence's False and True."""
Registers = tuple[tuple[str, int], ...]
"""OpenFlow registers of 32 bits (or one whole field), each with its lowest bit in the symbol."""


class Fill(msgspec.Struct, frozen=True):
    """Bits that a slot fills: its number, put `offset` bits up in a field."""

    slot: int
    registers: Registers
    offset: int
    bits: int


class Dimension(msgspec.Struct, frozen=True):
    """A field with several allowed values: some fixed, by number or port name, the others from slots."""

    registers: Registers
    cubes: tuple[tuple[int, int], ...]
    names: tuple[str, ...]
    fills: tuple[Fill, ...]


class Conjunct(msgspec.Struct, frozen=True):
    """One AND of the normal form."""

    fixed: Fields
    ports: tuple[tuple[Registers, str], ...]
    fills: tuple[Fill, ...]
    dimensions: tuple[Dimension, ...]


class Plan(msgspec.Struct, frozen=True):
    """The conjuncts of which at least one must hold."""

    conjuncts: tuple[Conjunct, ...]


def make_plan(
    expression: Expression, outcomes: tuple[int, ...], prerequisites: Expression | None, symbols: Symbols
) -> Plan | None:
    """The plan for these outcomes; None when the flows depend on the constants in some other way."""
    try:
        settled = _settle(expression, outcomes)
        if prerequisites is not None:
            settled = combine(And, settled, prerequisites)
        simple = simplify(annotate(settled, symbols))
        answered = settle_residence(simple, lambda residence: bool(outcomes[residence.slot or 0]))
        return Plan(tuple(_conjuncts(normalize(answered))))
    except NotLinear:
        return None


class Role(msgspec.Struct, frozen=True):
    """What a slot is for: "residence", "port" or "number"; a number's width must not exceed the symbol's `width`, and
    only its low `bits` count."""

    kind: str
    width: int = 0
    bits: int = 0


def slot_roles(expression: Expression) -> dict[int, Role]:
    """What each slot is for."""
    if isinstance(expression, Residence) and expression.slot is not None:
        return {expression.slot: Role("residence")}
    if isinstance(expression, NameComparison) and expression.slot is not None:
        return {expression.slot: Role("port")}
    if isinstance(expression, Membership):
        width = expression.symbol.bits
        return {expression.slot: Role("number", width, expression.bits) if width else Role("port")}
    if isinstance(expression, Comparison):
        return {place.slot: Role("number", expression.symbol.bits, place.bits) for place in expression.places}
    roles: dict[int, Role] = {}
    if isinstance(expression, And | Or):
        for part in expression.parts:
            roles |= slot_roles(part)
    return roles


def _settle(expression: Expression, outcomes: tuple[int, ...]) -> Expression:
    """The expression with small sets made what they are: nothing, or one element."""
    if isinstance(expression, And | Or):
        junction: Junction = And if isinstance(expression, And) else Or
        result: Expression | None = None
        for part in expression.parts:
            result = combine(junction, result, _settle(part, outcomes))
        assert result is not None
        return result
    if isinstance(expression, Membership):
        return _settle_membership(expression, outcomes[expression.slot])
    if isinstance(expression, Comparison) and expression.places:
        if expression.relation not in ("==", "!="):
            raise NotLinear
        if outcomes[expression.places[0].slot] == ANY:
            return Comparison(expression.symbol, expression.relation, 0, 0)
    return expression


def _settle_membership(expression: Membership, outcome: int) -> Expression:
    if outcome == EMPTY:
        return FALSE if expression.relation == "==" else TRUE
    if outcome == MANY:
        return expression
    if outcome == ANY:
        return Comparison(expression.symbol, expression.relation, 0, 0)
    if not expression.symbol.bits:
        return NameComparison(expression.symbol, expression.relation, "", expression.slot)
    place = Place(expression.slot, expression.offset, expression.bits)
    return Comparison(expression.symbol, expression.relation, 0, 0, (place,))


def _conjuncts(expression: Expression) -> list[Conjunct]:
    if isinstance(expression, Truth):
        return [Conjunct({}, (), (), ())] if expression.value else []
    choices = expression.parts if isinstance(expression, Or) else (expression,)
    return [_conjunct(choice.parts if isinstance(choice, And) else (choice,)) for choice in choices]


def _conjunct(parts: tuple[Expression, ...]) -> Conjunct:
    fixed: Fields = {}
    ports: list[tuple[Registers, str]] = []
    fills: list[Fill] = []
    dimensions: list[Dimension] = []
    for part in parts:
        if isinstance(part, Or | Membership):
            dimensions.append(_dimension(part.parts if isinstance(part, Or) else (part,)))
            continue
        assert isinstance(part, Comparison | NameComparison)
        registers = _registers(part.symbol)
        if isinstance(part, NameComparison) and part.slot is None:
            ports.append((registers, part.name))
        elif isinstance(part, Comparison) and not part.places:
            constrain_number(fixed, registers, part.value, part.mask)
        else:
            fills += _fills(part)
            if isinstance(part, Comparison):
                constrain_number(fixed, registers, part.value, part.mask)
    return Conjunct(fixed, tuple(ports), tuple(fills), tuple(dimensions))


def _dimension(alternatives: tuple[Expression, ...]) -> Dimension:
    cubes: list[tuple[int, int]] = []
    names: list[str] = []
    fills: list[Fill] = []
    registers: Registers = ()
    for one in alternatives:
        assert isinstance(one, Comparison | NameComparison | Membership)
        registers = _registers(one.symbol)
        if isinstance(one, NameComparison) and one.slot is None:
            names.append(one.name)
        elif isinstance(one, Comparison) and not one.places:
            cubes.append((one.value, one.mask))
        elif isinstance(one, Comparison) and (one.mask or len(one.places) > 1):
            raise NotLinear
        else:
            fills += _fills(one)
    return Dimension(registers, tuple(cubes), tuple(names), tuple(fills))


def _fills(one: Comparison | NameComparison | Membership) -> list[Fill]:
    registers = _registers(one.symbol)
    if isinstance(one, NameComparison):
        assert one.slot is not None
        return [Fill(one.slot, registers, 0, 32)]
    if isinstance(one, Membership):
        return [Fill(one.slot, registers, one.offset, one.bits or 32)]
    return [Fill(place.slot, registers, place.offset, place.bits) for place in one.places]


def _registers(symbol: Symbol) -> Registers:
    assert symbol.field is not None
    return register_parts(symbol.field)
