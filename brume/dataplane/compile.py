"""Actions to functions: done once for a flow, when it is first hit.

Each returned function acts on a Run; a true answer ends its list of actions (only a TTL that ran out does that).
One step per action, so that a trace can put them side by side. The steps that change fields are in `field_steps.py`,
connection tracking's in `ct_step.py`; here are those that lead the packet somewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from brume.dataplane import field_steps as f
from brume.dataplane.ct_step import ct_step
from brume.dataplane.flow_table import Step
from brume.dataplane.flow_tables import FlowTables
from brume.dataplane.learn import learned_flow
from brume.dataplane.leaving import output, to_controller
from brume.dataplane.operations import Metered
from brume.dataplane.run import GoOn, Run
from brume.openflow.messages import actions as a
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.fields import FIELDS

_TTL: Final = FIELDS["nw_ttl"]
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


def _output(action: a.Output) -> Step:
    number = action.port

    def step(run: Run) -> None:
        output(run, number)

    return step


def _output_field(action: a.OutputField) -> Step:
    source = action.source

    def step(run: Run) -> None:
        run.looked |= source.mask & ~run.written
        output(run, source.get(run.key) & 0xFFFF)

    return step


def _bundle(action: a.Bundle) -> Step:
    if action.algorithm != "active_backup":
        raise OpenFlowError(f"bundle by {action.algorithm} cannot be run here; active_backup can")

    def step(run: Run) -> None:
        for number in action.members:
            if number in run.bridge.ports:  # a port that is there counts as up: there is no link state here
                output(run, number)
                return
        run.drop("no port of the bundle is up")

    return step


def _output_truncated(action: a.OutputTruncated) -> Step:
    def step(run: Run) -> None:
        saved = run.frame, run.base
        run.cacheable = False
        run.frame = run.sent_frame()[: action.max_len]
        run.base = run.key
        output(run, action.port)
        run.frame, run.base = saved

    return step


def _controller(action: a.Controller) -> Step:
    def step(run: Run) -> None:
        to_controller(run, action, action.reason, action.pause)

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
            to_controller(run, a.Controller(controller_id=identity), _INVALID_TTL)
        run.drop("TTL ran out")
        return True

    return step


def _learn(action: a.Learn) -> Step:
    def step(run: Run) -> None:
        run.cacheable = False
        flow = learned_flow(action, run)
        if not run.live:
            run.learned.setdefault(run.bridge.name, FlowTables()).add(flow, run.now)
        elif flow not in run.bridge.tables:
            run.bridge.tables.add(flow, run.now)
        else:
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


def _queue(action: a.SetQueue) -> Step:
    def step(run: Run) -> None:
        run.queue = action.queue_id

    return step


def _pop_queue(action: a.PopQueue) -> Step:
    return _queue(a.SetQueue(0))


def _exit(action: a.Exit) -> Step:
    def step(run: Run) -> None:
        run.stopped = True

    return step


_MAKERS: Final[dict[type[a.Action], Callable[[Any], Step]]] = {
    a.Output: _output,
    a.OutputTruncated: _output_truncated,
    a.Bundle: _bundle,
    a.OutputField: _output_field,
    a.Controller: _controller,
    a.Resubmit: _resubmit,
    a.GotoTable: _goto,
    a.SetField: f.set_field_step,
    a.Load: f.load_step,
    a.Move: f.move_step,
    a.Push: f.push_step,
    a.Pop: f.pop_step,
    a.DecTtl: _dec_ttl,
    a.Ct: lambda action: ct_step(action, compile_actions),
    a.CtClear: f.ct_clear_step,
    a.Learn: _learn,
    a.Conjunction: _nothing,
    a.Note: _nothing,
    a.Sample: _nothing,  # no collector here: like one nobody listens to
    a.ClearActions: _nothing,
    a.Clone: _clone,
    a.Group: _group,
    a.Meter: _meter,
    a.PushVlan: f.push_vlan_step,
    a.PopVlan: f.pop_vlan_step,
    a.SetVlanVid: f.set_vid_step,
    a.SetVlanPcp: f.set_pcp_step,
    a.LegacySet: f.legacy_step,
    a.SetTunnel: f.tunnel_step,
    a.SetQueue: _queue,
    a.PopQueue: _pop_queue,
    a.CheckPacketLarger: f.check_larger_step,
    a.DeleteField: f.delete_field_step,
    a.Exit: _exit,
    a.WriteMetadata: f.write_metadata_step,
}
