"""Steps that change fields or go on somewhere."""

from __future__ import annotations

from brume.expressions import steps
from brume.openflow.from_southbound.actions.context import CannotEncode, Context, load, resolved
from brume.openflow.messages.actions import (
    Action,
    Actions,
    CheckPacketLarger,
    DecTtl,
    Move,
    Pop,
    Push,
    Resubmit,
    Sample,
    SetQueue,
    set_field,
)
from brume.openflow.tables import table_of


def output(_: steps.Output, context: Context) -> Actions:
    """output;"""
    return (Resubmit(context.output_table),)


def go_on(step: steps.Next, _: Context) -> Actions:
    """next;"""
    return (Resubmit(table_of(step.pipeline, step.table)),)


def assign(step: steps.Load, context: Context) -> Actions:
    """field = constant; a port that is not there counts as number 0."""
    place = resolved(step.target)
    if isinstance(step.value, str):
        return (load(context.port(step.value) or 0, place),)
    if step.value.mask is not None:
        return (set_field(place.field, step.value.value << place.start, step.value.mask << place.start),)
    return (load(step.value.value, place),)


def move(step: steps.Move, _: Context) -> Actions:
    """field = field;"""
    return (Move(resolved(step.source), resolved(step.target)),)


def exchange(step: steps.Exchange, _: Context) -> Actions:
    """field <-> field;"""
    left, right = resolved(step.left), resolved(step.right)
    return (Push(right), Push(left), Pop(right), Pop(left))


def stack(step: steps.Stack, _: Context) -> Actions:
    """push(field); pop(field);"""
    place = resolved(step.field)
    action: Action = Push(place) if step.name == "push" else Pop(place)
    return (action,)


def decrement_ttl(_: steps.DecrementTtl, __: Context) -> Actions:
    """ip.ttl--;"""
    return (DecTtl(()),)


def set_queue(step: steps.SetQueue, _: Context) -> Actions:
    """set_queue(n);"""
    return (SetQueue(step.queue),)


def check_packet_larger(step: steps.CheckPacketLarger, _: Context) -> Actions:
    """field = check_pkt_larger(n);"""
    return (CheckPacketLarger(step.length, resolved(step.target)),)


def sample(step: steps.Sample, context: Context) -> Actions:
    """sample(...);"""
    point = context.cookie if step.point is None else step.point
    if step.domain >= 1 << 8:
        raise CannotEncode(f"sample: obs_domain {step.domain} does not fit 8 bits")
    return (Sample(step.probability, step.collector_set, step.domain << 24 | context.datapath, point),)
