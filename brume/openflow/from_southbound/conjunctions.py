"""Conjunction ids: the same on every run, and never shared by two logical flows.

A logical flow's ids begin at the first 24 bits of its uuid, times 256. Two flows whose 24 bits are equal share the
256 ids in the order of their uuids: the index tells who they are. OVN hashes too, and searches on from a taken id,
which makes ids depend on the order of events.
"""

from __future__ import annotations

from typing import Final

from brume.derive.view import View
from brume.southbound.schema import LogicalFlow, row_uuid
from brume.tables.row import Index

IDS: Final = 256


class TooManyConjunctions(ValueError):
    """Flows with equal beginnings of their uuids need more ids than there are; a change to either helps."""


def _bucket(flow: LogicalFlow) -> str | None:
    """Only flows whose match joins several things can need an id."""
    return row_uuid(flow)[:6] if "&&" in str(flow.match) else None


flow_by_conjunction_bucket = Index(LogicalFlow, "first 24 bits", _bucket)


def first_id(view: View, uuid: str, count: int) -> int:
    """The id that replaces conjunction id 0 of a flow that needs `count` of them."""
    bucket = uuid[:6]
    others = sorted({row_uuid(flow) for flow in view.find(flow_by_conjunction_bucket, bucket)} | {uuid})
    share = IDS // len(others)
    if count >= share:
        raise TooManyConjunctions(f"{count} conjunctions, {share} ids are free for flow {uuid}")
    return int(bucket, 16) * IDS + others.index(uuid) * share
