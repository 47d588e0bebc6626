"""Every expression of a few terminals, as OVN's `test-ovn exhaustive` makes them, and what they are worth.

Not a test: the enumeration and the evaluation that `test_exhaustive` uses. A terminal is a comparison of one of a few
variables, or a constant; a tree of N terminals alternates AND and OR. As in OVN's loop the first terminal is never
changed, and the expression made only of first terminals is left out.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import TypeAlias

from brume.expressions.expression import (
    And,
    Comparison,
    Expression,
    Junction,
    NameComparison,
    Or,
    Truth,
    one_run,
)
from brume.expressions.flow_match import FlowMatch
from brume.expressions.symbols import SymbolTable

Tree: TypeAlias = "tuple[Junction, tuple[Tree | None, ...]]"
Values = dict[str, int]
COMPARE: dict[str, Callable[[int, int], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def variables(numeric: int, strings: int) -> SymbolTable:
    """n0, n1 ... and s0, s1 ..., in the registers."""
    table = SymbolTable()
    for number in range(numeric):
        table.add_field(f"n{number}", f"reg{number}")
    for number in range(strings):
        table.add_string(f"s{number}", f"reg{numeric + number}")
    return table


def terminals(table: SymbolTable, bits: int, relations: tuple[str, ...]) -> list[Expression]:
    """Every terminal, in OVN's order but for the order of values."""
    found: list[Expression] = []
    for symbol in table.values():
        if not symbol.bits:
            found += [NameComparison(symbol, "==", name) for name in ("0", "1")]
            continue
        for relation in relations:
            for mask, value in product(range(1 << bits), repeat=2):
                ordered = relation not in ("==", "!=")
                if not value & ~mask and not (ordered and one_run(mask) == (0, 0)):
                    found.append(Comparison(symbol, relation, value, mask))
    return [*found, Truth(False), Truth(True)]


def compositions(number: int) -> Iterator[tuple[int, ...]]:
    """Every way to write a number as a sum of positive numbers, in order."""
    if number == 0:
        yield ()
    for first in range(1, number + 1):
        for rest in compositions(number - first):
            yield (first, *rest)


def trees(number: int, junction: Junction) -> "Iterator[Tree | None]":
    """Every tree of this many leaves whose root is this junction; None is a leaf."""
    if number == 1:
        yield None
        return
    other: Junction = Or if junction is And else And
    for sizes in compositions(number):
        if len(sizes) > 1:
            for children in product(*(list(trees(size, other)) for size in sizes)):
                yield junction, children


def shapes(number: int) -> list[Tree]:
    """The trees OVN tries: both roots, a single terminal standing for a root with one child."""
    if number == 1:
        return [(And, (None,)), (Or, (None,))]
    return [tree for root in (And, Or) for tree in trees(number, root) if tree is not None]


def grow(tree: Tree, leaves: Iterator[Expression]) -> Expression:
    """The tree with its leaves filled in from left to right."""
    junction, children = tree
    parts = tuple(next(leaves) if child is None else grow(child, leaves) for child in children)
    return junction(parts) if len(parts) > 1 else parts[0]


def count(number: int, kinds: int) -> int:
    """How many expressions of `number` terminals there are when a terminal is one of `kinds`."""
    return len(shapes(number)) * (kinds ** (number - 1) - 1)


def expressions(number: int, leaves: list[Expression], stride: int) -> Iterator[Expression]:
    """Every stride-th of them."""
    each = len(leaves) ** (number - 1) - 1
    for index in range(0, count(number, len(leaves)), stride):
        tree = shapes(number)[index // each]
        digits, chosen = index % each + 1, []
        for _ in range(number - 1):
            digits, digit = divmod(digits, len(leaves))
            chosen.append(leaves[digit])
        yield grow(tree, iter([leaves[0], *chosen]))


def evaluate(expression: Expression, values: Values) -> bool:
    """What an expression is worth for these registers; a name is the number it spells."""
    if isinstance(expression, Truth):
        return expression.value
    if isinstance(expression, And):
        return all(evaluate(part, values) for part in expression.parts)
    if isinstance(expression, Or):
        return any(evaluate(part, values) for part in expression.parts)
    assert isinstance(expression, Comparison | NameComparison)
    assert expression.symbol.field is not None
    value = values[expression.symbol.field.name]
    if isinstance(expression, NameComparison):
        return COMPARE[expression.relation](value, int(expression.name))
    return COMPARE[expression.relation](value & expression.mask, expression.value)


def classify(flows: list[FlowMatch], values: Values) -> bool:
    """Whether a switch with these flows would find one for a packet with these registers."""
    satisfied: dict[int, set[int]] = {}
    counts: dict[int, int] = {}
    for flow in flows:
        if flow.clauses and matches(flow, values):
            for clause in flow.clauses:
                satisfied.setdefault(clause.id, set()).add(clause.clause)
                counts[clause.id] = clause.count
    found = [0, *(one for one, clauses in satisfied.items() if len(clauses) == counts[one])]
    return any(not flow.clauses and matches(flow, values | {"conj_id": one}) for flow in flows for one in found)


def matches(flow: FlowMatch, values: Values) -> bool:
    """Whether the flow's fields match, clauses aside."""
    return all(values[name] & mask == value for name, value, mask in flow.fields)


def assignments(table: SymbolTable, bits: int) -> Iterator[Values]:
    """Every content of the registers."""
    names = [(symbol.field.name, 1 << bits if symbol.bits else 2) for symbol in table.values() if symbol.field]
    for values in product(*(range(size) for _, size in names)):
        yield dict(zip((name for name, _ in names), values, strict=True))
