"""OpenFlow port numbers with meanings of their own, and how a port is written.

Numbers are OpenFlow 1.0's 16 bits, as Open vSwitch keeps them; 1.1 and later put 0xffff0000 before the reserved ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from brume.openflow.messages.errors import OpenFlowError

MAX: Final = 0xFF00  # first number no ordinary port has
UNSET: Final = 0xFFF7
IN_PORT: Final = 0xFFF8
TABLE: Final = 0xFFF9
NORMAL: Final = 0xFFFA
FLOOD: Final = 0xFFFB
ALL: Final = 0xFFFC
CONTROLLER: Final = 0xFFFD
LOCAL: Final = 0xFFFE
NONE: Final = 0xFFFF

RESERVED: Final[dict[int, str]] = {
    UNSET: "UNSET",
    IN_PORT: "IN_PORT",
    TABLE: "TABLE",
    NORMAL: "NORMAL",
    FLOOD: "FLOOD",
    ALL: "ALL",
    CONTROLLER: "CONTROLLER",
    LOCAL: "LOCAL",
    NONE: "ANY",
}
_NUMBERS: Final[dict[str, int]] = {name: number for number, name in RESERVED.items()} | {"NONE": NONE}

PortNames = Mapping[int, str]


def quote_name(name: str) -> str:
    """A port's or table's name as ovs-ofctl writes it: quoted unless it is letters and digits only."""
    plain = name[:1].isascii() and name[:1].isalpha() and name.isascii() and name.isalnum()
    return name if plain else json.dumps(name)


def format_port(number: int, names: PortNames | None = None) -> str:
    """`3`, `LOCAL`, or `"p-a"` when names are given."""
    if number in RESERVED:
        return RESERVED[number]
    if names is not None and number in names:
        return quote_name(names[number])
    return str(number)


def parse_port(text: str, names: PortNames | None = None) -> int:
    """The number of a port written in any of the ways format_port writes it."""
    if text.isdecimal():
        return int(text) & 0xFFFF  # 1.1's reserved numbers shrink to 1.0's
    upper = text.upper()
    if upper in _NUMBERS:
        return _NUMBERS[upper]
    name = json.loads(text) if text.startswith('"') else text
    for number, known in (names or {}).items():
        if known == name:
            return number
    raise OpenFlowError(f"{text}: unknown port")


def to_wire(number: int) -> int:
    """OpenFlow 1.1+ 32-bit form."""
    return number | 0xFFFF0000 if number >= MAX else number


def from_wire(number: int) -> int:
    """Back from the 32-bit form."""
    if number < MAX:
        return number
    if number >= 0xFFFF0000 + MAX:
        return number & 0xFFFF
    raise OpenFlowError(f"port {number:#x} is outside the supported range")
