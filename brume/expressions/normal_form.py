"""Normal form: an OR of ANDs whose parts are each about one field.

A part is one comparison, or an OR of comparisons of the same field: exactly what OpenFlow flows with conjunctive
matches can say. The input is annotated, simplified and has its residences settled. Comparisons of one field are
worked out against each other: intersected in an AND, duplicates and the ones contained in wider ones left out in an
OR (as OVN's main branch does; OVN 23.03 leaves out duplicates only).
"""

from collections.abc import Iterable

from .expression import (
    FALSE,
    TRUE,
    And,
    Comparison,
    Expression,
    Membership,
    NameComparison,
    Or,
    Truth,
    combine,
    join,
    only_symbol,
)
from .simplification import NotLinear
from .symbols import Symbol


def normalize(expression: Expression) -> Expression:
    """The expression in normal form."""
    if isinstance(expression, And):
        return _normalize_and(expression)
    if isinstance(expression, Or):
        return _normalize_or(expression)
    return expression


def _normalize_or(expression: Or) -> Expression:
    return join(Or, [_normalize_and(part) if isinstance(part, And) else part for part in expression.parts])


def _normalize_and(expression: And) -> Expression:
    gathered = _gather(expression)
    if not isinstance(gathered, And):
        return _normalize_or(gathered) if isinstance(gathered, Or) and only_symbol(gathered) is None else gathered
    for part in gathered.parts:
        if isinstance(part, Or):
            symbol = only_symbol(part)
            if symbol is None or symbol.crossproduct:
                return _multiply_out(gathered, part)
    return gathered


def _multiply_out(expression: And, disjunction: Or) -> Expression:
    """`a && (b || c)` as `(a && b) || (a && c)`, in normal form."""
    if any(isinstance(part, Membership) for part in disjunction.parts):
        raise NotLinear
    products: list[Expression] = []
    for choice in disjunction.parts:
        product: Expression | None = None
        for part in expression.parts:
            product = combine(And, product, choice if part is disjunction else part)
        assert isinstance(product, And)
        products.append(_normalize_and(product))
    return join(Or, products)


def _gather(expression: And) -> Expression:
    """The AND with the parts about one field brought together, in the order of the fields' names."""
    about: dict[Symbol, list[Expression]] = {}
    mixed: list[Expression] = []
    for part in expression.parts:
        symbol = only_symbol(part)
        if symbol is None:
            mixed.append(part)
        else:
            about.setdefault(symbol, []).append(part)
    gathered: Expression | None = None
    for symbol in sorted(about, key=lambda symbol: symbol.name):
        parts = about[symbol]
        crushed = crush(parts[0] if len(parts) == 1 else join(And, parts), symbol)
        if crushed == FALSE:
            return FALSE
        if crushed != TRUE:
            gathered = combine(And, gathered, crushed)
    mixed.sort(key=lambda part: len(part.parts) if isinstance(part, And | Or) else 0)
    for part in mixed:
        gathered = combine(And, gathered, part)
    return TRUE if gathered is None else gathered


def crush(expression: Expression, symbol: Symbol) -> Expression:
    """An expression about one field as one comparison, an OR of comparisons, or a constant."""
    if not isinstance(expression, And | Or):
        return expression
    if not symbol.bits:
        return _crush_names(expression, symbol)
    choices = _choices(expression)
    if any(not isinstance(choice, Comparison) or choice.mask or choice.places for choice in choices):
        return join(Or, choices) if choices else FALSE
    return TRUE if choices else FALSE


def _choices(expression: Expression) -> list[Comparison | Membership]:
    """The comparisons of one numeric field of which at least one must hold, without superfluous ones."""
    if isinstance(expression, Comparison | Membership):
        return [expression]
    if isinstance(expression, Or):
        return _reduce(choice for part in expression.parts for choice in _choices(part))
    assert isinstance(expression, And)
    product: list[Comparison | Membership] | None = None
    for part in expression.parts:
        factors = _choices(part)
        if product is None:
            product = factors
            continue
        met = (intersect(left, right) for left in product for right in factors)
        product = _reduce(choice for choice in met if choice is not None)
    return product or []


