"""Filling a plan with a match's constants: the last step of the short way from a match to its flows."""

from collections.abc import Sequence

from .conversion import Fields, PortNumber, constrain_number
from .flow_match import Clause, FieldMatch, FlowMatch, flow_match, merge_matches
from .normal_form import widest
from .plan import Conjunct, Dimension, Fill, Plan
from .slots import PORT_MASK, Cube, Filling
from .template import SetReference, SetTemplate

Filled = tuple[tuple[FlowMatch, ...], int, tuple[SetTemplate, ...]]
_Opened = list[tuple[SetReference, Fill]]
_Filled = tuple[list[Cube], _Opened]
"""A dimension's allowed values, and the sets that may allow more."""


def fill(plan: Plan, filling: Filling, port_number: PortNumber) -> Filled | None:
    """(flows, conjunctions, templates); None when the constants make a different structure after all."""
    flows: list[FlowMatch] = []
    templates: list[SetTemplate] = []
    conjunctions = 0
    for conjunct in plan.conjuncts:
        fields = _fill_fields(conjunct, filling, port_number)
        if fields is None:
            continue
        if not conjunct.dimensions:
            flows.append(flow_match(fields))
            continue
        filled = [_fill_dimension(dimension, filling, port_number) for dimension in conjunct.dimensions]
        if any(not cubes and not opened for cubes, opened in filled):
            continue
        if len(filled) > 1:
            if any(map(_is_no_dimension, filled, conjunct.dimensions)):
                return None
            conjunctions += 1
            flows.append(flow_match(fields | {"conj_id": (conjunctions, 0xFFFFFFFF)}))
        for number, (cubes, opened) in enumerate(filled):
            clauses = (Clause(conjunctions, number, len(filled)),) if len(filled) > 1 else ()
            flows += _alternatives(fields, conjunct.dimensions[number], cubes, clauses)
            templates += _templates(fields, opened, clauses)
    if len(plan.conjuncts) > 1 or conjunctions:
        flows = merge_matches(flows)
    return tuple(flows), conjunctions, tuple(templates)


def _is_no_dimension(filled: _Filled, dimension: Dimension) -> bool:
    """Whether one value is left of several: had that been known before, there would be no dimension."""
    cubes, opened = filled
    return len(cubes) == 1 and not opened and _has_several(dimension)


def _has_several(dimension: Dimension) -> bool:
    """Whether the values come from several places, so that some may be superfluous."""
    return len(dimension.fills) + len(dimension.cubes) + len(dimension.names) > 1


def _fill_fields(conjunct: Conjunct, filling: Filling, port_number: PortNumber) -> Fields | None:
    """The fields that have one value; None when one of them is a port that is not there."""
    fields = dict(conjunct.fixed)
    for registers, name in conjunct.ports:
        number = port_number(name)
        if number is None:
            return None
        fields[registers[0][0]] = (number, 0xFFFFFFFF)
    for one in conjunct.fills:
        values = filling.values[one.slot]
        if not values:
            return None
        constrain_number(fields, one.registers, *_put(values[0], one))
    return fields


def _put(cube: Cube, place: Fill) -> Cube:
    """The slot's value at its place in the field."""
    return cube[0] << place.offset, cube[1] << place.offset


def _fill_dimension(dimension: Dimension, filling: Filling, port_number: PortNumber) -> _Filled:
    """The field's allowed values, and the sets that may allow more."""
    numbers = [number for number in map(port_number, dimension.names) if number is not None]
    cubes = [*dimension.cubes, *((number, PORT_MASK) for number in numbers)]
    opened: _Opened = []
    for one in dimension.fills:
        cubes += [_put(cube, one) for cube in filling.values[one.slot]]
        opened += [(reference, one) for reference in filling.references.get(one.slot, ())]
    return (widest(cubes) if _has_several(dimension) else cubes), opened


def _alternatives(
    fields: Fields, dimension: Dimension, cubes: Sequence[Cube], clauses: tuple[Clause, ...]
) -> list[FlowMatch]:
    """One flow for each value of the dimension."""
    name = dimension.registers[0][0]
    if len(dimension.registers) == 1 and name not in fields:
        before, after = _around(fields, name)
        return [
            FlowMatch((*before, (name, value, mask), *after) if mask else before + after, clauses)
            for value, mask in cubes
        ]
    flows: list[FlowMatch] = []
    for value, mask in cubes:
        joined = dict(fields)
        constrain_number(joined, dimension.registers, value, mask)
        flows.append(flow_match(joined, clauses))
    return flows


def _around(fields: Fields, name: str) -> tuple[tuple[FieldMatch, ...], tuple[FieldMatch, ...]]:
    """The fields in order, those before `name` and those after."""
    ordered = flow_match(fields).fields
    return tuple(one for one in ordered if one[0] < name), tuple(one for one in ordered if one[0] > name)


def _templates(fields: Fields, opened: _Opened, clauses: tuple[Clause, ...]) -> list[SetTemplate]:
    base = flow_match(fields).fields if opened else ()
    return [SetTemplate(reference, base, clauses, one.registers, one.offset, one.bits) for reference, one in opened]
