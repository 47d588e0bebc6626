"""Actions to functions: done once for a flow, when it is first hit.

Each returned function acts on a Run; a true answer ends its list of actions (only a TTL that ran out does that).
One step per action, so that a trace can put them side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from brume.dataplane.cache import Metered
from brume.dataplane.conntrack.tracker import CT_BITS, Request
from brume.dataplane.flow_table import Step
from brume.dataplane.learn import learned_flow
from brume.dataplane.rewrite import push_tag
from brume.dataplane.run import GoOn, Run
from brume.openflow.messages import actions as a
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.fields import FIELDS, Subfield

_TTL: Final = FIELDS["nw_ttl"]
_VLAN: Final = FIELDS["vlan_tci"]
_IN_PORT: Final = FIELDS["in_port"]
_MARK: Final = FIELDS["ct_mark"]
_LABEL: Final = FIELDS["ct_label"]
_INVALID_TTL: Final = 2  # OFPR_INVALID_TTL


def compile_actions(actions: a.Actions) -> tuple[Step, ...]:
    """One function per action."""
    return tuple(_compile(action) for action in actions)


def _compile(action: a.Action) -> Step:
    maker = _MAKERS.get(type(action))
    if maker is None:
        raise OpenFlowError(f"{type(action).__name__} cannot be run here")
    return maker(action)


def _nothing(action: a.Action) -> Step:
    return lambda run: None


def _replace(mask: int, value: int) -> Step:
    """Set bits to a constant."""
    keep = ~mask

    def step(run: Run) -> None:
        run.key = run.key & keep | value
        run.written |= mask

    return step


def _set_field(action: a.SetField) -> Step:
    field = action.field
    value = action.value | (0x1000 if field.name == "vlan_vid" else 0)
    mask = field.mask if action.mask is None else (action.mask & field.ones) << field.shift
    return _replace(mask, value << field.shift & mask)


def _load(action: a.Load) -> Step:
    return _replace(action.destination.mask, action.value << action.destination.shift)


def _move(action: a.Move) -> Step:
    source, destination = action.source, action.destination
    down, up, ones = source.shift, destination.shift, (1 << source.width) - 1
    read, mask = source.mask, destination.mask
    keep = ~mask

    def step(run: Run) -> None:
        key = run.key
        run.looked |= read & ~run.written
        run.key = key & keep | (key >> down & ones) << up
        run.written |= mask

    return step


def _push(action: a.Push) -> Step:
    source = action.source
    down, ones, read = source.shift, (1 << source.width) - 1, source.mask

    def step(run: Run) -> None:
        run.looked |= read & ~run.written
        run.stack.append(run.key >> down & ones)

    return step


def _pop(action: a.Pop) -> Step:
    mask, up = action.destination.mask, action.destination.shift
    keep = ~mask

    def step(run: Run) -> None:
        if run.stack:  # Open vSwitch, too, only warns of an empty stack
            run.key = run.key & keep | run.stack.pop() << up & mask
            run.written |= mask

    return step


def _output(action: a.Output) -> Step:
    number = action.port

    def step(run: Run) -> None:
        run.output(number)

    return step


def _output_field(action: a.OutputField) -> Step:
    source = action.source

    def step(run: Run) -> None:
        run.looked |= source.mask & ~run.written
        run.output(source.get(run.key) & 0xFFFF)

    return step


def _bundle(action: a.Bundle) -> Step:
    if action.algorithm != "active_backup":
        raise OpenFlowError(f"bundle by {action.algorithm} cannot be run here; active_backup can")

    def step(run: Run) -> None:
        for number in action.members:
            if number in run.bridge.ports:  # a port that is there counts as up: there is no link state here
                run.output(number)
                return
        run.drop("no port of the bundle is up")

    return step


def _output_truncated(action: a.OutputTruncated) -> Step:
    def step(run: Run) -> None:
        saved = run.frame, run.base
        run.cacheable = False
        run.frame = run.sent_frame()[: action.max_len]
        run.base = run.key
        run.output(action.port)
        run.frame, run.base = saved

    return step


def _controller(action: a.Controller) -> Step:
    def step(run: Run) -> None:
        run.to_controller(action, action.reason, action.pause)

    return step


def _resubmit(action: a.Resubmit) -> Step:
    table, in_port = action.table, action.in_port
    if table is not None and in_port is None:
        return GoOn(table)

    def step(run: Run) -> None:
        run.lookup(run.table if table is None else table, in_port)

    return step


def _goto(action: a.GotoTable) -> Step:
    return GoOn(action.table)


def _dec_ttl(action: a.DecTtl) -> Step:
    ids = (0,) if action.controller_ids is None else action.controller_ids

    def step(run: Run) -> bool:
        run.looked |= _TTL.mask & ~run.written
        ttl = _TTL.get(run.key)
        if ttl > 1:
            run.key = _TTL.set(run.key, ttl - 1)
            run.written |= _TTL.mask
            return False
        for identity in ids:
            run.to_controller(a.Controller(controller_id=identity), _INVALID_TTL)
        run.drop("TTL ran out")
        return True

    return step


def _ct(action: a.Ct) -> Step:
    zone, table = action.zone, action.table
    constant = (
        None if isinstance(zone, Subfield) or _moves(action.exec) else _request(action, zone, _marks(action.exec))
    )
    steps = compile_actions(action.exec)

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


def _ct_clear(action: a.CtClear) -> Step:
    return _replace(CT_BITS, 0)


def _learn(action: a.Learn) -> Step:
    def step(run: Run) -> None:
        run.cacheable = False
        flow = learned_flow(action, run)
        if run.live and flow not in run.bridge.tables:
            run.bridge.tables.add(flow, run.now)
        elif run.live:
            entry = run.bridge.tables.entry(flow.identity)
            if entry is not None:
                entry.modified = entry.used = run.now

    return step


def _clone(action: a.Clone | a.WriteActions) -> Step:
    steps = compile_actions(action.actions)

    def step(run: Run) -> None:
        run.aside(steps)

    return step


def _group(action: a.Group) -> Step:
    def step(run: Run) -> None:
        run.switch.run_group(run, action.group_id)

    return step


def _meter(action: a.Meter) -> Step:
    def step(run: Run) -> None:
        run.operations.append(Metered(run.written, run.key & run.written, run.bridge, action.meter_id))
        if not run.switch.meter_passes(run, action.meter_id):
            run.cacheable = False
            run.drop(f"meter {action.meter_id}: over its rate")
            run.stopped = True

    return step


def _push_vlan(action: a.PushVlan) -> Step:
    def step(run: Run) -> None:
        run.looked |= _VLAN.mask & ~run.written
        if _VLAN.get(run.key) or action.ethertype != 0x8100:
            run.cacheable = False
            run.reparse(push_tag(run.sent_frame(), action.ethertype))
        else:
            run.key = _VLAN.set(run.key, 0x1000)
            run.written |= _VLAN.mask

    return step


def _pop_vlan(action: a.PopVlan) -> Step:
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


def _set_vid(action: a.SetVlanVid) -> Step:
    return _tagged(0x1FFF, action.vid | 0x1000, action.push)


def _set_pcp(action: a.SetVlanPcp) -> Step:
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


def _legacy(action: a.LegacySet) -> Step:
    return _set_field(a.SetField(FIELDS[_LEGACY[action.name]], action.value))


def _tunnel(action: a.SetTunnel) -> Step:
    return _set_field(a.SetField(FIELDS["tun_id"], action.tunnel_id))


def _delete_field(action: a.DeleteField) -> Step:
    return _replace(action.field.mask, 0)


def _queue(action: a.SetQueue) -> Step:
    def step(run: Run) -> None:
        run.queue = action.queue_id

    return step


def _pop_queue(action: a.PopQueue) -> Step:
    return _queue(a.SetQueue(0))


def _check_larger(action: a.CheckPacketLarger) -> Step:
    def step(run: Run) -> None:
        run.cacheable = False  # the packet's length is not in the key
        run.key = action.destination.set(run.key, len(run.sent_frame()) > action.length)
        run.written |= action.destination.mask

    return step


def _exit(action: a.Exit) -> Step:
    def step(run: Run) -> None:
        run.stopped = True

    return step


def _write_metadata(action: a.WriteMetadata) -> Step:
    shift = FIELDS["metadata"].shift
    return _replace(action.mask << shift, (action.value & action.mask) << shift)


_MAKERS: Final[dict[type[a.Action], Callable[[Any], Step]]] = {
    a.Output: _output,
    a.OutputTruncated: _output_truncated,
    a.Bundle: _bundle,
    a.OutputField: _output_field,
    a.Controller: _controller,
    a.Resubmit: _resubmit,
    a.GotoTable: _goto,
    a.SetField: _set_field,
    a.Load: _load,
    a.Move: _move,
    a.Push: _push,
    a.Pop: _pop,
    a.DecTtl: _dec_ttl,
    a.Ct: _ct,
    a.CtClear: _ct_clear,
    a.Learn: _learn,
    a.Conjunction: _nothing,
    a.Note: _nothing,
    a.Sample: _nothing,  # no collector here: like one nobody listens to
    a.ClearActions: _nothing,
    a.Clone: _clone,
    a.Group: _group,
    a.Meter: _meter,
    a.PushVlan: _push_vlan,
    a.PopVlan: _pop_vlan,
    a.SetVlanVid: _set_vid,
    a.SetVlanPcp: _set_pcp,
    a.LegacySet: _legacy,
    a.SetTunnel: _tunnel,
    a.SetQueue: _queue,
    a.PopQueue: _pop_queue,
    a.CheckPacketLarger: _check_larger,
    a.DeleteField: _delete_field,
    a.Exit: _exit,
    a.WriteMetadata: _write_metadata,
}
