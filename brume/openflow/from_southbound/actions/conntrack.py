"""Connection tracking and NAT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brume.expressions import steps
from brume.openflow.from_southbound.actions.context import Context, zone
from brume.openflow.messages.actions import Actions, Ct, CtClear, Nat, SetField, set_field
from brume.openflow.messages.fields import FIELDS, Subfield
from brume.openflow.registers import DNAT_ZONE, SNAT_ZONE

if TYPE_CHECKING:
    from brume.openflow.from_southbound.actions.encode import Encoder


def track(step: steps.CtNext, context: Context) -> Actions:
    """ct_next;"""
    return (Ct(table=context.table(step.table), zone=context.zone),)


def clear(_: steps.Plain, __: Context) -> Actions:
    """ct_clear;"""
    return (CtClear(),)


def commit(step: steps.Nested, context: Context, encode: Encoder) -> Actions:
    """ct_commit { ... };  the empty SNAT keeps its tuple apart from translated ones (OVS_CT_ZERO_SNAT_SUPPORT)."""
    return (Ct(commit=True, zone=context.zone, nat=Nat("src"), exec=encode(step.steps, context)),)


def commit_marks(step: steps.CtCommitMarks, context: Context) -> Actions:
    """ct_commit(ct_mark=..., ct_label=...);"""
    written: list[SetField] = []
    if step.mark_mask:
        written.append(set_field(FIELDS["ct_mark"], step.mark, step.mark_mask))
    if step.label_mask:
        written.append(set_field(FIELDS["ct_label"], step.label, step.label_mask))
    return (Ct(commit=True, zone=context.zone, exec=tuple(written)),)


def translate(step: steps.CtNat, context: Context) -> Actions:
    """ct_dnat, ct_snat and their _in_czone forms: with an address commit a translation, without undo one."""
    kind = "dst" if step.name.startswith("ct_dnat") else "src"
    place = _nat_zone(step.name, context)
    if step.address is None:
        return (Ct(table=context.table(step.table), zone=place, nat=Nat()),)
    nat = Nat(
        kind,
        address=step.address.value,
        version=4 if step.address.width == 32 else 6,
        port=step.port_low or 0,
        port_max=step.port_high,
    )
    return (Ct(commit=True, table=context.table(step.table), zone=place, nat=nat),)


def _nat_zone(name: str, context: Context) -> Subfield:
    if name.endswith("_in_czone"):
        return zone(context.common_nat_zone)
    return zone(DNAT_ZONE if name == "ct_dnat" else SNAT_ZONE)


def commit_nat(step: steps.CtCommitNat, context: Context) -> Actions:
    """ct_commit_nat;"""
    return (Ct(commit=True, table=context.table(step.table), zone=context.zone, nat=Nat()),)
