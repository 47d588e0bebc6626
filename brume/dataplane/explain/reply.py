"""The way back, in brief: one line a piece of the way, and who had no part in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from brume.dataplane.explain.explanation import Step, TableStep
from brume.dataplane.explain.journey import TUNNEL
from brume.dataplane.explain.steps import Line, Piece, Story, net_changes, pieces
from brume.dataplane.explain.tables import HEADERS
from brume.values import Ipv4Address

NO_CENTRE = "no control node was passed: each chassis routed by its own tables"


def reply_step(story: Story, number: int, line: Line, sent: Sequence[str], arrival: str) -> Step:
    """The sixth step: its tables are there for programs, its facts for people."""
    cut = pieces(line)
    facts = [*sent]
    tables: list[TableStep] = []
    for index, piece in enumerate(cut):
        made = tuple(step for hop, path in piece.hops for step in story.tables.steps(hop, path))
        tables += made
        facts += _piece_facts(piece, made, last=index == len(cut) - 1)
    places = " -> ".join(dict.fromkeys(piece.first.chassis for piece in cut))
    return Step(number, "reply", "Reply", places, tuple(facts), tuple(tables), after=(arrival, NO_CENTRE))


def _piece_facts(piece: Piece, tables: Sequence[TableStep], *, last: bool) -> Iterator[str]:
    way = " -> ".join(_datapaths(tables))
    start = "out of the tunnel, " if piece.first.came == TUNNEL else ""
    yield f"{piece.first.chassis}: {start}{way}"
    for one in net_changes(tables):
        yield f"   {HEADERS[one.field]}: {one.before} -> {one.after}"
    packet = piece.tunnel
    if packet is not None and not last:
        source, destination = Ipv4Address(packet.source), Ipv4Address(packet.destination)
        yield f"{piece.first.chassis}: Geneve to the other chassis, {source} -> {destination}"


def _datapaths(tables: Sequence[TableStep]) -> list[str]:
    """The logical networks and routers passed, in order; br-ex where it was."""
    found: list[str] = []
    for step in tables:
        name = step.datapath or (step.bridge if step.bridge != "br-int" else "")
        if name and (not found or found[-1] != name):
            found.append(name)
    return found
