"""What facts could not be made of is told with the rest."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View


@rule(Problem)
def problem_of_a_fact(problem: Problem, view: View) -> Iterator[Output]:
    yield problem


RULES = (problem_of_a_fact,)