def intersect(left: Comparison | Membership, right: Comparison | Membership) -> Comparison | None:
    """Both at once; None when they contradict each other."""
    if isinstance(left, Membership) or isinstance(right, Membership):
        raise NotLinear
    if left.places or right.places:
        return _intersect_places(left, right)
    if (left.value ^ right.value) & left.mask & right.mask:
        return None
    return Comparison(left.symbol, "==", left.value | right.value, left.mask | right.mask)


def _intersect_places(left: Comparison, right: Comparison) -> Comparison:
    """Bits still to be filled may only be joined with other bits: else the result depends on what fills them."""
    if _all_bits(left) & _all_bits(right):
        raise NotLinear
    return Comparison(left.symbol, "==", left.value | right.value, left.mask | right.mask, left.places + right.places)


def _all_bits(comparison: Comparison) -> int:
    bits = comparison.mask
    for place in comparison.places:
        bits |= ((1 << place.bits) - 1) << place.offset
    return bits


def _reduce(choices: Iterable[Comparison | Membership]) -> list[Comparison | Membership]:
    """The choices in order of value and mask, without duplicates and without those contained in others."""
    open_ended: list[Comparison | Membership] = []
    settled: list[Comparison] = []
    for choice in choices:
        if isinstance(choice, Membership) or choice.places:
            open_ended.append(choice)
        else:
            settled.append(choice)
    if len(settled) < 2:
        return [*settled, *open_ended]
    symbol = settled[0].symbol
    kept = widest([(choice.value, choice.mask) for choice in settled])
    return [*(Comparison(symbol, "==", value, mask) for value, mask in kept), *open_ended]


def widest(cubes: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The (value, mask) pairs that are not contained in another one, sorted, each once."""
    by_mask: dict[int, set[int]] = {}
    for value, mask in cubes:
        by_mask.setdefault(mask, set()).add(value)
    masks = sorted(by_mask, key=int.bit_count)
    for position, mask in enumerate(masks):
        for wider in masks[:position]:
            if wider & mask == wider:
                values = by_mask[wider]
                by_mask[mask] = {value for value in by_mask[mask] if value & wider not in values}
    return sorted((value, mask) for mask in masks for value in by_mask[mask])


def _crush_names(expression: And | Or, symbol: Symbol) -> Expression:
    names, open_ended = _names(expression)
    settled: list[Expression] = [NameComparison(symbol, "==", name) for name in sorted(names)]
    return join(Or, settled + open_ended) if settled or open_ended else FALSE


def _names(expression: Expression) -> tuple[set[str], list[Expression]]:
    """The names of which the field must be one, and the comparisons with names not known yet."""
    if isinstance(expression, NameComparison) and expression.slot is None:
        return {expression.name}, []
    if isinstance(expression, NameComparison | Membership):
        return set(), [expression]
    assert isinstance(expression, And | Or)
    parts = [_names(part) for part in expression.parts]
    if isinstance(expression, Or):
        return set().union(*(names for names, _ in parts)), [one for _, more in parts for one in more]
    if any(more for _, more in parts):
        raise NotLinear
    return set.intersection(*(names for names, _ in parts)), []


def is_normal(expression: Expression) -> bool:
    """Whether the expression is in normal form (for tests)."""
    if isinstance(expression, And):
        return all(only_symbol(part) is not None for part in expression.parts)
    if isinstance(expression, Or) and only_symbol(expression) is None:
        return all(
            only_symbol(part) is not None or (isinstance(part, And) and is_normal(part)) for part in expression.parts
        )
    return isinstance(expression, Comparison | NameComparison | Membership | Truth | Or)
