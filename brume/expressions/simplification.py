"""Simplification: only equality is left.

`x != v` becomes an OR of prefixes: the bits above bit n as in v, bit n the other way, for each n. The prefixes do
not overlap, and an AND of several of them stays small (OVN's main branch does the same; OVN 23.03 uses single bits,
which match the same packets with more flows once two are combined). `<` and the like are ORs of prefixes too.
"""

from collections.abc import Callable

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
    Residence,
    Truth,
    join,
    one_run,
)


class NotLinear(Exception):
    """The result depends on a slot's value in a way a plan cannot express; translate with the values instead."""


def simplify(expression: Expression) -> Expression:
    """An equivalent expression that compares for equality only."""
    if isinstance(expression, And | Or):
        junction: Junction = And if isinstance(expression, And) else Or
        return join(junction, [simplify(part) for part in expression.parts])
    if isinstance(expression, Membership) and expression.relation != "==":
        raise NotLinear
    if not isinstance(expression, Comparison):
        return expression
    if expression.places:
        if expression.relation != "==":
            raise NotLinear
        return expression
    if expression.relation == "==":
        return expression if expression.mask else TRUE
    return _differs(expression) if expression.relation == "!=" else _relational(expression)


def _differs(comparison: Comparison) -> Expression:
    symbol, value, mask = comparison.symbol, comparison.value, comparison.mask
    parts: list[Expression] = []
    above = mask
    while above:
        bit = above & -above
        parts.append(Comparison(symbol, "==", (value & above) ^ bit, above))
        above ^= bit
    return join(Or, parts) if parts else FALSE


def _relational(comparison: Comparison) -> Expression:
    symbol, value, mask, relation = comparison.symbol, comparison.value, comparison.mask, comparison.relation
    start, length = one_run(mask)
    less, equal = relation[0] == "<", len(relation) == 2
    # ">= 0" and "<= all ones" hold always; "> 0" and "< all ones" are "!=".
    if value == (mask if less else 0):
        return TRUE if equal else _differs(comparison)
    parts: list[Expression] = [Comparison(symbol, "==", value, mask)] if equal else []
    for position in range(start, start + length):
        bit = 1 << position
        if bool(value & bit) == less:
            kept = mask & ~(bit - 1)
            parts.append(Comparison(symbol, "==", (value & kept) ^ bit, kept))
    return join(Or, parts) if parts else FALSE


def settle_residence(expression: Expression, is_resident: Callable[[Residence], bool]) -> Expression:
    """The expression with every is_chassis_resident() answered."""
    if isinstance(expression, Residence):
        return Truth(is_resident(expression) != expression.negated)
    if isinstance(expression, And | Or):
        junction: Junction = And if isinstance(expression, And) else Or
        return join(junction, [settle_residence(part, is_resident) for part in expression.parts])
    assert isinstance(expression, Comparison | NameComparison | Membership | Truth)
    return expression
