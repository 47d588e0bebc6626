"""Groups: several ways on, and how one is chosen; as ovs-ofctl writes them.

group_id=2,type=select,selection_method=dp_hash,bucket=bucket_id:0,weight:100,actions=ct(...)
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from brume.openflow.messages.action_parse import parse_actions
from brume.openflow.messages.action_text import format_actions
from brume.openflow.messages.actions import Actions
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.fields import FIELDS, Field, field

TYPES: Final = ("all", "select", "indirect", "fast_failover")


class Bucket(msgspec.Struct, frozen=True):
    """One way on. `watch_port` must be up for fast_failover to choose it."""

    bucket_id: int
    actions: Actions
    weight: int = 1
    watch_port: int | None = None


class GroupEntry(msgspec.Struct, frozen=True):
    """A group. One that selects does so by `method` ("dp_hash", "hash"); by these fields only, if there are some."""

    group_id: int
    type: str
    buckets: tuple[Bucket, ...]
    method: str = ""
    fields: tuple[Field, ...] = ()


def format_group(group: GroupEntry) -> str:
    text = f"group_id={group.group_id},type={group.type}"
    if group.method:
        text += f",selection_method={group.method}"
    names = [one.name for one in group.fields]
    if names:
        text += f",fields={names[0]}" if len(names) == 1 else f",fields({','.join(names)})"
    return text + "".join(f",bucket={_bucket(bucket, group.type)}" for bucket in group.buckets)


def _bucket(bucket: Bucket, kind: str) -> str:
    text = f"bucket_id:{bucket.bucket_id}"
    if kind == "select":
        text += f",weight:{bucket.weight}"
    if bucket.watch_port is not None:
        text += f",watch_port:{bucket.watch_port}"
    return f"{text},actions={format_actions(bucket.actions)}"


def parse_group(text: str) -> GroupEntry:
    """Reads what format_group writes, and what one gives to `ovs-ofctl add-group`."""
    head, *buckets = re.split(r",\s*bucket=", text.strip())
    identity = re.search(r"group_id=(\d+)", head)
    kind = re.search(r"type=(\w+)", head)
    method = re.search(r"selection_method=(\w+)", head)
    fields = re.search(r"fields(?:=(\w+)|\(([^)]*)\))", head)
    if identity is None or kind is None or kind[1] not in TYPES:
        raise OpenFlowError(f"{text}: a group needs group_id and type ({', '.join(TYPES)})")
    made = tuple(_read_bucket(bucket, i) for i, bucket in enumerate(buckets))
    chosen = parse_selection_fields(fields[1] or fields[2]) if fields else ()
    return GroupEntry(int(identity[1]), kind[1], made, method[1] if method else "", chosen)


def parse_selection_fields(text: str) -> tuple[Field, ...]:
    """The fields of "ip_src, tcp_dst", in Open vSwitch's order; raises OpenFlowError."""
    chosen = {field(name.strip()).name for name in text.split(",") if name.strip()}
    return tuple(known for name, known in FIELDS.items() if name in chosen)


def _read_bucket(text: str, index: int) -> Bucket:
    head, word, actions = text.partition("actions=")
    if not word:
        head, actions = "", text
    given = dict(re.findall(r"(bucket_id|weight|watch_port)[:=](\d+)", head))
    return Bucket(
        bucket_id=int(given.get("bucket_id", index)),
        actions=parse_actions(actions),
        weight=int(given.get("weight", 1)),
        watch_port=int(given["watch_port"]) if "watch_port" in given else None,
    )
