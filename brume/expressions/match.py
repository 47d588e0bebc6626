"""Match: what a logical flow matches on, and how small matches are joined into larger ones.

A match *is* its text, exactly as northd writes it; two matches are equal when they print the same. What the text
says (`brume.expressions.expression`) and the OpenFlow matches it stands for (`brume.expressions.translation`) are
worked out when somebody asks, and remembered by the text's shape. So building, comparing and storing a match cost no
more than a short string, and a compiler can build a hundred thousand of them.

Matches are joined here and made of fields in `brume.expressions.fields`; both put in the parentheses and quotes
that are needed and no others.
"""

import re
from functools import lru_cache

from .constants import quote
from .errors import ExpressionError

_ATOM = re.compile(r'!?(?:[A-Za-z_.][\w.]*(?:\[\d+(?:\.\.\d+)?\])?|is_chassis_resident\("(?:[^"\\]|\\.)*"\)|[01])')
_CONNECTIVE = re.compile(r'"(?:[^"\\]|\\.)*"|[(){}]|&&|\|\|')


class Match(str):
    """The text of a match. `Match("...")` takes the text as it is; `parse_match` checks it first."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Match({str(self)!r})"


ALWAYS = Match("1")
NEVER = Match("0")


def all_of(*matches: Match) -> Match:
    """`a && b`; an operand that is an OR gets parentheses. Nothing at all holds always."""
    if len(matches) == 1:
        return matches[0]
    if not matches:
        return ALWAYS
    text = " && ".join(matches)
    if "||" in text:
        text = " && ".join([f"({one})" if connective(one) == "||" else one for one in matches])
    return Match(text)


def any_of(*matches: Match) -> Match:
    """`a || b`; an operand that is an AND gets parentheses. Nothing at all never holds."""
    if len(matches) == 1:
        return matches[0]
    if not matches:
        return NEVER
    text = " || ".join(matches)
    if "&&" in text:
        text = " || ".join([f"({one})" if connective(one) == "&&" else one for one in matches])
    return Match(text)


def group(match: Match) -> Match:
    """The match in parentheses, where northd writes some that are not needed."""
    return Match(f"({match})")


def negate(match: Match) -> Match:
    """`!field`, or `!(...)` when the operand is more than a field or a function."""
    if _ATOM.fullmatch(match):
        return Match(match[1:] if match.startswith("!") else f"!{match}")
    return Match(f"!{match}" if _is_parenthesized(match) else f"!({match})")


def is_chassis_resident(port: str) -> Match:
    """`is_chassis_resident("port")`: the port is bound to the chassis that runs the flow."""
    return Match(f"is_chassis_resident({quote(port)})")


def connective(text: str) -> str:
    """The operator that joins the match's outermost operands: `&&`, `||` or nothing."""
    depth = 0
    for found in _CONNECTIVE.finditer(text):
        token = found.group()
        if token in "({":
            depth += 1
        elif token in ")}":
            depth -= 1
        elif depth == 0 and token[0] != '"':
            return token
    return ""


def _is_parenthesized(text: str) -> bool:
    """Whether one pair of parentheses is around the whole text."""
    if not text.startswith("("):
        return False
    depth = 0
    for found in _CONNECTIVE.finditer(text):
        token = found.group()
        if token in "({":
            depth += 1
        elif token in ")}":
            depth -= 1
            if depth == 0:
                return found.end() == len(text)
    return False


@lru_cache(maxsize=16384)
def parse_match(text: str) -> Match:
    """The match, after checking that OVN would accept it; sets and groups may have any name."""
    from .translation import check

    check(text)
    return Match(text)


def is_valid(text: str) -> bool:
    """Whether OVN would accept the text as a match."""
    try:
        parse_match(text)
    except ExpressionError:
        return False
    return True
