"""Tokens to expressions, with OVN's own words for every mistake.

One pass: the first mistake ends it. Address sets and port groups are taken from a `Sets`; without one a reference to
a set is the mistake it is in a predicate's definition.
"""

from typing import Protocol, TypeAlias

import msgspec

from .constants import Constant, Format
from .errors import ExpressionError
from .expression import (
    TURNED,
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
)
from .lexer import Token, next_token
from .symbols import NOMINAL, ORDINAL, Subfield, Symbols

MAXIMUM_NESTING = 100


class Slot(msgspec.Struct, frozen=True):
    """An element, or a whole set of elements, that is to be filled in later (see `plan`)."""

    number: int
    is_set: bool
    is_string: bool


Element: TypeAlias = Constant | str | Slot


class Sets(Protocol):
    """Where a parser finds address sets and port groups; None when there is none of that name."""

    def address_set_elements(self, name: str) -> list[Element] | None: ...

    def port_group_elements(self, name: str) -> list[Element] | None: ...


class ConstantSet(msgspec.Struct):
    """One constant, or those between braces."""

    elements: list[Element]
    is_string: bool = False
    braces: bool = False


class Parser:
    """The state of one parse; the methods named `parse_*` consume tokens."""

    def __init__(self, source: str, symbols: Symbols, sets: Sets | None = None) -> None:
        self.source = source
        self.symbols = symbols
        self.sets = sets
        self.inverted = False
        self.depth = 0
        self.token = next_token(source, 0)

    # -- tokens

    def advance(self) -> None:
        self.token = next_token(self.source, self.token.stop)

    def accept(self, kind: str) -> bool:
        if self.token.kind != kind:
            return False
        self.advance()
        return True

    def accept_name(self, name: str) -> bool:
        """Consume the identifier `name` if it is next."""
        if self.token.kind != "identifier" or self.token.text != name:
            return False
        self.advance()
        return True

    def expect(self, kind: str) -> None:
        if not self.accept(kind):
            raise self.syntax_error(f"expecting `{kind}'")

    def expect_end(self) -> None:
        if self.token.kind != "end":
            raise self.syntax_error("expecting end of input")

    def lookahead(self) -> Token:
        return next_token(self.source, self.token.stop)

    def error(self, message: str) -> ExpressionError:
        """The mistake; but a lexical one at this very token comes first."""
        return ExpressionError(self.token.text if self.token.kind == "error" else message)

    def syntax_error(self, expectation: str = "") -> ExpressionError:
        if self.token.kind == "end":
            where = " at end of input"
        else:
            where = f" at `{self.source[self.token.start : self.token.stop]}'"
        return self.error(f"Syntax error{where}{' ' if expectation else ''}{expectation}.")

    def small_integer(self) -> int | None:
        """The value of the current token if it is a decimal that fits an int."""
        constant = self.token.constant
        if self.token.kind != "integer" or constant is None or constant.format is not Format.DECIMAL:
            return None
        return constant.value if constant.value < 1 << 31 else None

    def parse_small_integer(self) -> int:
        value = self.small_integer()
        if value is None:
            raise self.syntax_error("expecting small integer")
        self.advance()
        return value

    # -- fields and constants

    def parse_field(self) -> Subfield:
        symbol = self.symbols.get(self.token.text) if self.token.kind == "identifier" else None
        if symbol is None:
            raise self.syntax_error("expecting field name")
        self.advance()
        if not self.accept("["):
            return Subfield(symbol, 0, symbol.bits)
        if not symbol.bits:
            raise self.error(f"Cannot select subfield of string field {symbol.name}.")
        low = self.parse_small_integer()
        high = self.parse_small_integer() if self.accept("..") else low
        self.expect("]")
        if low > high:
            raise self.error(f"Invalid bit range {low} to {high}.")
        if high >= symbol.bits:
            raise self.error(f"Cannot select bits {low} to {high} of {symbol.bits}-bit field {symbol.name}.")
        if symbol.level == NOMINAL and (low, high) != (0, symbol.bits - 1):
            raise self.error(f"Cannot select subfield of nominal field {symbol.name}.")
        return Subfield(symbol, low, high - low + 1)

    def parse_relation(self) -> str:
        relation = self.token.kind
        if relation not in TURNED:
            raise self.syntax_error("expecting relational operator")
        self.advance()
        return relation

    def parse_constant_set(self) -> ConstantSet:
        constants = ConstantSet([])
        if not self.accept("{"):
            self.parse_constant(constants)
            return constants
        constants.braces = True
        while True:
            self.parse_constant(constants)
            self.accept(",")
            if self.accept("}"):
                return constants

    def parse_constant(self, constants: ConstantSet) -> None:
        kind = self.token.kind
        if kind == "template":
            raise self.error("Unexpanded template.")
        if kind == "string":
            self._add(constants, [self.token.text], True)
        elif self.token.constant is not None:
            self._add(constants, [self.token.constant], False)
        elif kind == "address set":
            found = self.sets.address_set_elements(self.token.text) if self.sets else None
            if found is None:
                raise self.syntax_error("expecting address set name")
            self._add(constants, found, False)
        elif kind == "port group":
            found = self.sets.port_group_elements(self.token.text) if self.sets else None
            if found is None:
                raise self.syntax_error("expecting port group name")
            self._add(constants, found, True)
        else:
            raise self.syntax_error("expecting constant")
        self.advance()

    def _add(self, constants: ConstantSet, elements: list[Element], is_string: bool) -> None:
        if constants.elements and constants.is_string != is_string:
            raise self.syntax_error(f"expecting {'string' if constants.is_string else 'integer'}")
        constants.is_string = is_string
        constants.elements += elements

    def check_type(self, field: Subfield, constants: ConstantSet) -> None:
        """Raise unless the constants may stand beside this field."""
        symbol = field.symbol
        if constants.is_string != (not symbol.bits):
            raise self.error(
                f"{'Integer' if symbol.bits else 'String'} field {symbol.name} is not compatible with "
                f"{'string' if constants.is_string else 'integer'} constant."
            )
        for element in constants.elements:
            if isinstance(element, Constant) and element.width > symbol.bits:
                raise self.error(
                    f"{element.width}-bit constant is not compatible with {symbol.bits}-bit field {symbol.name}."
                )

    # -- expressions

    def parse_expression(self) -> Expression:
        expression = self._parse_negation()
        operator = self.token.kind
        if operator not in ("&&", "||"):
            return expression
        junction: Junction = And if operator == "&&" else Or
        while self.accept(operator):
            expression = combine(junction, expression, self._parse_negation())
        if self.token.kind in ("&&", "||"):
            raise self.error("&& and || must be parenthesized when used together.")
        return expression

    def _parse_negation(self) -> Expression:
        if not self.accept("!"):
            return self._parse_primary()[0]
        self.inverted = not self.inverted
        expression, atomic = self._parse_primary()
        self.inverted = not self.inverted
        if not atomic:
            raise self.error("Missing parentheses around operand of !.")
        return invert(expression)

    def _parse_primary(self) -> tuple[Expression, bool]:
        """An operand of !, && or ||, and whether ! may stand right before it."""
        if self.accept("("):
            if self.depth >= MAXIMUM_NESTING:
                raise self.error("Parentheses nested too deeply.")
            self.depth += 1
            expression = self.parse_expression()
            self.depth -= 1
            self.expect(")")
            return expression, True
        if self.token.kind == "template":
            raise self.error("Unexpanded template.")
        if self.token.kind != "identifier":
            return self._parse_constant_first()
        if self.lookahead().kind == "(":
            return self._parse_function(), True
        return self._parse_field_first()

    def _parse_function(self) -> Expression:
        if not self.accept_name("is_chassis_resident"):
            raise self.error("parsing function name")
        self.advance()
        if self.token.kind != "string":
            raise self.syntax_error("expecting string")
        port = self.token.text
        self.advance()
        self.expect(")")
        return Residence(port)

    def _parse_field_first(self) -> tuple[Expression, bool]:
        field = self.parse_field()
        if self.token.kind in TURNED:
            relation = self.parse_relation()
            return self._compare(field, relation, self.parse_constant_set()), False
        if not field.bits or self.token.kind == "=":
            raise self.syntax_error("expecting relational operator")
        if field.bits > 1 and not self.inverted:
            raise self.error("Explicit `!= 0' is required for inequality test of multibit field against 0.")
        return self._compare(field, "!=", ConstantSet([Constant(0)])), True

    def _parse_constant_first(self) -> tuple[Expression, bool]:
        """`0`, `1`, `constant relation field`, or `low < field < high`."""
        constants = self.parse_constant_set()
        if self.token.kind not in TURNED and not constants.braces and len(constants.elements) == 1:
            element = constants.elements[0]
            if element in (Constant(0), Constant(1)):
                return Truth(element == Constant(1)), True
        first = self.parse_relation()
        field = self.parse_field()
        if self.token.kind not in TURNED:
            return self._compare(field, TURNED[first], constants), False
        second = self.parse_relation()
        others = self.parse_constant_set()
        if first[0] != second[0] or first[0] not in "<>":
            raise self.error(
                "Range expressions must have the form `x < field < y' or `x > field > y', with each `<' "
                "optionally replaced by `<=' or `>' by `>=')."
            )
        low = self._compare(field, TURNED[first], constants)
        return combine(And, low, self._compare(field, second, others)), False

    def _compare(self, field: Subfield, relation: str, constants: ConstantSet) -> Expression:
        self.check_type(field, constants)
        if relation not in ("==", "!="):
            self._check_order(field, constants)
        if field.symbol.level == NOMINAL:
            self._check_nominal(field, relation, constants)
        if not constants.elements:
            return Truth(relation == "!=")
        expression: Expression | None = None
        junction: Junction = Or if relation == "==" else And
        for element in constants.elements:
            expression = combine(junction, expression, make_comparison(field, relation, element))
        assert expression is not None
        return expression

    def _check_order(self, field: Subfield, constants: ConstantSet) -> None:
        if constants.braces:
            raise self.error("Only == and != operators may be used with value sets.")
        if field.symbol.level != ORDINAL:
            raise self.error(
                f"Only == and != operators may be used with {field.symbol.level} field {field.symbol.name}."
            )
        if not constants.elements:
            raise self.error("Only == and != operators may be used to compare a field against an empty value set.")
        first = constants.elements[0]
        if isinstance(first, Constant) and first.mask is not None:
            raise self.error(
                "Only == and != operators may be used with masked constants.  Consider using subfields "
                "instead (e.g. eth.src[0..15] > 0x1111 in place of "
                "eth.src > 00:00:00:00:11:11/00:00:00:00:ff:ff)."
            )

    def _check_nominal(self, field: Subfield, relation: str, constants: ConstantSet) -> None:
        name = field.symbol.name
        negative = (relation == "!=") != self.inverted
        if not field.symbol.predicate:
            if negative:
                raise self.error(
                    f"Nominal field {name} may only be tested for equality "
                    "(taking enclosing `!' operators into account)."
                )
            return
        for element in constants.elements:
            if isinstance(element, Constant) and bool(element.value & 1) == negative:
                raise self.error(
                    f"Nominal predicate {name} may only be tested positively, "
                    f"e.g. `{name}' or `{name} == 1' but not `!{name}' or `{name} == 0'."
                )


