"""How the value of one field is written, as ovs-ofctl writes it, and read back.

Two habits of ovs-ofctl meet here. In actions (`set_field:VALUE->name`) every field is written by its form
(`format_value`). In matches some fields are written differently (`match_text.py` says which).
"""

from __future__ import annotations

import socket
from typing import Final

from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.fields import Field, Form
from brume.openflow.messages.ports import PortNames, format_port, parse_port

CT_STATE_NAMES: Final = ("new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat")  # lowest bit first
TCP_FLAG_NAMES: Final = (
    "fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns", "[200]", "[400]", "[800]",
)  # fmt: skip
TUNNEL_FLAG_NAMES: Final = ("oam",)
_FRAGMENT_VALUES: Final = {"no": (0, 3), "yes": (1, 1), "first": (1, 3), "later": (3, 3), "not_later": (0, 2)}
_FLAGS: Final = {
    Form.CT_STATE: CT_STATE_NAMES,
    Form.TCP_FLAGS: TCP_FLAG_NAMES,
    Form.TUNNEL_FLAGS: TUNNEL_FLAG_NAMES,
}


def format_ipv4(value: int, mask: int = 0xFFFFFFFF) -> str:
    text = f"{value >> 24}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}"
    if mask == 0xFFFFFFFF:
        return text
    length = _prefix_length(mask, 32)
    return f"{text}/{format_ipv4(mask)}" if length is None else f"{text}/{length}"


def format_ipv6(value: int, mask: int = (1 << 128) - 1) -> str:
    text = socket.inet_ntop(socket.AF_INET6, value.to_bytes(16, "big"))
    if mask == (1 << 128) - 1:
        return text
    length = _prefix_length(mask, 128)
    return f"{text}/{format_ipv6(mask)}" if length is None else f"{text}/{length}"


def format_mac(value: int, mask: int = (1 << 48) - 1) -> str:
    text = value.to_bytes(6, "big").hex(":")
    return text if mask == (1 << 48) - 1 else f"{text}/{mask.to_bytes(6, 'big').hex(':')}"


def _prefix_length(mask: int, bits: int) -> int | None:
    length = mask.bit_count()
    return length if mask == ((1 << length) - 1) << (bits - length) else None


def format_hex(value: int) -> str:
    """C's %#x: zero has no 0x."""
    return f"{value:#x}" if value else "0"


def format_flags(names: tuple[str, ...], value: int, mask: int, every: int) -> str:
    """`+new-est+trk`; `new|trk` when every flag is looked at."""
    if mask == every:
        return "|".join(name for i, name in enumerate(names) if value >> i & 1) or "0"
    return "".join(("+" if value >> i & 1 else "-") + name for i, name in enumerate(names) if mask >> i & 1)


def format_value(field: Field, value: int, mask: int | None = None, names: PortNames | None = None) -> str:
    """The value as in `set_field:`; `mask` None or all ones leaves the mask out."""
    if mask is None or mask == field.ones:
        mask = field.ones
    form = field.form
    if form is Form.ETHERNET:
        return format_mac(value, mask)
    if form is Form.IPV4:
        return format_ipv4(value, mask)
    if form is Form.IPV6:
        return format_ipv6(value, mask)
    if form is Form.PORT and mask == field.ones:
        return format_port(value, names)
    if form in _FLAGS:
        return format_flags(_FLAGS[form], value, mask, field.ones)
    if form is Form.FRAGMENT:
        return next((word for word, known in _FRAGMENT_VALUES.items() if known == (value, mask)), "<error>")
    text = format_hex(value) if form is Form.HEXADECIMAL else str(value)
    return text if mask == field.ones else f"{text}/{format_hex(mask)}"


def parse_value(field: Field, text: str, names: PortNames | None = None) -> tuple[int, int]:
    """The (value, mask) some text means for this field; value bits outside the mask are cleared."""
    if text in ("*", "ANY") and field.form is not Form.PORT:
        return 0, 0
    value, mask = _parse(field, text, names)
    if value & ~field.ones:
        raise OpenFlowError(f"{text} is not a valid value for field {field.name}")
    return value & mask & field.ones, mask & field.ones


def _parse(field: Field, text: str, names: PortNames | None) -> tuple[int, int]:
    form = field.form
    if form is Form.PORT and not text.startswith("0x"):
        return parse_port(text, names), field.ones
    if form in _FLAGS and not text[:1].isdigit():
        return _parse_flags(field, _FLAGS[form], text)
    if form is Form.FRAGMENT and text in _FRAGMENT_VALUES:
        return _FRAGMENT_VALUES[text]
    head, slash, tail = text.partition("/")
    value = _parse_one(field, head)
    if not slash:
        return value, field.ones
    if form in (Form.IPV4, Form.IPV6) and tail.isdecimal():
        length, bits = int(tail), field.width
        if length > bits:
            raise OpenFlowError(f"{text}: prefix longer than {bits} bits")
        return value, ((1 << length) - 1) << (bits - length)
    return value, _parse_one(field, tail)


def _parse_one(field: Field, text: str) -> int:
    try:
        if field.form is Form.ETHERNET and ":" in text:
            return parse_mac(text)
        if field.form is Form.IPV4 and "." in text:
            return int.from_bytes(socket.inet_aton(text), "big")
        if field.form is Form.IPV6 and ":" in text:
            return int.from_bytes(socket.inet_pton(socket.AF_INET6, text), "big")
        return int(text, 0)
    except (ValueError, OSError):
        raise OpenFlowError(f"{text}: not a value for {field.name}") from None


def parse_mac(text: str) -> int:
    octets = text.split(":")
    if len(octets) != 6 or not all(1 <= len(o) <= 2 for o in octets):
        raise ValueError(text)
    return int.from_bytes(bytes(int(o, 16) for o in octets), "big")


def _parse_flags(field: Field, flags: tuple[str, ...], text: str) -> tuple[int, int]:
    value = mask = 0
    if text[0] in "+-":
        for part in text.replace("+", " +").replace("-", " -").split():
            bit = _flag(field, flags, part[1:])
            mask |= bit
            value |= bit if part[0] == "+" else 0
        return value, mask
    for part in text.split("|"):
        value |= _flag(field, flags, part)
    return value, field.ones


def _flag(field: Field, flags: tuple[str, ...], name: str) -> int:
    if name not in flags:
        raise OpenFlowError(f"{name}: unknown {field.name} flag")
    return 1 << flags.index(name)
