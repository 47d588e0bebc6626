"""The shape of a match: its text with the names and addresses taken out.

A hundred thousand logical flows have a few hundred shapes. What a shape means is worked out once (`plan`); a match
then only brings its constants. Taken out are strings, addresses, references to sets, and sets of these in braces:
they become *slots*. Plain numbers stay, since what they mean (a bit, a port range, a protocol) decides the structure.

Taking apart is done by a pattern, not by the lexer, for speed. It may be wrong about odd text (comments, braces in a
string); a shape is used only if its slots turn out to be whole constants in their places, else the match is
translated the long way.
"""

import re

import msgspec

from .errors import ExpressionError
from .expression import Expression, Residence
from .parser import Element, Parser, Slot
from .simplification import NotLinear
from .symbols import Symbols

_CONSTANT = re.compile(
    r"(\{[^{}]*[:.\"$@][^{}]*\}"
    r'|"(?:[^"\\]|\\.)*"'
    r"|[$@][A-Za-z_.][\w.]*"
    r"|(?<![\w.:\[])(?:[0-9A-Fa-f]*:[0-9A-Fa-f:.]+|\d+\.\d+\.\d+\.\d+)(?:/[0-9A-Fa-f:.]+)?)"
)
NUMBER, STRING, NUMBERS, STRINGS, ADDRESS_SET, PORT_GROUP = "n", '"', "{", "[", "$", "@"
_STRINGS_INSIDE = re.compile(r'["@]')


class Shape(msgspec.Struct, frozen=True):
    """A text without its constants: a key to look up, and the constants in order with their kinds."""

    key: str
    kinds: str
    constants: tuple[str, ...]


def shape_of(text: str, keep_numbers: bool = False) -> Shape:
    """Take the constants out of a match, or all but the numbers."""
    parts = _CONSTANT.split(text)
    if keep_numbers:
        parts = _put_numbers_back(parts)
    constants = tuple(parts[1::2])
    kinds = "".join([kind_of(constant) for constant in constants])
    return Shape("\0".join(parts[::2]) + "\1" + kinds, kinds, constants)


def _put_numbers_back(parts: list[str]) -> list[str]:
    kept = [parts[0]]
    for constant, literal in zip(parts[1::2], parts[2::2], strict=True):
        kind = kind_of(constant)
        if kind == NUMBER or (kind == NUMBERS and "$" not in constant):
            kept[-1] += constant + literal
        else:
            kept += [constant, literal]
    return kept


def kind_of(constant: str) -> str:
    """The kind of a constant: NUMBER, STRING, NUMBERS, STRINGS, ADDRESS_SET or PORT_GROUP."""
    first = constant[0]
    if first == "{":
        return STRINGS if _STRINGS_INSIDE.search(constant) else NUMBERS
    return first if first in '"$@' else NUMBER


class ShapeParser(Parser):
    """A parser for text in which slot number 3 is written `$_3` (numbers) or `@_3` (strings)."""

    def __init__(self, source: str, symbols: Symbols, kinds: str) -> None:
        super().__init__(source, symbols, self)
        self.kinds = kinds

    def address_set_elements(self, name: str) -> list[Element] | None:
        return self._slot(name, False)

    def port_group_elements(self, name: str) -> list[Element] | None:
        return self._slot(name, True)

    def _slot(self, name: str, is_string: bool) -> list[Element]:
        number = int(name[1:])
        return [Slot(number, self.kinds[number] not in (NUMBER, STRING), is_string)]

    def _parse_function(self) -> Expression:
        if not self.accept_name("is_chassis_resident"):
            raise self.error("parsing function name")
        self.advance()
        number = int(self.token.text[1:]) if self.token.kind == "port group" else -1
        if number < 0 or self.kinds[number] != STRING:
            raise NotLinear
        self.advance()
        self.expect(")")
        return Residence("", False, number)


def parse_shape(shape: Shape, symbols: Symbols) -> Expression:
    """The shape's expression, with slots in place of constants; `NotLinear` if it has none."""
    literals = shape.key.partition("\1")[0].split("\0")
    if any("/*" in literal or "//" in literal or "$" in literal or "@" in literal for literal in literals):
        raise NotLinear
    text = literals[0]
    for number, literal in enumerate(literals[1:]):
        sigil = "@" if shape.kinds[number] in (STRING, STRINGS, PORT_GROUP) else "$"
        text += f" {sigil}_{number} {literal}"
    parser = ShapeParser(text, symbols, shape.kinds)
    try:
        expression = parser.parse_expression()
        parser.expect_end()
    except ExpressionError:
        raise NotLinear from None
    return expression
