"""Text to tokens.

The rules are those of OVN's lexer: identifiers may contain dots, an Ethernet or IPv6 address is told from an
identifier by the colon after its first hexadecimal digits, comments are C's. A mistake becomes an error token, so
that the parser can say where it was; nothing here raises.
"""

import re
from collections.abc import Iterator

import msgspec

from .constants import Constant, format_constant, parse_integer, parse_mask, quote, unquote
from .errors import ExpressionError

_SPACE = re.compile(r"(?:[ \t\n\r\v\f]|//[^\n]*|/\*(?:(?!\*/)[^\n])*\*/)*")
_IDENTIFIER = re.compile(r"[A-Za-z_.][A-Za-z_.0-9]*")
_ADDRESS_START = re.compile(r"[0-9a-fA-F]*:")
# "123..456" is three tokens, and "1.2.3.4:80" too: no two dots in a row, no colon after a dot.
_NUMBER = re.compile(r"[A-Za-z0-9:]*(?:\.(?!\.)[A-Za-z0-9]*)*")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_PUNCTUATION = re.compile(r"==|!=|<->|<=|>=|&&|\|\||\.\.|--|[(){}\[\]<>!,;=:-]")
_SIGILS = {"$": "address set", "@": "port group", "^": "template"}
_ALONE = {
    "&": "`&' is only valid as part of `&&'.",
    "|": "`|' is only valid as part of `||'.",
    ".": "`.' is only valid as part of `..' or a number.",
}


class Token(msgspec.Struct, frozen=True):
    """One token.

    `kind` is the punctuation itself, or one of: identifier, string, integer, masked integer, address set,
    port group, template, error, end. `text` is the name, the string's contents or the error's message; `constant`
    is set for numbers. `start` and `stop` delimit it in the input.
    """

    kind: str
    text: str
    start: int
    stop: int
    constant: Constant | None = None

    def __str__(self) -> str:
        return format_token(self)


def next_token(source: str, position: int) -> Token:
    """The token that starts at or after `position`."""
    space = _SPACE.match(source, position)
    start = space.end() if space else position
    if start >= len(source):
        return Token("end", "", start, start)
    character = source[start]
    if character == '"':
        return _string(source, start)
    if character in _SIGILS:
        return _reference(source, start, _SIGILS[character])
    if character.isascii() and (character.isalnum() or character in "_.:"):
        found = _word(source, start)
        if found is not None:
            return found
    punctuation = _PUNCTUATION.match(source, start)
    if punctuation:
        return Token(punctuation.group(), punctuation.group(), start, punctuation.end())
    return _mistake(source, start)


def _word(source: str, start: int) -> Token | None:
    """A number, an address or an identifier, if one begins here."""
    character = source[start]
    if character.isdecimal() or source.startswith("::", start):
        return _number(source, start)
    if character in "abcdefABCDEF" and _ADDRESS_START.match(source, start):
        return _number(source, start)
    if character in ".:":  # a name may hold dots but a leading one is punctuation
        return None
    identifier = _IDENTIFIER.match(source, start)
    return Token("identifier", identifier.group(), start, identifier.end()) if identifier else None


def _number(source: str, start: int) -> Token:
    extent = _NUMBER.match(source, start)
    stop = extent.end() if extent else start
    try:
        constant = parse_integer(source[start:stop])
        kind = "integer"
        if source.startswith("/", stop):
            extent = _NUMBER.match(source, stop + 1)
            mask_start, stop = stop + 1, extent.end() if extent else stop + 1
            constant = parse_mask(constant, source[mask_start:stop])
            kind = "masked integer"
    except ExpressionError as error:
        return Token("error", str(error), start, stop)
    return Token(kind, source[start:stop], start, stop, constant)


def _string(source: str, start: int) -> Token:
    found = _STRING.match(source, start)
    if not found:
        return Token("error", "Input ends inside quoted string.", start, len(source))
    try:
        return Token("string", unquote(found.group(1)), start, found.end())
    except ExpressionError as error:
        return Token("error", str(error), start, found.end())


def _reference(source: str, start: int, kind: str) -> Token:
    name = _IDENTIFIER.match(source, start + 1)
    if not name:
        return Token("error", f"`{source[start]}' must be followed by a valid identifier.", start, start + 1)
    return Token(kind, name.group(), start, name.end())


def _mistake(source: str, start: int) -> Token:
    character = source[start]
    if character == "/":
        if source.startswith("/*", start):
            newline = source.find("\n", start)
            stop = newline if newline >= 0 else len(source)
            return Token("error", "`/*' without matching `*/'.", start, stop)
        message = "`/' is only valid as part of `//' or `/*'."
    elif character in _ALONE:
        message = _ALONE[character]
    elif " " <= character <= "~":
        message = f"Invalid character `{character}' in input."
    else:
        message = f"Invalid byte 0x{character.encode()[0]} in input."
    return Token("error", message, start, start + 1)


def tokens(source: str) -> Iterator[Token]:
    """All tokens of the text, without the end."""
    position = 0
    while True:
        token = next_token(source, position)
        if token.kind == "end":
            return
        yield token
        position = token.stop


def format_token(token: Token) -> str:
    """The token as OVN prints it."""
    if token.constant is not None:
        return format_constant(token.constant)
    if token.kind == "string":
        return quote(token.text)
    if token.kind == "error":
        return f"error({quote(token.text)})"
    for sigil, kind in _SIGILS.items():
        if token.kind == kind:
            return sigil + token.text
    return "$" if token.kind == "end" else token.text
