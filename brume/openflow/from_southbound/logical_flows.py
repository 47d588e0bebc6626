"""A logical flow to OpenFlow flows, on each of its datapaths (ovn-controller's lflow.c).

A flow that names sets (`ip4.src == $as`, `inport == @pg`) keeps them open: this rule makes what does not depend on
their elements, `set_elements` one flow for each element. Then an element more is one flow more.

Different from ovn-controller, and meant: a flow is made for every chassis and tagged with its place, instead of being
made again on each chassis; an open set is a clause of a conjunction even with one element, where ovn-controller,
which looks at the local elements only, writes one element into the match.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import NamedTuple

from brume.derive.rules import Output, Problem, derived, rule
from brume.derive.view import View
from brume.expressions.action_context import Position
from brume.expressions.action_parser import ParsedActions, parse_actions
from brume.expressions.errors import ExpressionError
from brume.expressions.expression import Expression
from brume.expressions.flow_match import FlowMatch
from brume.expressions.template import SetTemplate
from brume.openflow.from_southbound.actions.choice import Needs
from brume.openflow.from_southbound.actions.context import CannotEncode, Context
from brume.openflow.from_southbound.actions.encode import encode_steps
from brume.openflow.from_southbound.conjunctions import TooManyConjunctions, first_id
from brume.openflow.from_southbound.matches import openflow_match
from brume.openflow.from_southbound.names import DatapathFacts, Names, datapath_facts, port_facts
from brume.openflow.from_southbound.residences import TooManyResidences, translations
from brume.openflow.messages.actions import Actions, Conjunction
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.flow import Flow
from brume.openflow.registers import INPORT, OUTPORT
from brume.openflow.rows import Residence, SharedFlow, SharedGroup, SharedMeter
from brume.openflow.tables import table_of
from brume.southbound.schema import LogicalDPGroup, LogicalFlow, row_uuid

UNUSABLE = (ExpressionError, CannotEncode, OpenFlowError, TooManyConjunctions, TooManyResidences)


class OpenSet(NamedTuple):
    """A set that a logical flow keeps open on a datapath, and what a flow of its elements looks like."""

    template: SetTemplate
    residence: tuple[Residence, ...]
    frame: Frame


class Frame(NamedTuple):
    """What all OpenFlow flows of one logical flow on one datapath have in common."""

    owner: str
    facts: DatapathFacts
    port: int
    register: str
    table: int
    priority: int
    actions: Actions

    def shared(self, part: int | str, found: FlowMatch, residence: tuple[Residence, ...]) -> SharedFlow:
        """The flow of one match: the logical flow's actions, or a conjunction's clauses."""
        match, named = openflow_match(found.fields, self.facts.key, self.register)
        if found.clauses:
            actions: Actions = tuple(Conjunction(one.id, one.clause + 1, one.count) for one in found.clauses)
            cookie = 0
        else:
            actions, cookie = self.actions, int(self.owner[:8], 16)
        port = self.port or (named if self.facts.is_switch else 0)
        flow = Flow(self.table, self.priority, match, actions, cookie)
        return SharedFlow(
            owner=self.owner, datapath=self.facts.key, port=port, part=part, residence=residence, flow=flow
        )


class Translated(NamedTuple):
    """A logical flow on one datapath: flows that depend on no element, open sets, or why it is unusable."""

    flows: tuple[SharedFlow, ...] = ()
    needs: tuple[SharedGroup | SharedMeter, ...] = ()
    open_sets: tuple[OpenSet, ...] = ()
    error: str = ""


@rule(LogicalFlow)
def translate_logical_flow(flow: LogicalFlow, view: View) -> Iterator[Output]:
    """The flows of a logical flow, but for the elements of its open sets."""
    for datapath in datapaths_of(flow, view):
        if names_sets(flow):
            translated = translated_with_sets(view, flow.key(), datapath)
        else:
            translated = _translate(flow, datapath, view)
        yield from translated.flows
        yield from translated.needs
        if translated.error:
            yield Problem(table="Logical_Flow", row=row_uuid(flow), message=translated.error)


def datapaths_of(flow: LogicalFlow, view: View) -> tuple[str, ...]:
    """The datapaths a logical flow is for."""
    if flow.logical_datapath is not None:
        return (flow.logical_datapath,)
    return view.members(LogicalDPGroup.datapaths, flow.logical_dp_group)


def names_sets(flow: LogicalFlow) -> bool:
    """Whether the match mentions an address set or a port group."""
    return "$" in str(flow.match) or "@" in str(flow.match)


@derived
def translated_with_sets(view: View, key: Hashable, datapath: str) -> Translated:
    """A flow that names sets; remembered, since each element asks for it."""
    flow = view.get(LogicalFlow, key)
    return Translated() if flow is None else _translate(flow, datapath, view)


def _translate(flow: LogicalFlow, datapath: str, view: View) -> Translated:
    facts, port = datapath_facts(view, datapath), _tagged_port(flow, view)
    if facts is None or port is None:
        return Translated()
    names, uuid = Names(view, datapath, facts), row_uuid(flow)
    if names_sets(flow) and not names.have_sets(str(flow.match)):
        return Translated()  # ovn-controller refuses the match, too; the compiler says so
    try:
        parsed = parse_actions(str(flow.actions), Position(flow.table_id, flow.pipeline))
        needs = Needs(uuid)
        frame = _frame(flow, uuid, facts, port, names, parsed, needs)
        translated = _translate_match(str(flow.match), frame, names, parsed.prerequisites)
        return translated._replace(needs=_rows(needs)) if needs.groups or needs.meters else translated
    except UNUSABLE as error:
        return Translated(error=f"{error} (in {flow.match} -> {flow.actions})")


def _rows(needs: Needs) -> tuple[SharedGroup | SharedMeter, ...]:
    groups = (SharedGroup(entry=entry) for entry in needs.groups.values())
    return (*groups, *(SharedMeter(entry=entry) for entry in needs.meters.values()))


def _frame(
    flow: LogicalFlow,
    uuid: str,
    facts: DatapathFacts,
    port: int,
    names: Names,
    parsed: ParsedActions,
    needs: Needs,
) -> Frame:
    cookie, zone = int(uuid[:8], 16), facts.common_nat_zone
    meter = None if flow.controller_meter is None else names.meter(flow.controller_meter)
    context = Context(flow.pipeline, facts.is_switch, names.port, needs, zone, cookie, facts.key, meter, names.meter)
    register = INPORT if flow.pipeline == "ingress" else OUTPORT
    actions = encode_steps(parsed.steps, context)
    return Frame(uuid, facts, port, register, table_of(flow.pipeline, flow.table_id), flow.priority, actions)


def _translate_match(match: str, frame: Frame, names: Names, prerequisites: Expression | None) -> Translated:
    shared: list[SharedFlow] = []
    opened: list[OpenSet] = []
    for residence, translation in translations(match, names, prerequisites, open_sets="$@"):
        used = translation.conjunctions
        offset = first_id(names.view, frame.owner, used) if used else 0
        for found in translation.flows:
            shared.append(frame.shared(len(shared), found.renumbered(offset) if used else found, residence))
        opened += [
            OpenSet(template.renumbered(offset) if used else template, residence, frame)
            for template in translation.templates
        ]
    return Translated(tuple(shared), open_sets=tuple(opened))


def _tagged_port(flow: LogicalFlow, view: View) -> int | None:
    """The port a flow is tagged with: only chassis related to it need the flow. 0 for none, None if it is gone."""
    name = flow.tags.get("in_out_port")
    if name is None:
        return 0
    facts = port_facts(view, name)
    return None if facts is None else facts.key
