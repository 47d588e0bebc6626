"""OVN's exhaustive tests: each step keeps the worth of every small expression, for every content of the registers.

The full sizes are millions of expressions, minutes of Python. By default every expression of the small cases and
each n-th of the others is tried; BRUME_EXHAUSTIVE=1 tries all. Either way the number of expressions there are is
compared with OVN's.
"""

import json
import os
import re
from pathlib import Path

import pytest

from brume.expressions.conversion import to_flow_matches
from brume.expressions.expression import And, Expression, Or, format_expression
from brume.expressions.normal_form import is_normal, normalize
from brume.expressions.parser import parse_expression
from brume.expressions.simplification import simplify
from brume.expressions.symbols import SymbolTable
from tests.expressions.exhaustive import assignments, classify, count, evaluate, expressions, terminals, variables

DATA = Path(__file__).parents[1] / "data" / "expressions"
CASES = json.loads((DATA / "exhaustive.json").read_text())["cases"]
WORK = 40_000
"""About how many evaluations a case may take by default."""


def options(arguments: str) -> dict[str, str]:
    found = dict(re.findall(r"--(\w+)=(\S+)", arguments))
    return {"nvars": "2", "svars": "2", "bits": "3", "relops": "== != < <= > >=", **found, "terminals": arguments[-1]}


def step(operation: str, expression: Expression, table: SymbolTable) -> Expression:
    """The expression after the step under test."""
    if operation == "convert":
        return parse_expression(format_expression(expression), table)
    simple = simplify(expression)
    if operation == "simplify":
        return simple
    normal = normalize(simple)
    assert is_normal(normal)
    return normal


def is_sound(expression: Expression) -> bool:
    """The invariants of an expression."""
    if not isinstance(expression, And | Or):
        return True
    return len(expression.parts) > 1 and all(
        not isinstance(part, type(expression)) and is_sound(part) for part in expression.parts
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["args"])
def test_worth_is_kept(case: dict[str, str]) -> None:
    chosen = options(case["args"])
    bits, number = int(chosen["bits"]), int(chosen["terminals"])
    table = variables(int(chosen["nvars"]), int(chosen["svars"]))
    leaves = terminals(table, bits, tuple(chosen["relops"].strip("'").split()))
    total = count(number, len(leaves))
    stated = re.search(r"(\d+) expressions", case["expected"])
    assert total == (int(stated.group(1)) if stated else 0)
    contents = list(assignments(table, bits))
    stride = 1 if os.environ.get("BRUME_EXHAUSTIVE") else total * len(contents) // WORK | 1
    for expression in expressions(number, leaves, stride):
        changed = step(chosen["operation"], expression, table)
        assert is_sound(changed)
        flows = to_flow_matches(changed, int) if chosen["operation"] == "flow" else []
        for values in contents:
            worth = evaluate(expression, values)
            assert evaluate(changed, values) == worth, format_expression(expression)
            if chosen["operation"] == "flow":
                assert classify(flows, values) == worth, format_expression(expression)
