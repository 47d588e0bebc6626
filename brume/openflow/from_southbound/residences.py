"""is_chassis_resident(): the only question in a match whose answer depends on the chassis.

A match that asks is translated once for each combination of answers, and the flows are tagged with the combination
they hold for. Mostly one combination has no flows at all. The whole cloud then shares the translations.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

from brume.expressions.expression import Expression
from brume.expressions.translation import Translation, translate
from brume.openflow.from_southbound.names import Names
from brume.openflow.rows import Residence

MOST: Final = 6
"""Ports one match may ask about."""


class TooManyResidences(ValueError):
    """A match asks about more ports than are tried out."""


def translations(
    match: str, names: Names, prerequisites: Expression | None, *, open_sets: str
) -> Iterator[tuple[tuple[Residence, ...], Translation]]:
    """(conditions, translation) for every combination of answers; one without conditions if nothing is asked."""
    first = translate(match, names, prerequisites, open_sets)
    ports = tuple(names.asked)
    yield tuple(Residence(port, True) for port in ports), first
    if len(ports) > MOST:
        raise TooManyResidences(f"is_chassis_resident() about {len(ports)} ports in one match")
    for answers in product((True, False), repeat=len(ports)):
        if all(answers):
            continue
        names.assumed = dict(zip(ports, answers, strict=True))
        again = translate(match, names, prerequisites, open_sets)
        if again.flows or again.templates:
            yield tuple(Residence(port, here) for port, here in names.assumed.items()), again
