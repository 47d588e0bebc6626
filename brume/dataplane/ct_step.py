"""The step of a ct action: which zone, and what exec(...) sets of the connection's mark and label.

`compile_all` is an argument of ct_step because exec() holds actions itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from brume.dataplane.conntrack.tracker import Request
from brume.dataplane.flow_table import Step
from brume.dataplane.run import Run
from brume.openflow.messages import actions as a
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.fields import FIELDS, Subfield

_MARK: Final = FIELDS["ct_mark"]
_LABEL: Final = FIELDS["ct_label"]


def ct_step(action: a.Ct, compile_all: Callable[[a.Actions], tuple[Step, ...]]) -> Step:
    zone, table = action.zone, action.table
    constant = (
        None if isinstance(zone, Subfield) or _moves(action.exec) else _request(action, zone, _marks(action.exec))
    )
    steps = compile_all(action.exec)

    def step(run: Run) -> None:
        if constant is not None:
            run.track(constant, table)
            return
        if isinstance(zone, Subfield):
            run.looked |= zone.mask & ~run.written
            number = zone.get(run.key)
        else:
            number = zone
        run.track(_request(action, number, _dynamic_marks(run, steps)), table)

    return step


def _moves(actions: a.Actions) -> bool:
    return any(isinstance(action, a.Move) for action in actions)


_Bits = tuple[int, int]


def _request(action: a.Ct, zone: int, marks: tuple[_Bits, _Bits]) -> Request:
    mark, label = marks
    return Request(
        zone=zone & 0xFFFF,
        commit=action.commit or action.force,
        force=action.force,
        nat=action.nat,
        mark=mark if mark[1] else None,
        label=label if label[1] else None,
    )


def _marks(actions: a.Actions) -> tuple[_Bits, _Bits]:
    """What constant exec(...) actions set of ct_mark and ct_label, as (value, mask)."""
    key = mask = 0
    for action in actions:
        if isinstance(action, a.SetField):
            bits, value = action.bits << action.field.shift, action.value << action.field.shift
        elif isinstance(action, a.Load):
            bits, value = action.destination.mask, action.value << action.destination.shift
        else:
            raise OpenFlowError(f"{type(action).__name__} inside ct(exec()) is not supported")
        key, mask = key & ~bits | value & bits, mask | bits
    return (_MARK.get(key), _MARK.get(mask)), (_LABEL.get(key), _LABEL.get(mask))


def _dynamic_marks(run: Run, steps: tuple[Step, ...]) -> tuple[_Bits, _Bits]:
    """The same for actions that copy from the packet: run them, see what they wrote, take it back."""
    if not steps:
        return (0, 0), (0, 0)
    saved = run.key, run.written
    run.written &= ~(_MARK.mask | _LABEL.mask)
    for step in steps:
        step(run)
    key, written = run.key, run.written
    run.key, run.written = saved
    return (_MARK.get(key), _MARK.get(written)), (_LABEL.get(key), _LABEL.get(written))
