"""Normal form to OpenFlow matches.

An AND with two or more ORs becomes a conjunctive match: one flow per alternative of each OR, tagged with the clause it
satisfies, and one flow on conj_id for a packet that satisfies every clause. See ovs-fields(7), "Conjunctive Match
Fields".
"""

from collections.abc import Callable

from .expression import And, Comparison, Expression, NameComparison, Or, Truth, only_symbol
from .flow_match import Clause, FlowMatch, flow_match, merge_matches
from .openflow_fields import register_parts

PortNumber = Callable[[str], int | None]
Fields = dict[str, tuple[int, int]]


def to_flow_matches(expression: Expression, port_number: PortNumber) -> list[FlowMatch]:
    """The matches of an expression in normal form; none when it never matches."""
    if isinstance(expression, Truth):
        return [FlowMatch(())] if expression.value else []
    choices = expression.parts if isinstance(expression, Or) else (expression,)
    matches: list[FlowMatch] = []
    conjunctions = 0
    for choice in choices:
        parts = choice.parts if isinstance(choice, And) else (choice,)
        found, used = _conjunct(parts, port_number, conjunctions + 1)
        conjunctions += used
        matches += found
    return merge_matches(matches)


def _conjunct(parts: tuple[Expression, ...], port_number: PortNumber, conjunction: int) -> tuple[list[FlowMatch], int]:
    """The matches of one AND, and how many conjunction ids they use (0 or 1)."""
    fixed: Fields = {}
    dimensions: list[list[Fields]] = []
    for part in parts:
        alternatives = part.parts if isinstance(part, Or) else (part,)
        constraints = [found for found in (_constrain(one, port_number) for one in alternatives) if found is not None]
        if not constraints:
            return [], 0
        if isinstance(part, Or):
            assert only_symbol(part) is not None
            dimensions.append(constraints)
        else:
            _merge(fixed, constraints[0])
    if not dimensions:
        return [flow_match(fixed)], 0
    if len(dimensions) == 1:
        return [flow_match(_merged(fixed, constraint)) for constraint in dimensions[0]], 0
    matches = [
        flow_match(_merged(fixed, constraint), (Clause(conjunction, clause, len(dimensions)),))
        for clause, dimension in enumerate(dimensions)
        for constraint in dimension
    ]
    matches.append(flow_match(fixed | {"conj_id": (conjunction, 0xFFFFFFFF)}))
    return matches, 1


def _constrain(expression: Expression, port_number: PortNumber) -> Fields | None:
    """One comparison as {field: (value, mask)}; None when it names a port that is not there."""
    assert isinstance(expression, Comparison | NameComparison)
    assert expression.symbol.field is not None
    registers = register_parts(expression.symbol.field)
    fields: Fields = {}
    if isinstance(expression, NameComparison):
        number = port_number(expression.name)
        if number is None:
            return None
        constrain_number(fields, registers, number, (1 << expression.symbol.field.bits) - 1)
    else:
        constrain_number(fields, registers, expression.value, expression.mask)
    return fields


def constrain_number(fields: Fields, registers: tuple[tuple[str, int], ...], value: int, mask: int) -> None:
    """Add value/mask, cut into the registers that hold it; bits already constrained there are other bits."""
    whole = len(registers) == 1
    for name, low in registers:
        part = mask if whole else mask >> low & 0xFFFFFFFF
        if part:
            known = fields.get(name, (0, 0))
            fields[name] = (known[0] | value >> low & part, known[1] | part)


def _merge(fields: Fields, more: Fields) -> None:
    """Add constraints; two on the same field (reg0 cut from two symbols) are about different bits."""
    for name, (value, mask) in more.items():
        known = fields.get(name)
        fields[name] = (known[0] | value, known[1] | mask) if known else (value, mask)


def _merged(fields: Fields, more: Fields) -> Fields:
    result = dict(fields)
    _merge(result, more)
    return result
