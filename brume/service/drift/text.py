"""How drift is said: for people, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from brume.ovsdb.columns import Column
from brume.ovsdb.data import Datum, datum_to_json
from brume.ovsdb.data_text import print_atom, print_datum
from brume.service.drift.report import HandRow, Place, Report, Righted
from brume.tables.map import Map

NOTHING = "Nothing by hand, and nothing was put right: NB and SB are what the cloud derives."
SHOWN = 5
"""How many rows of the cloud are told that a row by hand refers to."""
DATABASES = {"OVN_Northbound": "NB", "OVN_Southbound": "SB"}


def render(report: Report) -> Iterator[str]:
    """Line by line."""
    if not report:
        yield NOTHING
        return
    if report.by_hand:
        yield f"Written by hand into NB, kept and compiled ({len(report.by_hand)}):"
        for row in report.by_hand:
            yield f"  {row.table} {row.uuid} {row.label}".rstrip()
            for place in row.places:
                yield f"      in {_place(place)}"
            for place in row.uses[:SHOWN]:
                yield f"      has {place.resource} in column {place.column}"
            if len(row.uses) > SHOWN:
                yield f"      and {len(row.uses) - SHOWN} more of the cloud"
    if report.total:
        shown = len(report.righted)
        which = str(shown) if shown == report.total else f"the last {shown} of {report.total}"
        yield f"Put right since the start ({which}):"
        for one in report.righted:
            yield f"  {_moment(one.time)} {DATABASES[one.database]} {_what(one)}"
            yield f"      {_deed(one)}"


def _place(place: Place) -> str:
    behind = f" ({place.resource})" if place.resource else ""
    return f"{place.table} {place.label}{behind}, column {place.column}"


def _moment(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _what(one: Righted) -> str:
    behind = f", derived from {one.resource}" if one.resource else ""
    return f"{one.table} {one.uuid} {one.label}".rstrip() + behind


def _deed(one: Righted) -> str:
    if one.element is not None:
        column = one.column.name if one.column is not None else "?"
        if one.action == "removed":
            return f"{column}: {one.element} had been added; removed"
        return f"{column}: {one.element} had been taken out; added again"
    if one.action == "written again":
        return "had been deleted; written again"
    if one.action == "removed":
        return f"was by hand; removed, because {one.because}" if one.because else "no rule makes it; removed"
    if one.column is None or one.found is None or one.put is None:
        return one.action
    return f"{one.column.name}: {_difference(one.column, one.found, one.put)}"


def _difference(column: Column, found: Datum, put: Datum) -> str:
    """What was changed: of a map the pairs, of a set the elements, of anything else the whole."""
    if isinstance(found, Map) and isinstance(put, Map):
        return "; ".join(_pairs(column, found, put))
    if column.type.is_set and not column.type.is_optional:
        extra, missing = sorted(frozenset(found) - frozenset(put)), sorted(frozenset(put) - frozenset(found))
        said = [f"{print_atom(column.type.key, atom)} had been added; removed" for atom in extra]
        return "; ".join(said + [f"{print_atom(column.type.key, a)} had been taken out; added again" for a in missing])
    return f"was {print_datum(column.type, found)}; {print_datum(column.type, put)} again"


def _pairs(column: Column, found: Map[Any, Any], put: Map[Any, Any]) -> Iterator[str]:
    value = column.type.value
    assert value is not None
    for key in sorted(found.keys() | put.keys()):
        if key not in put:
            yield f"{key}={print_atom(value, found[key])} had been added; removed"
        elif key not in found:
            yield f"{key} had been taken out; {key}={print_atom(value, put[key])} again"
        elif found[key] != put[key]:
            yield f"{key} was {print_atom(value, found[key])}; {print_atom(value, put[key])} again"


def as_json(report: Report) -> dict[str, Any]:
    """For programs: values as OVSDB's JSON."""
    return {
        "by_hand": [_hand_json(row) for row in report.by_hand],
        "put_right": [_righted_json(one) for one in report.righted],
        "put_right_count": report.total,
    }


def _hand_json(row: HandRow) -> dict[str, Any]:
    return {
        "table": row.table,
        "uuid": row.uuid,
        "name": row.label,
        "in": [place._asdict() for place in row.places],
        "has": [place._asdict() for place in row.uses],
    }


def _righted_json(one: Righted) -> dict[str, Any]:
    found = {
        "time": _moment(one.time).replace(" ", "T") + "Z",
        "database": one.database,
        "table": one.table,
        "uuid": one.uuid,
        "name": one.label,
        "done": one.action,
        "derived_from": one.resource,
    }
    if one.column is not None:
        found["column"] = one.column.name
        if one.found is not None and one.put is not None:
            found["from"] = datum_to_json(one.column.type, one.found)
            found["to"] = datum_to_json(one.column.type, one.put)
    if one.element is not None:
        found["element"] = one.element
    if one.because:
        found["because"] = one.because
    return found
