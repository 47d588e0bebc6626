"""Actions that stand for something beside the flow: a group that chooses (ct_lb, select, fwd_group), or a meter.

A group or a meter has a number of 31 bits made of what it says, the same on every chassis and every run; so flows that
are made once for the cloud can name it, and a chassis needs it only if it has such a flow. What the flows of one
encoding need is collected (`Needs`).
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from msgspec.structs import replace

from brume.expressions import steps
from brume.openflow.from_southbound.actions.context import Context, load, resolved
from brume.openflow.messages.actions import Actions, Ct, Group, Meter, Nat, Resubmit, SetField, set_field
from brume.openflow.messages.fields import FIELDS
from brume.openflow.messages.group import Bucket, GroupEntry, format_group, parse_selection_fields
from brume.openflow.messages.meter import MeterEntry, format_meter
from brume.openflow.registers import OUTPORT

TRANSLATED: Final = 2
FLAGS: Final = {"skip_snat": 4, "force_snat": 8}
"""Bits of ct_mark, of ct_label where the flows are of an older ovn-northd (OVN_CT_*)."""
BACKEND_WEIGHT: Final = 100


class Needs:
    """The groups and meters that some flows need."""

    __slots__ = ("groups", "meters", "owner")

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.groups: dict[int, GroupEntry] = {}
        self.meters: dict[int, MeterEntry] = {}

    def group(self, entry: GroupEntry) -> int:
        """The number of a group that does this."""
        number = _number(format_group(entry))
        self.groups[number] = replace(entry, group_id=number)
        return number

    def meter(self, entry: MeterEntry) -> int:
        """The number of a meter that limits so; each logical flow has its own."""
        number = _number(f"{self.owner} {format_meter(entry)}")
        self.meters[number] = replace(entry, meter_id=number)
        return number


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big") & 0x7FFFFFFF or 1


def balance(step: steps.CtLb, context: Context) -> Actions:
    """ct_lb and ct_lb_mark: of an established connection, do what was chosen; else choose a backend and remember it."""
    table = context.table(step.table)
    if not step.backends:
        return (Ct(table=table, zone=context.zone, nat=Nat()),)
    bits = FIELDS["ct_mark" if step.name == "ct_lb_mark" else "ct_label"]
    marks: tuple[SetField, ...] = (set_field(bits, TRANSLATED, TRANSLATED),)
    if step.flag:
        marks += (set_field(bits, FLAGS[step.flag], FLAGS[step.flag]),)
    buckets = []
    for number, backend in enumerate(step.backends):
        version = 4 if backend.address.width == 32 else 6
        nat = Nat("dst", address=backend.address.value, version=version, port=backend.port)
        commit = Ct(commit=True, table=table, zone=context.zone, nat=nat, exec=marks)
        buckets.append(Bucket(number, (commit,), BACKEND_WEIGHT))
    method = "hash" if step.hash_fields else "dp_hash"
    entry = GroupEntry(0, "select", tuple(buckets), method, parse_selection_fields(step.hash_fields))
    return (Group(context.needs.group(entry)),)


def select(step: steps.Select, context: Context) -> Actions:
    """select(id=weight, ...): write one id, the same for all packets of a connection, and go on."""
    target, onward = resolved(step.target), Resubmit(context.table(step.table))
    buckets = tuple(
        Bucket(number, (load(member, target), onward), weight) for number, (member, weight) in enumerate(step.members)
    )
    return (Group(context.needs.group(GroupEntry(0, "select", buckets, "dp_hash"))),)


def spread(step: steps.ForwardGroup, context: Context) -> Actions:
    """fwd_group(childports=...): one of some ports, the same for all packets of a connection. Nothing when a port is
    missing. `liveness` is not heeded: the flow is the same on every chassis, and what watches a tunnel is not."""
    keys = [context.port(name) for name in step.ports]
    found = [key for key in keys if key is not None]
    if not found or len(found) < len(keys):
        return ()
    onward = Resubmit(context.output_table)
    buckets = tuple(
        Bucket(number, (set_field(FIELDS[OUTPORT], key, 0xFFFF), onward), 1) for number, key in enumerate(found)
    )
    return (Group(context.needs.group(GroupEntry(0, "select", buckets, "dp_hash"))),)


def limit(step: steps.SetMeter, context: Context) -> Actions:
    """set_meter(rate, burst); what goes on from here goes at this rate."""
    return (Meter(context.needs.meter(MeterEntry(0, step.rate, step.burst))),)
