"""A match to OpenFlow matches.

    translate(match, lookups)                     every set is written out: one flow or clause per element
    translate(match, lookups, open_sets="$@")     `field == $set` and `inport == @group` stay open ("$", "@": one kind)

The elements of an open set are not looked up at all. Where the set may stay open the result has a
`SetTemplate`: the flow that one element adds is `template.flow(element, lookups)`, whatever else is in the set, so an
element that comes or goes costs one flow. Where it may not (the same field is constrained elsewhere in the conjunct,
or the comparison is negated) every set of the match is written out and named in `expanded`: translate again when one
of those changes.

How sets that are open differ from written-out ones: the clause of an open set is a clause of a conjunction even while
the set has fewer than two elements; an element contained in another one still has its flow; an element that does not
fit the field has none (OVN rejects the whole match); a set that does not exist is an empty one.
"""

from functools import lru_cache

import msgspec

from .annotation import annotate
from .conversion import to_flow_matches
from .expression import And, Expression, combine
from .filling import fill
from .flow_match import FlowMatch
from .logical_fields import logical_fields
from .lookups import LookedUpSets, Lookups
from .normal_form import normalize
from .parser import Element, Sets, Slot, parse_expression
from .plan import Plan, make_plan, slot_roles
from .shape import Shape, parse_shape, shape_of
from .simplification import NotLinear, settle_residence, simplify
from .slots import Unfit, look_up, references_in
from .template import SetReference, SetTemplate

_PLANS_KEPT = 20_000


class Translation(msgspec.Struct, frozen=True):
    """What a match stands for; no flows and no templates at all when it never matches here."""

    flows: tuple[FlowMatch, ...]
    conjunctions: int = 0
    """How many conjunction ids the flows and templates use: 1 to this number."""
    templates: tuple[SetTemplate, ...] = ()
    expanded: tuple[SetReference, ...] = ()
    """Sets that were asked to stay open and could not."""


class _KnownShape:
    """A shape met before: its expression, what its slots are for, and its plans by outcome."""

    __slots__ = ("expression", "plans", "roles", "whole")

    def __init__(self, expression: Expression) -> None:
        self.expression = expression
        found = slot_roles(expression)
        self.roles = tuple(found[number] for number in range(len(found)))
        self.plans: dict[tuple[int, ...], Plan | None] = {}
        self.whole: Translation | None = None
        """The translation itself, of a shape without slots."""


_known: dict[tuple[str, Expression | None], _KnownShape | None] = {}


def translate(
    match: str, lookups: Lookups, prerequisites: Expression | None = None, open_sets: str = ""
) -> Translation:
    """The OpenFlow matches of a match (and of its actions' prerequisites), for one datapath on one chassis."""
    shape = shape_of(match)
    translation = _short_way(shape, lookups, prerequisites, open_sets)
    if translation is not None:
        return translation
    references = references_in(shape)
    if references:
        # A number decides the structure (a range, a negation): take it as it is, but leave the sets open.
        translation = _short_way(shape_of(match, True), lookups, prerequisites, open_sets)
        if translation is not None:
            return translation
    flows = to_flow_matches(expand(match, lookups, prerequisites), lookups.port)
    conjunctions = sum(1 for flow in flows if any(name == "conj_id" for name, _, _ in flow.fields))
    return Translation(tuple(flows), conjunctions, (), tuple(one for one in references if one.sigil in open_sets))


def expand(match: str, lookups: Lookups, prerequisites: Expression | None = None) -> Expression:
    """The match in normal form, with every set, group and residence looked up."""
    symbols = logical_fields()
    expression = parse_expression(match, symbols, LookedUpSets(lookups))
    if prerequisites is not None:
        expression = combine(And, expression, prerequisites)
    expression = simplify(annotate(expression, symbols))
    return normalize(settle_residence(expression, lambda residence: lookups.is_chassis_resident(residence.port)))


def _known_shape(shape: Shape, prerequisites: Expression | None) -> _KnownShape | None:
    key = (shape.key, prerequisites)
    try:
        return _known[key]
    except KeyError:
        pass
    if len(_known) >= _PLANS_KEPT:
        del _known[next(iter(_known))]
    try:
        _known[key] = _KnownShape(parse_shape(shape, logical_fields()))
    except NotLinear:
        _known[key] = None
    return _known[key]


def _short_way(shape: Shape, lookups: Lookups, prerequisites: Expression | None, open_sets: str) -> Translation | None:
    """The translation by a plan; None when there is none for these constants."""
    known = _known_shape(shape, prerequisites)
    if known is None:
        return None
    if known.whole is not None:
        return known.whole
    try:
        filling = look_up(shape, known.roles, lookups, open_sets)
    except Unfit:
        return None
    outcomes = filling.outcomes
    if outcomes not in known.plans:
        known.plans[outcomes] = make_plan(known.expression, outcomes, prerequisites, logical_fields())
    plan = known.plans[outcomes]
    filled = None if plan is None else fill(plan, filling, lookups.port)
    if filled is None:
        return None
    translation = Translation(*filled)
    if not shape.constants:
        known.whole = translation
    return translation


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
