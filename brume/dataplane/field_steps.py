"""Steps that change the packet's fields: set, load, move, the stack, VLAN tags.

What each reads is added to `run.looked` (unless it was written before), what it writes to `run.written`.
"""

from __future__ import annotations

from typing import Final

from brume.dataplane.conntrack.tracker import CT_BITS
from brume.dataplane.flow_table import Step
from brume.dataplane.rewrite import push_tag
from brume.dataplane.run import Run
from brume.openflow.messages import actions as a
from brume.openflow.messages.fields import FIELDS
from brume.openflow.messages.layout import KEY_ONES

_VLAN: Final = FIELDS["vlan_tci"]


def _replace(mask: int, value: int) -> Step:
    """Set bits to a constant."""
    keep = KEY_ONES ^ mask

    def step(run: Run) -> None:
        run.key = run.key & keep | value
        run.written |= mask

    return step


def set_field_step(action: a.SetField) -> Step:
    field = action.field
    value = action.value | (0x1000 if field.name == "vlan_vid" else 0)
    mask = field.mask if action.mask is None else (action.mask & field.ones) << field.shift
    return _replace(mask, value << field.shift & mask)


def load_step(action: a.Load) -> Step:
    return _replace(action.destination.mask, action.value << action.destination.shift)


def move_step(action: a.Move) -> Step:
    source, destination = action.source, action.destination
    down, up, ones = source.shift, destination.shift, (1 << source.width) - 1
    read, mask = source.mask, destination.mask
    keep = KEY_ONES ^ mask

    def step(run: Run) -> None:
        key = run.key
        run.looked |= read & ~run.written
        run.key = key & keep | (key >> down & ones) << up
        run.written |= mask

    return step


def push_step(action: a.Push) -> Step:
    source = action.source
    down, ones, read = source.shift, (1 << source.width) - 1, source.mask

    def step(run: Run) -> None:
        run.looked |= read & ~run.written
        run.stack.append(run.key >> down & ones)

    return step


def pop_step(action: a.Pop) -> Step:
    mask, up = action.destination.mask, action.destination.shift
    keep = KEY_ONES ^ mask

    def step(run: Run) -> None:
        if run.stack:  # Open vSwitch, too, only warns of an empty stack
            run.key = run.key & keep | run.stack.pop() << up & mask
            run.written |= mask

    return step


def push_vlan_step(action: a.PushVlan) -> Step:
    def step(run: Run) -> None:
        run.looked |= _VLAN.mask & ~run.written
        if _VLAN.get(run.key) or action.ethertype != 0x8100:
            run.cacheable = False
            run.reparse(push_tag(run.sent_frame(), action.ethertype))
        else:
            run.key = _VLAN.set(run.key, 0x1000)
            run.written |= _VLAN.mask

    return step


def pop_vlan_step(action: a.PopVlan) -> Step:
    def step(run: Run) -> None:
        run.looked |= _VLAN.mask & ~run.written
        if not _VLAN.get(run.key):
            return
        inner = run.sent_frame()[16:18] in (b"\x81\x00", b"\x88\xa8")
        run.key = _VLAN.set(run.key, 0)
        run.written |= _VLAN.mask
        if inner:
            run.cacheable = False
            run.reparse(run.sent_frame())

    return step


def set_vid_step(action: a.SetVlanVid) -> Step:
    return _tagged(0x1FFF, action.vid | 0x1000, action.push)


def set_pcp_step(action: a.SetVlanPcp) -> Step:
    return _tagged(0xF000, action.pcp << 13 | 0x1000, action.push)


def _tagged(mask: int, value: int, push: bool) -> Step:
    """Set part of the tag; without a tag add one, or leave the packet alone."""

    def step(run: Run) -> None:
        run.looked |= _VLAN.mask & ~run.written
        tci = _VLAN.get(run.key)
        if push or tci & 0x1000:
            run.key = _VLAN.set(run.key, tci & ~mask | value)
            run.written |= _VLAN.mask

    return step


_LEGACY: Final = {
    "mod_dl_src": "eth_src", "mod_dl_dst": "eth_dst", "mod_nw_src": "ip_src", "mod_nw_dst": "ip_dst",
    "mod_nw_tos": "nw_tos", "mod_nw_ecn": "nw_ecn", "mod_nw_ttl": "nw_ttl", "mod_tp_src": "tcp_src",
    "mod_tp_dst": "tcp_dst",
}  # fmt: skip


def legacy_step(action: a.LegacySet) -> Step:
    return set_field_step(a.SetField(FIELDS[_LEGACY[action.name]], action.value))


def tunnel_step(action: a.SetTunnel) -> Step:
    return set_field_step(a.SetField(FIELDS["tun_id"], action.tunnel_id))


def delete_field_step(action: a.DeleteField) -> Step:
    return _replace(action.field.mask, 0)


def check_larger_step(action: a.CheckPacketLarger) -> Step:
    def step(run: Run) -> None:
        run.cacheable = False  # the packet's length is not in the key
        run.key = action.destination.set(run.key, len(run.sent_frame()) > action.length)
        run.written |= action.destination.mask

    return step


def write_metadata_step(action: a.WriteMetadata) -> Step:
    shift = FIELDS["metadata"].shift
    return _replace(action.mask << shift, (action.value & action.mask) << shift)


def ct_clear_step(action: a.CtClear) -> Step:
    return _replace(CT_BITS, 0)
