"""Somebody with a client of their own on the northbound, and the question whether its references all hold."""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import Any

from brume.northbound.hands import DERIVED, is_free, is_free_member
from brume.northbound.schema import NORTHBOUND
from brume.ovsdb.columns import columns
from brume.ovsdb.rows import column_datum
from brume.ovsdb.schema import Schema
from brume.ovsdb.store import Store, reference_atoms
from brume.ovsdb.transact import transact
from brume.tables.database import Database
from brume.values import format_uuid

Json = Any


class Hand:
    """Writes transactions as `ovn-nbctl` does."""

    def __init__(self, northbound: Database) -> None:
        self.store = Store(northbound, NORTHBOUND)
        self._numbers = count(1)

    def send(self, *operations: Json) -> Json:
        """The results, whatever they are."""
        request = ["OVN_Northbound", *operations]
        return transact(
            self.store, request, new_uuid=lambda: format_uuid(next(self._numbers).to_bytes(16, "big"))
        ).results

    def do(self, *operations: Json) -> list[str]:
        """The uuids that inserts gave; what is refused is a mistake of the test."""
        results = self.send(*operations)
        assert not any("error" in result for result in results if result), results
        return [result["uuid"][1] for result in results if "uuid" in result]

    def add(self, table: str, parent: str, column: str, child: str, **row: Json) -> str:
        """A row of `child` in a column of a row of `table`."""
        return self.do(
            {"op": "insert", "table": child, "uuid-name": "new", "row": row},
            mutate(table, parent, column, "insert", ["named-uuid", "new"]),
        )[0]

    def acl(self, switch: str, match: str, **more: Json) -> str:
        row = {"priority": 2000, "direction": "to-lport", "action": "drop", "match": match}
        return self.add("Logical_Switch", switch, "acls", "ACL", **(row | more))

    def port(self, switch: str, name: str, **more: Json) -> str:
        return self.add("Logical_Switch", switch, "ports", "Logical_Switch_Port", name=name, **more)

    def set(self, table: str, uuid: str, **values: Json) -> None:
        self.do({"op": "update", "table": table, "where": where(uuid), "row": values})

    def delete(self, table: str, uuid: str) -> None:
        self.do({"op": "delete", "table": table, "where": where(uuid)})


def where(uuid: str) -> Json:
    return [["_uuid", "==", ["uuid", uuid]]]


def mutate(table: str, uuid: str, column: str, mutator: str, value: Json) -> Json:
    return {"op": "mutate", "table": table, "where": where(uuid), "mutations": [[column, mutator, value]]}


def assert_sound(database: Database, schema: Schema = NORTHBOUND) -> None:
    """References name rows, rows of non-root tables are referred to, indexes are unique, elements have their row."""
    store = Store(database, schema)
    held: Counter[str] = Counter()
    for table in store.tables.values():
        for row in table.rows():
            for column in columns(table.row_type).values():
                datum = column_datum(database, row, column)
                assert len(datum) >= column.type.minimum, (row, column.name)
                for weak in (True, False):
                    for name, uuid in reference_atoms(column, datum, weak=weak):
                        assert store.tables[name].row(uuid) is not None, f"{row} {column.name} refers to {uuid}"
                        held[uuid] += not weak
        for names in table.unique:
            values = [tuple(getattr(row, table.columns[name].attribute) for name in names) for row in table.rows()]
            assert len(set(values)) == len(values), (table.name, values)
    for table in store.tables.values():
        rows = {row.uuid for row in table.rows()}
        if not table.declaration.is_root:
            assert all(held[uuid] for uuid in rows), f"an orphan in {table.name}"
        for column in columns(table.row_type).values():
            if column.relation is not None:
                assert {member.parent for member in database.all_members(column.relation)} <= rows


def derived_part(northbound: Database) -> tuple[Any, Any]:
    """What of the northbound is the rules', without the columns that agents write."""
    rows = {
        (kind, *(getattr(row, name) for name in kind.__struct_fields__ if name not in kind.OBSERVED))
        for kind in DERIVED
        for row in northbound.rows(kind)
        if not is_free(kind, row.key())
    }
    relations = [c.relation for kind in NORTHBOUND.tables.values() for c in columns(kind).values() if c.relation]
    members = {m for relation in relations for m in northbound.all_members(relation) if not is_free_member(m)}
    return rows, members


def hand_rows(northbound: Database) -> set[Any]:
    """What of it is the hand's."""
    kinds = NORTHBOUND.tables.values()
    return {row for kind in kinds for row in northbound.rows(kind) if is_free(kind, row.key())}
