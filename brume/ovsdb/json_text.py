"""JSON as ovsdb-server prints it inside messages: one line, sorted members, numbers of 15 digits.

Not for the wire: there any JSON printer will do.
"""

from __future__ import annotations

import json
from typing import Any


def print_json(value: Any) -> str:
    """The text of a JSON value."""
    if isinstance(value, dict):
        members = (f"{print_string(name)}:{print_json(value[name])}" for name in sorted(value))
        return "{" + ",".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(print_json(item) for item in value) + "]"
    if isinstance(value, str):
        return print_string(value)
    number = whole(value)
    return print_real(number) if isinstance(number, float) else json.dumps(number)


def print_string(text: str) -> str:
    """A JSON string; what is not ASCII stays as it is."""
    return json.dumps(text, ensure_ascii=False)


def print_real(number: float) -> str:
    """A number with at most 15 significant digits, without a point where none is needed."""
    return f"{number:.15g}" if number else "0"


def whole(number: Any) -> Any:
    """A JSON number as OVSDB reads it: 5.0 and 1e3 are integers, and an integer of more than 64 bits is not one."""
    if isinstance(number, float) and number.is_integer() and abs(number) < 2**63:
        return int(number)
    if isinstance(number, int) and not isinstance(number, bool) and not -(2**63) <= number < 2**63:
        return float(number)
    return number
