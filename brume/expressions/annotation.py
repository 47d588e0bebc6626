"""Annotation: add prerequisites, put subfields and predicates back to what they stand for.

`tcp.dst == 80` means nothing to a switch until it says that the packet is TCP over IP. When every term of an AND or
OR is about one symbol, the symbol's prerequisites are added once, around them all.
"""

import msgspec

from .errors import ExpressionError
from .expression import (
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
    invert,
    only_symbol,
)
from .parser import parse_expression
from .symbols import Symbol, Symbols, SymbolTable

Nesting = frozenset[str]


def annotate(expression: Expression, symbols: Symbols) -> Expression:
    """The expression in terms of fields alone, with their prerequisites."""
    return _annotate(expression, symbols, True, frozenset())


def required_by(symbol: Symbol, symbols: Symbols) -> list[Expression]:
    """The prerequisites of a symbol and of those it is cut from, annotated."""
    required: list[Expression] = []
    current: Symbol | None = symbol
    while current is not None:
        if current.prerequisites:
            required.append(_expand(current.prerequisites, symbols, frozenset()))
        current = current.parent
    return required


def _annotate(expression: Expression, symbols: Symbols, prerequisites: bool, nesting: Nesting) -> Expression:
    if isinstance(expression, Truth | Residence):
        return expression
    if isinstance(expression, Comparison | NameComparison | Membership):
        return _annotate_comparison(expression, symbols, prerequisites, nesting)
    junction: Junction = And if isinstance(expression, And) else Or
    required: Expression | None = None
    if prerequisites:
        symbol = only_symbol(expression)
        if symbol is not None:
            prerequisites = False
            if symbol.prerequisites:
                required = _expand(symbol.prerequisites, symbols, nesting)
    result: Expression | None = None
    for part in expression.parts:
        result = combine(junction, result, _annotate(part, symbols, prerequisites, nesting))
    assert result is not None
    return result if required is None else combine(And, result, required)


def _annotate_comparison(
    expression: Comparison | NameComparison | Membership, symbols: Symbols, prerequisites: bool, nesting: Nesting
) -> Expression:
    symbol = expression.symbol
    if symbol.name in nesting:
        raise ExpressionError(f"Recursive expansion of symbol `{symbol.name}'.")
    nesting |= {symbol.name}
    required: Expression | None = None
    if prerequisites and symbol.prerequisites:
        required = _expand(symbol.prerequisites, symbols, nesting)
    result: Expression = expression
    if symbol.parent is not None and not isinstance(expression, NameComparison):
        result = _to_parent(expression, symbol.parent, symbol.parent_offset)
        if symbol.parent.parent is not None:
            result = _annotate_comparison(result, symbols, False, nesting)
    elif symbol.predicate and isinstance(expression, Comparison):
        result = _expand(symbol.predicate, symbols, nesting)
        if bool(expression.value & 1) == (expression.relation == "!="):
            result = invert(result)
    return result if required is None else combine(And, result, required)


def _to_parent(expression: Comparison | Membership, parent: Symbol, shift: int) -> Comparison | Membership:
    if isinstance(expression, Membership):
        return msgspec.structs.replace(expression, symbol=parent, offset=expression.offset + shift)
    places = tuple(Place(place.slot, place.offset + shift, place.bits) for place in expression.places)
    return Comparison(parent, expression.relation, expression.value << shift, expression.mask << shift, places)


def _expand(source: str, symbols: Symbols, nesting: Nesting) -> Expression:
    """A prerequisite or predicate, parsed and annotated."""
    try:
        return _annotate(_parsed(source, symbols), symbols, True, nesting)
    except ExpressionError as error:
        raise ExpressionError(
            f"Error parsing expression `{source}' encountered as prerequisite or predicate of initial expression: "
            f"{error}"
        ) from None


def _parsed(source: str, symbols: Symbols) -> Expression:
    if not isinstance(symbols, SymbolTable):
        return parse_expression(source, symbols)
    parsed = symbols.definitions.get(source)
    if parsed is None:
        parsed = symbols.definitions[source] = parse_expression(source, symbols)
    return parsed
