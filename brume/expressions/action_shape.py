"""Actions of one shape, parsed once.

As with matches, most actions differ from others only in names and addresses: `outport = "lsp17"; output;`. The first
of a shape is parsed with markers in their places, and where the markers end up in the steps tells how to make the
steps of the next. Text that cannot be handled so (a marker is refused, or turns up in more than one place) is parsed
as it is.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from .constants import Constant, Format, format_ipv4, format_ipv6, format_mac, parse_integer, quote, unquote
from .errors import ExpressionError
from .steps import Step

Steps = tuple[Step, ...]
Value = Constant | str
Maker = Callable[[list[Value]], Any]
"""Makes a part of the steps from the values."""

_CONSTANT = re.compile(
    r'("(?:[^"\\]|\\.)*"'
    r"|(?<![\w.:\[/$@])(?:\d+\.\d+\.\d+\.\d+|[0-9A-Fa-f]*:[0-9A-Fa-f:]*)(?![\w.:/\]-]))"
)
_LONGEST_STRING = 40
"""Longer strings may be refused for their length (log names); their text is parsed as it is."""
_MARKERS: dict[Format, tuple[int, Callable[[int], str]]] = {
    Format.IPV4: (0xF1F2F300, format_ipv4),
    Format.IPV6: (0xF1F2F3F4 << 96, format_ipv6),
    Format.ETHERNET: (0xF1F2F3F4F500, format_mac),
}
_MAXIMUM_SLOTS = 100


class ActionShape(msgspec.Struct, frozen=True):
    """The text without its constants, and the constants."""

    key: tuple[str, ...]
    values: list[Value]


def shape_of_actions(text: str) -> ActionShape | None:
    """Take the constants out; None when there are none, or some that are not to be taken out.

    What looks like one inside a comment is taken out too; its marker then is in no step, so the text is parsed as it
    is.
    """
    parts = _CONSTANT.split(text)
    if not 1 < len(parts) < 2 * _MAXIMUM_SLOTS:
        return None
    values: list[Value] = []
    try:
        for position in range(1, len(parts), 2):
            value = _value(parts[position])
            parts[position] = "string" if isinstance(value, str) else value.format.value
            values.append(value)
    except ExpressionError:
        return None
    return ActionShape(tuple(parts), values)


@lru_cache(maxsize=65536)
def _value(constant: str) -> Value:
    if constant[0] != '"':
        return parse_integer(constant)
    if len(constant) > _LONGEST_STRING:
        raise ExpressionError("too long to be taken out")
    return unquote(constant[1:-1])


def marked_text(shape: ActionShape) -> str:
    """The text with markers for constants."""
    parts = list(shape.key)
    for slot, value in enumerate(shape.values):
        parts[2 * slot + 1] = _mark(slot, value)
    return "".join(parts)


def _mark(slot: int, value: Value) -> str:
    if isinstance(value, str):
        return quote(f"\x02{slot}")
    start, form = _MARKERS[value.format]
    return form(start + slot)


def maker_of(steps: Steps, slots: int) -> Maker | None:
    """How to make the steps from values, given those made from markers; None if some marker is not where it was."""
    found: list[int] = []
    maker = _maker(steps, found)
    return maker if sorted(found) == list(range(slots)) else None


def _maker(part: Any, found: list[int]) -> Maker | None:
    """A maker for a part of the steps, None if it holds no marker."""
    slot = _marker(part)
    if slot is not None:
        found.append(slot)
        return lambda values: values[slot]
    if isinstance(part, tuple):
        return _sequence_maker(part, found, tuple)
    if isinstance(part, msgspec.Struct) and not isinstance(part, Constant):
        whole = type(part)
        children = tuple(getattr(part, name) for name in part.__struct_fields__)
        return _sequence_maker(children, found, lambda made: whole(*made))
    return None


def _sequence_maker(children: tuple[Any, ...], found: list[int], join: Callable[[list[Any]], Any]) -> Maker | None:
    makers = [(position, _maker(child, found)) for position, child in enumerate(children)]
    active = [(position, maker) for position, maker in makers if maker is not None]
    if not active:
        return None

    def make(values: list[Value]) -> Any:
        made = list(children)
        for position, maker in active:
            made[position] = maker(values)
        return join(made)

    return make


def _marker(part: Any) -> int | None:
    """The slot whose marker this is."""
    if isinstance(part, str):
        return int(part[1:]) if part.startswith("\x02") else None
    if isinstance(part, Constant) and part.format in _MARKERS and part.mask is None:
        slot = part.value - _MARKERS[part.format][0]
        return slot if 0 <= slot < _MAXIMUM_SLOTS else None
    return None
