"""Constants of the language: numbers, addresses and strings, from text to value and back.

A constant is a whole number of up to 128 bytes, perhaps with a mask, and remembers the format it was written
in (decimal, hexadecimal, IPv4, IPv6, Ethernet), because OVN prints it back in that format. Strings are written
as JSON strings. Nothing here knows fields or operators.
"""

import re
import socket
from enum import Enum
from functools import lru_cache

import msgspec

from .errors import ExpressionError

MAXIMUM_CONSTANT_BITS = 1024
"""Width of the widest hexadecimal constant (the size of Open vSwitch's mf_subvalue)."""

_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")
_IPV4 = re.compile(r"(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})")
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]*")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_ESCAPED = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Format(Enum):
    """How a number was written."""

    DECIMAL = "decimal"
    HEXADECIMAL = "hexadecimal"
    IPV4 = "IPv4"
    IPV6 = "IPv6"
    ETHERNET = "Ethernet"


FORMAT_BITS = {
    Format.DECIMAL: 64,
    Format.HEXADECIMAL: MAXIMUM_CONSTANT_BITS,
    Format.IPV4: 32,
    Format.IPV6: 128,
    Format.ETHERNET: 48,
}


class Constant(msgspec.Struct, frozen=True):
    """A number with the format it was written in; `mask` is None for a constant without a mask."""

    value: int
    mask: int | None = None
    format: Format = Format.DECIMAL

    @property
    def width(self) -> int:
        """The least number of bits a field must have to hold this constant."""
        if self.mask is not None:
            return self.mask.bit_length()
        if self.format in (Format.DECIMAL, Format.HEXADECIMAL):
            return self.value.bit_length()
        return FORMAT_BITS[self.format]

    def __str__(self) -> str:
        return format_constant(self)


def parse_integer(text: str) -> Constant:
    """One number without a mask."""
    if not text:
        raise ExpressionError("Integer constant expected.")
    if len(text) == 17 and _MAC.fullmatch(text):
        return Constant(int(text.replace(":", ""), 16), None, Format.ETHERNET)
    if text.isdecimal():
        return _parse_decimal(text)
    if text[0] == "0" and text[1] in "xX":
        return _parse_hexadecimal(text)
    if len(text) < 46:
        address = _parse_address(text)
        if address is not None:
            return address
    raise ExpressionError("Invalid numeric constant.")


def _parse_decimal(text: str) -> Constant:
    if text[0] == "0" and len(text) > 1:
        raise ExpressionError("Decimal constants must not have leading zeros.")
    value = int(text) if len(text) <= 20 else 1 << 64
    if value >= 1 << 64:
        raise ExpressionError("Decimal constants must be less than 2**64.")
    return Constant(value)


def _parse_hexadecimal(text: str) -> Constant:
    digits = text[2:]
    if not digits:
        raise ExpressionError(f"Hex digits expected following 0{text[1]}.")
    if not _HEXADECIMAL.fullmatch(digits):
        raise ExpressionError("Invalid syntax in hexadecimal constant.")
    value = int(digits, 16)
    if value.bit_length() > MAXIMUM_CONSTANT_BITS:
        raise ExpressionError(f"Hexadecimal constant requires more than {MAXIMUM_CONSTANT_BITS} bits.")
    return Constant(value, None, Format.HEXADECIMAL)


def _parse_address(text: str) -> Constant | None:
    four = _IPV4.fullmatch(text)
    if four:
        first, second, third, fourth = (int(part) for part in four.groups())
        if max(first, second, third, fourth) < 256:
            return Constant(first << 24 | second << 16 | third << 8 | fourth, None, Format.IPV4)
    if ":" in text:
        try:
            return Constant(int.from_bytes(socket.inet_pton(socket.AF_INET6, text), "big"), None, Format.IPV6)
        except OSError:
            return None
    return None


def parse_mask(constant: Constant, text: str) -> Constant:
    """The constant with the mask that `text` (what follows the slash) describes."""
    written = parse_integer(text)
    shape = constant.format
    if written.format == constant.format:
        mask = written.value
    elif constant.format is Format.IPV4 and written.format is Format.DECIMAL and written.value <= 32:
        mask = prefix_mask(written.value, 32)
    elif constant.format is Format.IPV6 and written.format is Format.DECIMAL and written.value <= 128:
        mask = prefix_mask(written.value, 128)
    elif constant.value == 0 and (constant.format, written.format) == (Format.DECIMAL, Format.HEXADECIMAL):
        shape, mask = Format.HEXADECIMAL, written.value
    else:
        raise ExpressionError("Value and mask have incompatible formats.")
    return Constant(constant.value & mask, mask, shape)


def parse_constant(text: str) -> Constant:
    """One whole number, with or without a mask, and nothing else."""
    value, slash, mask = text.partition("/")
    constant = parse_integer(value)
    return parse_mask(constant, mask) if slash else constant