def make_comparison(field: Subfield, relation: str, element: Element) -> Expression:
    """`field relation element`, the element placed at the field's bits."""
    symbol = field.symbol
    if isinstance(element, str):
        return NameComparison(symbol, relation, element)
    if isinstance(element, Slot):
        if element.is_set:
            return Membership(symbol, relation, element.number, field.offset, field.bits)
        if element.is_string:
            return NameComparison(symbol, relation, "", element.number)
        place = Place(element.number, field.offset, field.bits)
        return Comparison(symbol, relation, 0, 0, (place,))
    bits = (1 << field.bits) - 1
    mask = bits if element.mask is None else element.mask & bits
    return Comparison(symbol, relation, (element.value & bits) << field.offset, mask << field.offset)


def parse_expression(source: str, symbols: Symbols, sets: Sets | None = None) -> Expression:
    """The expression the text stands for; `ExpressionError` when it does not follow the language."""
    parser = Parser(source, symbols, sets)
    expression = parser.parse_expression()
    parser.expect_end()
    return expression


def parse_subfield(source: str, symbols: Symbols) -> Subfield:
    """A field or some of its bits, e.g. `vlan.tci[0..11]`."""
    parser = Parser(source, symbols)
    field = parser.parse_field()
    parser.expect_end()
    return field
