"""A match to OpenFlow matches: the way through all the steps."""

from functools import lru_cache

import msgspec

from .annotation import annotate
from .conversion import to_flow_matches
from .expression import Expression
from .flow_match import FlowMatch
from .logical_fields import logical_fields
from .lookups import LookedUpSets, Lookups
from .normal_form import normalize
from .parser import Element, Sets, Slot, parse_expression
from .simplification import settle_residence, simplify


class Translation(msgspec.Struct, frozen=True):
    """What a match stands for; no flows at all when it never matches here."""

    flows: tuple[FlowMatch, ...]
    conjunctions: int = 0
    """How many conjunction ids the flows use: 1 to this number."""


class _AnySets:
    """Sets whose elements are not known yet, so every name exists."""

    def address_set_elements(self, name: str) -> list[Element] | None:
        return [Slot(0, True, False)]

    def port_group_elements(self, name: str) -> list[Element] | None:
        return [Slot(0, True, True)]


_ANY_SETS: Sets = _AnySets()


@lru_cache(maxsize=4096)
def check(text: str) -> Expression:
    """The match's expression; `ExpressionError` if OVN would reject the text."""
    symbols = logical_fields()
    expression = parse_expression(text, symbols, _ANY_SETS)
    annotate(expression, symbols)
    return expression


def expand(text: str, lookups: Lookups) -> Expression:
    """The match in normal form, with every set, group and residence looked up."""
    symbols = logical_fields()
    expression = parse_expression(text, symbols, LookedUpSets(lookups))
    expression = simplify(annotate(expression, symbols))
    return normalize(settle_residence(expression, lookups.is_chassis_resident))


def translate(text: str, lookups: Lookups) -> Translation:
    """The OpenFlow matches of a match, for one datapath on one chassis."""
    flows = to_flow_matches(expand(text, lookups), lookups.port)
    conjunctions = sum(1 for flow in flows if any(name == "conj_id" for name, _, _ in flow.fields))
    return Translation(tuple(flows), conjunctions)
