"""Recorded reality: a southbound database and the flows real ovn-controllers made of it, as our rows and flows.

Made with ovn-northd and ovn-controller 23.03.1 on a dummy datapath; two chassis, hv1 and hv2.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from brume.openflow.messages.flow import Flow
from brume.openflow.messages.flow_text import parse_flow
from brume.southbound import schema
from brume.southbound.schema import LogicalFlow
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from brume.tables.row import Relation, Row

DIRECTORY = Path(__file__).parent.parent / "data/openflow/real"
CLASSES: dict[str, type[Row]] = {
    found.TABLE.name: found
    for found in vars(schema).values()
    if isinstance(found, type) and issubclass(found, Row) and hasattr(found, "TABLE")
}


class Recorded:
    """One recorded network."""

    def __init__(self, name: str) -> None:
        self.name = name
        document = json.loads((DIRECTORY / f"{name}.json").read_text())
        self.chassis: dict[str, Any] = document["chassis"]
        self.southbound = Database("recorded southbound")
        transaction = Transaction()
        for table, content in document["southbound"].items():
            for values in content["rows"]:
                self._put(transaction, CLASSES[table], dict(zip(content["columns"], values, strict=True)))
        self.southbound.apply(transaction)

    def _put(self, transaction: Transaction, row_type: type[Row], columns: dict[str, Any]) -> None:
        uuid = columns.pop("_uuid")[1]
        fields: dict[str, Any] = {"given_uuid" if row_type is LogicalFlow else "uuid": uuid}
        defaults = {field.name: field.default for field in msgspec.structs.fields(row_type)}
        for column, value in columns.items():
            kind = getattr(row_type, column, None)
            if isinstance(kind, Relation):
                for child in elements(value):
                    transaction.add(kind, uuid, child)
            elif column in defaults:
                fields[column] = converted(value, defaults[column])
        transaction.put(row_type(**fields))

    def flows(self, chassis: str) -> list[Flow]:
        """What the real ovn-controller installed in br-int."""
        lines = (DIRECTORY / f"{self.name}.{chassis}.flows").read_text().splitlines()
        return [parse_flow(line) for line in lines]


def elements(value: Any) -> list[Any]:
    """The atoms of a set column in OVSDB's JSON."""
    return [atom(one) for one in (value[1] if isinstance(value, list) and value[0] == "set" else [value])]


def atom(value: Any) -> Any:
    return value[1] if isinstance(value, list) and value[0] == "uuid" else value


def converted(value: Any, default: Any) -> Any:
    """A column's value as the field of a row."""
    if isinstance(default, frozenset):
        return frozenset(elements(value))
    if isinstance(default, Map):
        return Map({atom(key): atom(one) for key, one in value[1]})
    if isinstance(value, list) and value[0] == "set":
        return atom(value[1][0]) if value[1] else None
    return atom(value)
