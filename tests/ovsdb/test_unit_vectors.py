"""Open vSwitch's own unit tests of types, values, schemas, conditions, mutations, queries and transactions.

Each case is a command of its `test-ovsdb` program, played here on our functions; it must print what that prints.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest

from brume.ovsdb.columns import Column, all_columns, columns
from brume.ovsdb.conditions import clause_to_json, read_condition
from brume.ovsdb.data import (
    atom_from_json,
    atom_to_json,
    datum_from_json,
    datum_order,
    datum_to_json,
    default_atom,
    default_datum,
    from_field,
    to_field,
)
from brume.ovsdb.data_text import print_atom, print_datum
from brume.ovsdb.data_text_reader import TextError, read_atoms, read_datum
from brume.ovsdb.differences import apply_difference, difference
from brume.ovsdb.errors import OvsdbError
from brume.ovsdb.json_text import print_json
from brume.ovsdb.mutations import read_mutations
from brume.ovsdb.schema import Schema, base_to_json, column_to_json, table_to_json, type_to_json
from brume.ovsdb.schema_reader import read_base, read_column, read_column_names, read_schema, read_type
from brume.ovsdb.storage.contents import change as change_in_place
from brume.ovsdb.storage.contents import frozen
from brume.ovsdb.storage.readers import stored_column
from brume.ovsdb.store import Store
from brume.ovsdb.types import AtomType, BaseType, ColumnType
from brume.ovsdb.work import Work
from brume.tables.database import Database
from brume.tables.map import Map

CASES = json.loads((Path(__file__).parent.parent / "data" / "ovsdb" / "units.json").read_text())["cases"]
ELSEWHERE = {"log-io": "test_log_vectors.py", "--magic=MORE_MAGIC": "test_log_vectors.py"}
ZERO = "00000000-0000-0000-0000-000000000000"


def unboxed(text: str) -> Any:
    value = json.loads(text)
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def table_of(text: str) -> Store:
    schema = read_schema({"name": "mydb", "tables": {"mytable": unboxed(text)}})
    return Store(Database("test"), schema)


def filled(text: str, rows: str) -> tuple[Store, Work, list[str]]:
    """A table with rows, not yet committed; and their uuids."""
    store = table_of(text)
    table = store.tables["mytable"]
    work = Work(store, lambda: ZERO)
    uuids = []
    for number, row in enumerate(json.loads(rows)):
        uuids.append(f"{number:08x}-0000-0000-0000-000000000000")
        work.insert(table, uuids[-1], {name: table.codecs[name].read(value, None) for name, value in row.items()})
    return store, work, uuids


def grouped(marks: str) -> str:
    return " ".join(marks[start : start + 5] for start in range(0, len(marks), 5))


def parse_atomic_type(text: str) -> list[str]:
    return [print_json(base_to_json(read_base(unboxed(text))))]


def parse_base_type(text: str) -> list[str]:
    return [print_json(base_to_json(read_base(unboxed(text))))]


def parse_type(text: str) -> list[str]:
    return [print_json(type_to_json(read_type(unboxed(text))))]


def parse_atoms(text: str, *atoms: str) -> list[str]:
    base = read_base(unboxed(text))
    return [
        said(lambda atom=atom: print_json(atom_to_json(base, atom_from_json(base, unboxed(atom))))) for atom in atoms
    ]


def sort_atoms(text: str, atoms: str) -> list[str]:
    base = read_base(unboxed(text))
    found = sorted(atom_from_json(base, atom) for atom in json.loads(atoms))
    return [print_json([atom_to_json(base, atom) for atom in found])]


def parse_data(text: str, *data: str) -> list[str]:
    kind = read_type(unboxed(text))
    return [print_json(datum_to_json(kind, datum_from_json(kind, unboxed(datum)))) for datum in data]


def parse_column(name: str, text: str) -> list[str]:
    return [print_json(column_to_json(read_column(json.loads(text), name)))]


def parse_table(name: str, text: str, default_is_root: str = "false") -> list[str]:
    schema = read_schema(
        {
            "name": "mydb",
            "tables": {name: json.loads(text), "other": {"columns": {"a": {"type": "integer"}}, "isRoot": True}},
        }
    )
    return [print_json(table_to_json(schema.tables[name], default_is_root == "true"))]


def parse_schema(text: str) -> list[str]:
    schema: Schema = read_schema(json.loads(text))
    return [print_json(schema.to_json())]


def parse_rows(text: str, *rows: str) -> list[str]:
    row_type = table_of(text).tables["mytable"].row_type
    lines = []
    for row in rows:
        given = {name: datum_from_json(columns(row_type)[name].type, value) for name, value in json.loads(row).items()}
        whole = {
            name: datum_to_json(column.type, given.get(name, default_datum(column.type)))
            for name, column in all_columns(row_type).items()
        }
        lines += [print_json(whole), ", ".join(sorted(given)) or "<none>"]
    return lines


def compare_rows(text: str, *rows: str) -> list[str]:
    row_type = table_of(text).tables["mytable"].row_type
    made = []
    for name, row in map(json.loads, rows):
        given = {key: datum_from_json(columns(row_type)[key].type, value) for key, value in row.items()}
        made.append((name, [given.get(key, default_datum(column.type)) for key, column in columns(row_type).items()]))
    return [f"{one[0]} == {other[0]}" for one, other in combinations(made, 2) if one[1] == other[1]]


def parse_conditions(text: str, *conditions: str) -> list[str]:
    known = table_of(text).tables["mytable"].columns
    return [
        said(
            lambda item=item: print_json(
                [clause_to_json(one) for one in read_condition("mytable", known, json.loads(item))]
            )
        )
        for item in conditions
    ]


def evaluate_conditions(text: str, conditions: str, rows: str) -> list[str]:
    return ask(text, rows, conditions, "condition", lambda _: "T")


def query(text: str, rows: str, conditions: str) -> list[str]:
    return ask(text, rows, conditions, "query", lambda _: "1")


def ask(text: str, rows: str, conditions: str, word: str, mark: Callable[[int], str]) -> list[str]:
    """Each condition put to the rows twice: while they are drafts, and when they are stored (with indexes)."""
    store, work, uuids = filled(text, rows)
    table = store.tables["mytable"]
    lines = []
    for again in (work, Work(store, lambda: ZERO)):
        lines = []
        for number, item in enumerate(json.loads(conditions)):
            found = {row.uuid for row in again.find(table, read_condition("mytable", table.columns, item))}
            marks = "".join(mark(index) if uuid in found else "-" for index, uuid in enumerate(uuids))
            lines.append(f"{word} {number:2}: {grouped(marks)}")
        if again is work:
            drafted = lines
            work.store.database.apply(work.transaction())
    assert drafted == lines
    return lines


def query_distinct(text: str, rows: str, conditions: str, names: str) -> list[str]:
    store, work, uuids = filled(text, rows)
    table = store.tables["mytable"]
    by = [table.columns[name] for name in read_column_names(json.loads(names), table.columns)]
    drafts = work.drafts.get("mytable", {})
    values = [tuple(drafts[uuid].datum(column) for column in by) for uuid in uuids]
    letters = {value: "abcdefghijklmnopqrstuvwxyz"[number] for number, value in enumerate(dict.fromkeys(values))}
    lines = []
    for number, item in enumerate(json.loads(conditions)):
        found = {
            tuple(row.datum(column) for column in by)
            for row in work.find(table, read_condition("mytable", table.columns, item))
        }
        marks = "".join(letters[value] if value in found else "-" for value in values)
        lines.append(f"query {number:2}: {grouped(marks)}")
    return lines


def compare_conditions(text: str, conditions: str) -> list[str]:
    known = table_of(text).tables["mytable"].columns
    order = ("false", "true", "==", "includes", "<=", "<", ">=", ">", "excludes", "!=")
    found = [
        [
            (order.index(one.function), one.column.name if one.column else "", datum_order(one.argument))
            for one in read_condition("mytable", known, item)
        ]
        for item in json.loads(conditions)
    ]
    keys = [(len(item), item) for item in found]
    return [f"condition {n}-{n + 1}: {(keys[n] > keys[n + 1]) - (keys[n] < keys[n + 1])}" for n in range(len(keys) - 1)]


def parse_mutations(text: str, *mutations: str) -> list[str]:
    known = table_of(text).tables["mytable"].columns

    def shown(item: str) -> str:
        read = read_mutations("mytable", known, json.loads(item))
        return print_json([[one.column.name, one.mutator, list(one.argument)] for one in read])

    return [said(lambda item=item: shown(item)) for item in mutations]


def execute_mutations(text: str, mutations: str, rows: str) -> list[str]:
    lines = []
    for number, item in enumerate(json.loads(mutations)):
        lines.append(f"mutation {number:2}:")
        store, work, uuids = filled(text, rows)
        work.store.database.apply(work.transaction())
        table = store.tables["mytable"]
        work = Work(store, lambda: ZERO)
        for index, uuid in enumerate(uuids):
            draft = work.draft(table, uuid)
            assert draft is not None

            def run(draft: Any = draft, item: Any = item, table: Any = table) -> str:
                for mutation in read_mutations("mytable", table.columns, item):
                    draft.mutate(mutation)
                changed = [column for column in columns(table.row_type).values() if draft.changed(column)]
                shown = {column.name: datum_to_json(column.type, draft.datum(column)) for column in changed}
                return print_json(shown) if shown else "no change"

            lines.append(f"row {index}: {said(run)}")
        lines.append("")
    return lines[:-1]


def transact(*commands: str) -> list[str]:
    store = table_of('{"columns": {"i": {"type": "integer"}, "j": {"type": "integer"}}}')
    table = store.tables["mytable"]
    work = Work(store, lambda: ZERO)
    lines = []
    for command in commands:
        word, *arguments = unboxed(command) if command.count('"') > 2 else (unboxed(command),)
        lines.append(" ".join([word, *arguments]) + ":")
        if word == "commit":
            work.store.database.apply(work.transaction())
        if word in ("commit", "abort"):
            work = Work(store, lambda: ZERO)
        elif word == "print":
            lines += sorted(shown(row) for row in work.find(table, []))
        else:
            change(work, table, word, *map(int, arguments))
    return lines


def shown(row: Any) -> str:
    (i,), (j,) = row.datum(row.table.columns["i"]), row.datum(row.table.columns["j"])
    return f"{int(row.uuid[-4:])}: i={i}, j={j}"


def change(work: Work, table: Any, word: str, number: int, i: int = -1, j: int = -1) -> None:
    uuid = f"00000000-0000-0000-0000-{number:012}"
    if word == "insert":
        work.insert(table, uuid, {"i": frozenset((i,)), "j": frozenset((j,))})
        return
    draft = work.draft(table, uuid)
    assert draft is not None
    if word == "delete":
        work.delete(draft)
        return
    for name, value in (("i", i), ("j", j)):
        if value != -1:
            draft.write(table.columns[name], frozenset((value,)))


def parse_atom_strings(text: str, *atoms: str) -> list[str]:
    base = read_base(unboxed(text))
    lines = []
    for atom in atoms:
        found = read_atoms(base, atom)
        ends = found if len(found) == 1 else [found[0], found[-1]]
        lines.append("-".join(print_atom(base, one) for one in ends))
    return lines


def parse_data_strings(text: str, *data: str) -> list[str]:
    kind = read_type(unboxed(text))
    return [print_datum(kind, read_datum(kind, datum)) for datum in data]


def diff_data(text: str, *data: str) -> list[str]:
    """Differences in both ways they are applied: to a datum, and in a log file to values that change in place."""
    kind = read_type(unboxed(text))
    column = stored_column(Column("it", "it", kind))
    lines = []
    for one, other in zip(data[::2], data[1::2], strict=True):
        old, new = datum_from_json(kind, unboxed(one)), datum_from_json(kind, unboxed(other))
        changed = difference(kind, old, new)
        applied = apply_difference(kind, old, changed)
        held = to_field(kind, old)
        read = column.changed(datum_to_json(kind, changed), None)
        in_place = from_field(kind, frozen(change_in_place(held, read) if column.composite else read))
        assert applied == new == in_place
        for what, datum in (("diff", changed), ("apply diff", applied), ("apply diff in place", in_place)):
            lines.append(f"{what}: {print_json(datum_to_json(kind, datum))}")
        lines.append("OK")
    return lines


DEFAULTS = {"integer": 0, "real": 0.0, "boolean": False, "string": "", "uuid": ZERO}


def default_atoms() -> list[str]:
    return [f"{kind.value}: {verdict(default_atom(BaseType(kind)), DEFAULTS[kind.value])}" for kind in AtomType]


def default_data() -> list[str]:
    lines = []
    for least, key, value in product((0, 1), AtomType, (None, *AtomType)):
        kind = ColumnType(BaseType(key), None if value is None else BaseType(value), least)
        default: Any = frozenset([DEFAULTS[key.value]][:least])
        if value is not None:
            default = Map(dict.fromkeys(default, DEFAULTS[value.value]))
        name = "void" if value is None else value.value
        lines.append(f"key {key.value}, value {name}, n_min {least}: {verdict(default_datum(kind), default)}")
    return lines


def verdict(found: Any, right: Any) -> str:
    return "OK" if found == right and type(found) is type(right) else "wrong"


def said(function: Callable[[], str]) -> str:
    try:
        return function()
    except OvsdbError as error:
        return str(error)


PLAYED: dict[str, Callable[..., list[str]]] = {
    name.replace("_", "-"): globals()[name]
    for name in (
        "parse_atomic_type", "parse_base_type", "parse_type", "parse_atoms", "sort_atoms", "parse_data", "parse_column",
        "parse_table", "parse_schema", "parse_rows", "compare_rows", "parse_conditions", "evaluate_conditions",
        "compare_conditions", "parse_mutations", "execute_mutations", "query", "query_distinct", "transact",
        "parse_atom_strings", "parse_data_strings", "diff_data", "default_atoms", "default_data",
    )
}  # fmt: skip


def test_every_command_is_played() -> None:
    assert {case["args"][0] for case in CASES} == PLAYED.keys() | ELSEWHERE.keys()
    for name in ELSEWHERE.values():
        assert (Path(__file__).parent / name).exists()


CASES_PLAYED = [case for case in CASES if case["args"][0] in PLAYED]


@pytest.mark.parametrize("case", CASES_PLAYED, ids=[case["title"].removeprefix("ovsdb - ") for case in CASES_PLAYED])
def test_what_test_ovsdb_prints(case: dict[str, Any]) -> None:
    command, *arguments = (argument for argument in case["args"] if argument != "--")
    try:
        lines = PLAYED[command](*arguments)
    except (OvsdbError, TextError) as error:
        lines = [str(error)]
    if "stdout" in case:
        expected = [line for line in case["stdout"].splitlines() if not line.startswith("hash(")]
        assert lines == expected
    else:
        assert case["error_contains"].replace("test-ovsdb: ", "") in "\n".join(lines)
