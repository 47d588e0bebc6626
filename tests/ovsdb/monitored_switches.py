"""Switches that are watched: what tests of monitors do to them, and what they are told of one. A helper, not a test."""

from __future__ import annotations

from tests.ovsdb.conversations import Json

SWITCHES = {"Logical_Switch": [{"columns": ["name", "ports", "external_ids"]}]}


def update_switch(name: str, /, **columns: Json) -> Json:
    """An operation that writes columns of a switch."""
    return {"op": "update", "table": "Logical_Switch", "where": [["name", "==", name]], "row": columns}


def delete_switch(name: str) -> Json:
    """An operation that deletes a switch."""
    return {"op": "delete", "table": "Logical_Switch", "where": [["name", "==", name]]}


def the_switch(told: Json) -> Json:
    """What an update says of its one switch."""
    (row,) = told["params"][-1]["Logical_Switch"].values()
    return row
