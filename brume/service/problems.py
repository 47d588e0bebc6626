"""What could not be derived, as `status` tells it: by the row that somebody wrote, where the stages know it.

A match that is wrong is found when flows are made of it, and the flows' rows say nothing to who wrote the match: the
row of NB that they come from is named in their place, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from brume.dataplane.explain.provenance import Origin, Provenance
from brume.dataplane.explain.words import northbound_label
from brume.derive.rules import Problem
from brume.northbound.schema import DHCPOptions, LogicalSwitchPort
from brume.southbound.schema import LogicalFlow

FLOW: Final = LogicalFlow.TABLE.name
PORTS: Final = ("Logical_Switch_Port", "Logical_Router_Port")


def told(problems: Iterable[Problem], provenance: Provenance) -> Iterator[str]:
    """A line for each problem; flows of one row that have the same problem are one."""
    found = list(problems)
    wanted = {problem.row for problem in found if problem.table == FLOW}
    flows: dict[str, LogicalFlow] = {}
    if wanted:  # the uuid of a flow that we made is in no index
        rows: Iterable[LogicalFlow] = provenance.southbound.southbound.rows(LogicalFlow)
        flows = {uuid: row for uuid, row in ((row.uuid, row) for row in rows) if uuid in wanted}
    yield from dict.fromkeys(_line(problem, flows.get(problem.row), provenance) for problem in found)


def _line(problem: Problem, flow: LogicalFlow | None, provenance: Provenance) -> str:
    written = _written(flow, provenance) if flow is not None else None
    if flow is None or written is None:
        return f"not derived: {problem.table} {problem.row}: {problem.message}"
    message = problem.message.removesuffix(f" (in {flow.match} -> {flow.actions})")
    label = "" if written.label == written.identity else f" (in {written.label})"
    return f"not derived: {written.table} {written.identity}: {message}{label}"


def _written(flow: LogicalFlow, provenance: Provenance) -> Origin | None:
    """The row of NB behind a flow: rather what a port refers to than the port."""
    rows = [origin for origin in provenance.chain(flow) if origin.stage == "northbound"]
    found = min(rows, key=lambda origin: origin.table in PORTS, default=None)
    return (_offer(found, flow, provenance) or found) if found is not None else None


def _offer(port: Origin, flow: LogicalFlow, provenance: Provenance) -> Origin | None:
    """The DHCP_Options row that a port's flow was made of: the flow's hint names it."""
    hint = flow.external_ids.get("stage-hint", "")
    row = port.row
    if not hint or not isinstance(row, LogicalSwitchPort):
        return None
    for uuid in (row.dhcpv4_options, row.dhcpv6_options):
        options = provenance.northbound.northbound.get(DHCPOptions, uuid) if uuid is not None else None
        if options is not None and options.uuid.startswith(hint):
            return Origin("northbound", DHCPOptions.TABLE.name, options.uuid, northbound_label(options), options)
    return None