@lru_cache(maxsize=65536)
def address_bits(text: str) -> tuple[int, int | None, int]:
    """Value, mask and least width of a numeric constant: what a translation needs, remembered by text."""
    constant = parse_constant(text)
    return constant.value, constant.mask, constant.width


def prefix_mask(length: int, bits: int) -> int:
    """A mask of `bits` bits whose first `length` are ones."""
    return ((1 << length) - 1) << (bits - length)


def prefix_length(mask: int, bits: int) -> int | None:
    """The length of the prefix a mask stands for, or None when its ones are not contiguous from the top."""
    zeros = ~mask & ((1 << bits) - 1)
    return None if zeros & (zeros + 1) else bits - zeros.bit_length()


def format_hexadecimal(value: int) -> str:
    """A number as Open vSwitch prints a subvalue: hexadecimal, but plain 0 for zero."""
    return f"0x{value:x}" if value else "0"


def format_mac(value: int) -> str:
    """An Ethernet address, six pairs of lower-case digits."""
    digits = f"{value:012x}"
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def format_ipv4(value: int) -> str:
    """An IPv4 address in dotted decimal."""
    return f"{value >> 24 & 255}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}"


def format_ipv6(value: int) -> str:
    """An IPv6 address as the C library prints it (RFC 5952)."""
    return socket.inet_ntop(socket.AF_INET6, value.to_bytes(16, "big"))


def _format_number(value: int, shape: Format) -> str:
    if shape is Format.DECIMAL:
        return str(value)
    if shape is Format.IPV4:
        return format_ipv4(value)
    if shape is Format.IPV6:
        return format_ipv6(value)
    if shape is Format.ETHERNET:
        return format_mac(value)
    return format_hexadecimal(value)


def format_constant(constant: Constant) -> str:
    """A constant in its own format; hexadecimal when the number is too wide for that format."""
    widest = max(constant.value, constant.mask or 0)
    shape = constant.format
    if widest.bit_length() > FORMAT_BITS[shape]:
        shape = Format.HEXADECIMAL
    value = _format_number(constant.value, shape)
    if constant.mask is None:
        return value
    if shape in (Format.IPV4, Format.IPV6):
        length = prefix_length(constant.mask, FORMAT_BITS[shape])
        if length is not None:
            return f"{value}/{length}"
    return f"{value}/{_format_number(constant.mask, shape)}"


def quote(text: str) -> str:
    """A string as the language writes it: a JSON string."""
    if _PLAIN.fullmatch(text):
        return f'"{text}"'
    return '"' + "".join(_ESCAPED.get(c) or (c if c >= " " else f"\\u{ord(c):04x}") for c in text) + '"'


def unquote(body: str) -> str:
    """The string between the quotes `body` was found in; escapes are JSON's."""
    if "\\" not in body:
        return body
    parts: list[str] = []
    at = 0
    while at < len(body):
        if body[at] != "\\":
            parts.append(body[at])
            at += 1
            continue
        escape = body[at + 1 : at + 2]
        if escape == "u":
            character, at = _unicode_escape(body, at + 2)
            parts.append(character)
        elif escape in _ESCAPES and escape:
            parts.append(_ESCAPES[escape])
            at += 2
        else:
            raise ExpressionError(f"bad escape \\{escape}" if escape else "quoted string may not end with backslash")
    return "".join(parts)


def _unicode_escape(body: str, at: int) -> tuple[str, int]:
    code, at = _four_digits(body, at)
    if code == 0:
        raise ExpressionError("null bytes not supported in quoted strings")
    if 0xD800 <= code < 0xDC00:
        if body[at : at + 2] != "\\u":
            raise ExpressionError("malformed escaped surrogate pair")
        low, at = _four_digits(body, at + 2)
        if not 0xDC00 <= low < 0xE000:
            raise ExpressionError("second half of escaped surrogate pair is not trailing surrogate")
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
    return chr(code), at


def _four_digits(body: str, at: int) -> tuple[int, int]:
    digits = body[at : at + 4]
    if len(digits) < 4:
        raise ExpressionError("quoted string ends within \\u escape")
    if not _HEXADECIMAL.fullmatch(digits):
        raise ExpressionError("malformed \\u escape")
    return int(digits, 16), at + 4


def parse_masked_mac(text: str) -> tuple[int, int]:
    """An Ethernet address with an optional `/prefix` or `/mask`: (address, mask). The mask must be contiguous."""
    address, slash, mask = text.partition("/")
    if not _MAC.fullmatch(address):
        raise ExpressionError(f"{text}: invalid Ethernet address")
    if not slash:
        bits = prefix_mask(48, 48)
    elif _MAC.fullmatch(mask):
        bits = int(mask.replace(":", ""), 16)
    elif mask.isdecimal() and int(mask) <= 48:
        bits = prefix_mask(int(mask), 48)
    else:
        raise ExpressionError(f"{text}: invalid Ethernet mask")
    if prefix_length(bits, 48) is None:
        raise ExpressionError(f"{text}: the mask is not contiguous")
    return int(address.replace(":", ""), 16), bits
