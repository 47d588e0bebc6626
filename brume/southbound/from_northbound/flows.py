"""How a rule writes a logical flow, and what it may ask about the switch it writes it for."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import ALWAYS, Match
from brume.southbound.from_northbound.facts.ports import SwitchHas
from brume.southbound.pipeline import Stage
from brume.southbound.schema import LogicalFlow
from brume.southbound.schema.flows import STAGE_HINT
from brume.tables.map import Map

NEXT = Actions("next;")
DROP = Actions("drop;")
SILENT_DROP = Actions("/* drop */")
"""How northd writes the drop of an ACL: no action, and a word to the reader."""

HINT_DIGITS: Final = 8
"""How much of a uuid a hint is, as northd writes it."""


def flow(
    stage: Stage, datapath: str, priority: int, match: Match, actions: Actions, hint: str | None = None
) -> LogicalFlow:
    """A logical flow of a datapath; `hint` is the uuid of the northbound row that it comes from."""
    return LogicalFlow(
        logical_datapath=datapath,
        pipeline=stage.pipeline,
        table_id=stage.table,
        priority=priority,
        match=match,
        actions=actions,
        external_ids=stage.external_ids if hint is None else _hinted(stage.title, hint),
    )


@lru_cache(maxsize=4096)
def _hinted(title: str, hint: str) -> Map[str, str]:
    """Shared by the flows that one row makes in a stage, on however many datapaths."""
    return Map({"stage-name": title, STAGE_HINT: hint[:HINT_DIGITS]})


def default(stage: Stage, datapath: str, actions: Actions = NEXT) -> LogicalFlow:
    """What happens in a stage when nothing else matches."""
    return flow(stage, datapath, 0, ALWAYS, actions)


def switch_has(view: View, switch: str, what: str) -> bool:
    """Whether something of what `SwitchHas` tells is true of the switch."""
    return view.get(SwitchHas, (switch, what)) is not None
