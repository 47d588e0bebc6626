"""An explanation as text for a terminal or a wall: verdict, numbered steps, what would let the packet through.

`render(explanation, verbose=True)` shows every table; else those that only pass the packet on are summed up in a line.
`colour=True` adds ANSI colours, otherwise the text is plain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from brume.dataplane.explain.explanation import Because, Explanation, Octets, Step, TableStep

WIDTH: Final = 118
BOLD, DIM, GREEN, RED, CYAN, PLAIN = "\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[36m", "\033[0m"
WHOLE: Final = ("Logical_Switch", "Logical_Router")
"""Flows of a whole datapath need no word of whose they are."""
HIDDEN_OCTETS: Final = ("checksum", "identification", "reserved2", "options (", "dscp", "fragment", "header length")


CLEARING: Final = re.compile(r"(?:set_field:0->reg\d+,){3,}")
"""Registers are forgotten from pipeline to pipeline: sixteen actions that say one thing."""


class Paint:
    """Colours, or none."""

    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def __call__(self, code: str, text: str) -> str:
        return f"{code}{text}{PLAIN}" if self._colour else text


def render(explanation: Explanation, *, verbose: bool = False, colour: bool = False, width: int = WIDTH) -> str:
    """The whole text, lines ending without blanks."""
    paint = Paint(colour)
    lines = [*_head(explanation, paint)]
    for step in explanation.steps:
        lines += ["", *_step(step, paint, verbose, width)]
    lines += _tail(explanation, paint, width)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _head(explanation: Explanation, paint: Paint) -> Iterator[str]:
    mark = {"answered": GREEN, "delivered": RED, "dropped": RED}[explanation.outcome]
    yield paint(BOLD, str(explanation.request))
    yield paint(mark, explanation.verdict)


def _tail(explanation: Explanation, paint: Paint, width: int) -> Iterator[str]:
    yield ""
    for note in explanation.notes:
        yield from _wrapped("Note: ", note, width)
    if explanation.cause is None:
        yield paint(GREEN, f"Verdict: {explanation.verdict}")
        return
    yield from (paint(RED, line) for line in _wrapped("Dropped by: ", explanation.cause.who, width))
    for index, cure in enumerate(explanation.cause.cure):
        yield f"{'Cure: ' if index == 0 else '      '}{cure}"  # a command: whole, to be pasted


def _step(step: Step, paint: Paint, verbose: bool, width: int) -> Iterator[str]:
    title = f"{step.number}. {step.title}"
    gap = max(2, width - len(title) - len(step.place))
    yield paint(BOLD, title) + (" " * gap + step.place if step.place else "")
    for fact in step.facts:
        yield from _wrapped("   ", fact, width)
    if step.kind != "reply" or verbose:
        yield from _tables(step.tables, paint, verbose, width)
    yield from _octets(step.octets, paint)
    for sentence in step.after:
        yield from _wrapped("   ", sentence, width)


def _tables(tables: Sequence[TableStep], paint: Paint, verbose: bool, width: int) -> Iterator[str]:
    before = "br-int"
    for (bridge, datapath, pipeline), group in groupby(tables, lambda one: (one.bridge, one.datapath, one.pipeline)):
        found = list(group)
        if bridge != before:
            yield f"   {paint(CYAN, bridge)}"
        before = bridge
        if pipeline:
            yield f"   {paint(CYAN, f'{datapath}, {pipeline}')}"
        yield from _group(found, paint, verbose, width)


def _group(tables: Sequence[TableStep], paint: Paint, verbose: bool, width: int) -> Iterator[str]:
    for shown, run in groupby(tables, lambda one: verbose or one.shown):
        found = list(run)
        if shown:
            for table in found:
                yield from _table(table, paint, verbose, width)
        else:
            yield paint(DIM, f"     {_summary(found)}")


def _summary(tables: Sequence[TableStep]) -> str:
    first, last = tables[0], tables[-1]
    if len(tables) == 1:
        return f"table {first.table:<3} {first.title}: passes it on"
    return f"tables {first.table}-{last.table} pass it on: {first.title} ... {last.title}"


def _table(table: TableStep, paint: Paint, verbose: bool, width: int) -> Iterator[str]:
    helper = "     "
    yield f"{helper}table {table.table:<3} {paint(BOLD, table.title)}: {table.purpose}"
    indent = " " * 15
    flow = _without_table(table.flow) if table.flow is not None else "no flow matches: dropped"
    flow = flow if verbose else CLEARING.sub("...,", flow)
    yield from (paint(DIM, line) for line in _wrapped(indent, flow, width))
    for change in table.changes if verbose else table.notable:
        yield from (paint(GREEN, line) for line in _wrapped(indent, change, width))
    for one in table.tracked:
        yield f"{indent}{one}"
    for beside in table.helpers:
        if verbose or beside.shown:
            yield from _helper(beside, paint, width)
    chain = [_because(one) for one in table.because[1:]]
    if any(one.table not in WHOLE and one.stage == "northbound" for one in table.because):
        yield from _wrapped(f"{indent}<- ", " <- ".join(chain), width)


def _because(one: Because) -> str:
    """A row behind a flow; the cloud's are called what their owner calls them."""
    name = one.label if one.stage == "cloud" else f"{one.table} {one.label}"
    return f"{name} [{one.request}]" if one.request else name


def _helper(table: TableStep, paint: Paint, width: int) -> Iterator[str]:
    indent = " " * 15
    yield f"{indent}asks table {table.table} {table.title}: {table.purpose}"
    if table.flow is not None:
        yield from (paint(DIM, line) for line in _wrapped(indent + "  ", _without_table(table.flow), width))
    for change in table.notable:
        yield f"{indent}  {paint(GREEN, change)}"


def _without_table(flow: str) -> str:
    """The flow as ovs-ofctl prints it; the table's number stands before it already."""
    return ", ".join(part for part in flow.split(", ") if not part.startswith("table="))


def _octets(octets: Sequence[Octets], paint: Paint) -> Iterator[str]:
    for header, group in groupby(octets, lambda one: one.header):
        yield f"     {paint(CYAN, header)}"
        for one in group:
            if not any(word in one.text for word in HIDDEN_OCTETS):
                yield f"       {one.octets:<23} {one.text}"


def _wrapped(prefix: str, text: str, width: int) -> list[str]:
    """Lines no longer than `width`, broken after blanks and commas; those after the first are set in a little more."""
    room = max(width - len(prefix), 40)
    lines = [""]
    for word in re.findall(r"[^ ,]*[ ,]+|[^ ,]+", text):
        if lines[-1].strip() and len(lines[-1]) + len(word.rstrip()) > room:
            lines.append("  ")
        lines[-1] += word
    return [prefix + lines[0], *(" " * len(prefix) + line for line in lines[1:])]
