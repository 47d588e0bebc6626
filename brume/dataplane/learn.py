"""The flow a learn action makes of a packet; and in a trace, which must not touch the tables, what it would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brume.openflow.messages import actions as a
from brume.openflow.messages.flow import Flow
from brume.openflow.messages.match import Match

if TYPE_CHECKING:
    from brume.dataplane.flow_table import Entry
    from brume.dataplane.flow_tables import FlowTables
    from brume.dataplane.run import Run


def learned_flow(action: a.Learn, run: Run) -> Flow:
    """Match what the specs match, with the packet's values; load and output what they say."""
    match, actions = Match(), list[a.Action]()
    for spec in action.specs:
        value = spec.source if isinstance(spec.source, int) else spec.source.get(run.key)
        if spec.kind == "output":
            actions.append(a.Output(value & 0xFFFF))
            continue
        destination = spec.destination
        assert destination is not None
        if spec.kind == "load":
            actions.append(a.Load(destination, value))
        else:
            ones = ((1 << destination.width) - 1) << destination.start
            mask = None if destination.whole else ones
            match = match.with_field(destination.field, value << destination.start, mask)
    return Flow(
        table=action.table,
        priority=action.priority,
        match=match,
        actions=tuple(actions),
        cookie=action.cookie,
        idle_timeout=action.idle_timeout,
        hard_timeout=action.hard_timeout,
        flags=("send_flow_rem",) if action.send_flow_removed else (),
    )


def or_learned(learned: FlowTables | None, table: int, key: int, entry: Entry | None) -> Entry | None:
    """The entry that counts in a trace: one learned on the way goes before what stands in the table."""
    found = None if learned is None else learned.lookup(table, key)[0]
    return found if found is not None and (entry is None or found.priority >= entry.priority) else entry
