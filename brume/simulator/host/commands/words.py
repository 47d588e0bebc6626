"""Words: reading a command line as getopt does, and numbers and addresses in it.

Rule: what is wrong raises UsageError with the words the real tool uses.
"""

from __future__ import annotations

from getopt import GetoptError, gnu_getopt

from brume.simulator.host.console import UsageError
from brume.values import IpAddress, parse_address


def options(argv: list[str], letters: str) -> tuple[dict[str, str], list[str]]:
    """Options by letter (flags have an empty text), and what is left; `letters` as for getopt."""
    try:
        found, rest = gnu_getopt(argv[1:], letters)
    except GetoptError as error:
        if "requires argument" in error.msg:
            raise UsageError(f"{argv[0]}: option requires an argument -- '{error.opt}'") from None
        raise UsageError(f"{argv[0]}: invalid option -- '{error.opt}'") from None
    return {option[1:]: value for option, value in found}, rest


def number(tool: str, text: str, least: float, most: float) -> float:
    """A number within bounds."""
    try:
        value = float(text)
    except ValueError:
        raise UsageError(f"{tool}: invalid argument: '{text}'", 1) from None
    if not least <= value <= most:
        raise UsageError(f"{tool}: invalid argument: '{text}': out of range: {least:g} <= value <= {most:g}", 1)
    return value


def whole_number(tool: str, text: str, least: int, most: int) -> int:
    """A whole number within bounds."""
    if not text.lstrip("-").isdecimal():
        raise UsageError(f"{tool}: invalid argument: '{text}'", 1)
    return int(number(tool, text, least, most))


def address(tool: str, text: str, exit_code: int = 2) -> IpAddress:
    """An address; a simulated host resolves no names."""
    try:
        return parse_address(text)
    except ValueError:
        raise UsageError(f"{tool}: {text}: Name or service not known", exit_code) from None
