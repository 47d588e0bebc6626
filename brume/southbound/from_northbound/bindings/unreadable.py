"""What somebody wrote and nobody can read: as with ovn-northd it is passed over, but here it is said.

Elements of address sets are looked at by `sets.py`, with `is_element`; addresses of ports by the facts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.expressions.constants import address_bits
from brume.expressions.errors import ExpressionError
from brume.northbound.schema import DNS, LogicalSwitch
from brume.southbound.ipam import read_switch
from brume.values.address import parse_address

SUBNETS: Final = (("subnet", "an IPv4 network"), ("ipv6_prefix", "an IPv6 prefix of 64 bits"))
REVERSE: Final = ".arpa"
"""How names end that are asked for by address (RFC 1035, 3.5; RFC 3596, 2.5): their values are names."""


def is_element(text: str) -> bool:
    """Whether a match can have this as an element of an address set: an address or a number, perhaps with a mask."""
    try:
        address_bits(text)
    except ExpressionError:
        return False
    return True


@rule(LogicalSwitch)
def unreadable_subnet(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    for name, kind in SUBNETS:
        text = switch.other_config.get(name)
        if text is not None and read_switch({name: text}) is None:
            message = f"other_config:{name} {text!r} is not {kind} to give addresses of"
            yield Problem(table="Logical_Switch", row=switch.uuid, message=message)


@rule(DNS)
def unreadable_record(row: DNS, view: View) -> Iterator[Output]:
    """A name one of whose addresses is none has no answer at all."""
    for name, value in row.records.items():
        words = value.replace(",", " ").split()
        wrong = next((word for word in words if not _is_address(word)), None)
        if not words or (wrong is not None and not name.lower().rstrip(".").endswith(REVERSE)):
            what = f"{wrong!r} is not an address" if words else "there is no address"
            yield Problem(table="DNS", row=row.uuid, message=f"who asks for {name} is not answered: {what}")


def _is_address(text: str) -> bool:
    try:
        parse_address(text)
    except ValueError:
        return False
    return True


RULES = (unreadable_subnet, unreadable_record)
