"""What the parsers of all actions share: tokens, fields with their prerequisites, type checks.

A field used in an action brings its prerequisites with it: `tcp.dst = 80;` is only meant for TCP packets, so the
logical flow's match is narrowed by what `prerequisites` has gathered.
"""

import msgspec

from .annotation import required_by
from .constants import Constant, Format
from .errors import ExpressionError
from .expression import And, Expression, combine
from .parser import ConstantSet, Parser, parse_expression
from .steps import Step
from .symbols import WRITE_DEFAULT, Subfield, Symbols

LOGICAL_TABLES = 29
"""How many tables a logical pipeline may have (OVN 23.03's LOG_PIPELINE_LEN)."""
MAXIMUM_NESTING = 32


class Position(msgspec.Struct, frozen=True):
    """The logical table an action is in."""

    table: int = 0
    pipeline: str = "ingress"
    tables: int = LOGICAL_TABLES


class ActionContext(Parser):
    """A parser of actions, before it knows any action."""

    def __init__(self, source: str, symbols: Symbols, position: Position) -> None:
        super().__init__(source, symbols)
        self.position = position
        self.prerequisites: Expression | None = None
        self.scope = WRITE_DEFAULT
        self.nesting = 0

    def require(self, prerequisite: str) -> None:
        """The actions are only meant for packets that also match this."""
        self.prerequisites = combine(And, self.prerequisites, parse_expression(prerequisite, self.symbols))

    def add_prerequisite(self, prerequisite: Expression) -> None:
        """As `require`, for an expression already parsed."""
        self.prerequisites = combine(And, self.prerequisites, prerequisite)

    def parse_any_field(self) -> Subfield:
        """A field or subfield; its prerequisites become the actions'."""
        field = self.parse_field()
        if field.symbol.predicate:
            raise self.error(f"Predicate symbol {field.symbol.name} used where lvalue required.")
        try:
            for required in required_by(field.symbol, self.symbols):
                self.prerequisites = combine(And, self.prerequisites, required)
        except ExpressionError as error:
            raise self.error(str(error)) from None
        return field

    def parse_sized_field(self, bits: int) -> Subfield:
        """A field to read, of this many bits; 0 for a string."""
        field = self.parse_any_field()
        self.check_field(field, bits, False)
        return field

    def check_field(self, field: Subfield, bits: int, writable: bool) -> None:
        """Raise unless the field has this many bits (0: is a string) and, if asked, may be written here."""
        name = field.symbol.name
        if bits != field.bits:
            if bits and field.bits:
                span = f"{name}[{field.offset}..{field.offset + field.bits - 1}]"
                raise self.error(f"Cannot use {field.bits}-bit field {span} where {bits}-bit field is required.")
            kinds = ("string", "numeric") if bits else ("numeric", "string")
            raise self.error(f"Cannot use {kinds[0]} field {name} where {kinds[1]} field is required.")
        if writable and not field.symbol.written_in & self.scope:
            raise self.error(f"Field {name} is not modifiable.")

    def check_bit(self, field: Subfield) -> None:
        """Raise unless the field is one bit that may be written."""
        self.check_field(field, 1, True)

    def parse_constant_for(self, field: Subfield) -> Constant | str:
        """One constant that fits the field."""
        constants = ConstantSet([])
        self.parse_constant(constants)
        self.check_type(field, constants)
        element = constants.elements[0]
        assert isinstance(element, Constant | str)
        return element

    def parse_string(self, expectation: str = "expecting string") -> str:
        if self.token.kind != "string":
            raise self.syntax_error(expectation)
        text = self.token.text
        self.advance()
        return text

    def parse_16_bits(self, what: str) -> int:
        value = self.small_integer()
        if value is None or value > 0xFFFF:
            raise self.syntax_error(f"expecting {what}")
        self.advance()
        return value

    def parse_boolean(self) -> bool:
        """`true`, `false`, with or without quotes."""
        if self.token.kind not in ("string", "identifier") or self.token.text not in ("true", "false"):
            raise self.syntax_error("expecting true or false")
        value = self.token.text == "true"
        self.advance()
        return value

    def parse_protocol(self) -> str:
        """tcp, udp or sctp."""
        for protocol in ("tcp", "udp", "sctp"):
            if self.accept_name(protocol):
                return protocol
        raise self.syntax_error("invalid protocol")

    def parse_parameter(self, name: str) -> None:
        """`name =`."""
        if not self.accept_name(name):
            raise self.syntax_error("invalid parameter")
        self.expect("=")

    def accept_address(self, *formats: Format) -> Constant | None:
        """An address without a mask, in one of the formats, if one is next."""
        constant = self.token.constant
        if constant is None or self.token.kind != "integer" or constant.format not in formats:
            return None
        self.advance()
        return constant

    def accept_decimal(self) -> int | None:
        """A decimal number of any size, if one is next."""
        constant = self.token.constant
        if constant is None or self.token.kind != "integer" or constant.format is not Format.DECIMAL:
            return None
        self.advance()
        return constant.value

    def next_table(self, action: str) -> int:
        """The table after this one; some actions may not stand in the last."""
        if self.position.table >= self.position.tables:
            raise self.error(f'"{action}" action not allowed in last table.')
        return self.position.table + 1

    def parse_steps(self, end: str) -> tuple[Step, ...]:
        """All actions up to `end`."""
        raise NotImplementedError
