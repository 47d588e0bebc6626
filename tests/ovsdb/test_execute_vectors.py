"""Open vSwitch's own tests of transactions, run on our store: the same requests, the same answers."""

from __future__ import annotations

import json
import re
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from brume.ovsdb.json_text import print_json
from brume.ovsdb.schema_reader import read_schema
from brume.ovsdb.store import Store
from brume.ovsdb.transact import transact
from brume.tables.database import Database
from brume.values import derive_uuid

VECTORS = Path(__file__).parent.parent / "data" / "ovsdb" / "execute.json"
CASES = json.loads(VECTORS.read_text())["cases"]
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NEWER = (
    # said by Open vSwitch's main branch, and what 3.1 says instead
    'already present within the \\"ordinals\\" table or deleted from this table within',
    "already present within the table or deleted within",
)


def named(text: str, kept: str) -> str:
    """The text with uuids as <0>, <1>, ... in the order they come; those that are in `kept` stay."""
    names: dict[str, str] = {}
    return UUID.sub(lambda m: m[0] if m[0] in kept else names.setdefault(m[0], f"<{len(names)}>"), text)


@pytest.mark.parametrize("case", CASES, ids=[case["title"].removeprefix("ovsdb - ") for case in CASES])
def test_the_answers_are_those_of_open_vswitch(case: dict[str, Any]) -> None:
    store = Store(Database("test"), read_schema(case["schema"]))
    numbers = count()
    answers = []
    for request in case["transactions"]:
        operations = json.loads(request) if isinstance(request, str) else request
        outcome = transact(
            store,
            operations,
            new_uuid=lambda: derive_uuid("row", next(numbers)),
            read_only=case["mode"] == "execute-readonly",
        )
        answers.append(print_json(outcome.results))
    expected = "\n".join(print_json(answer) for answer in case["expected"]).replace(*NEWER)
    assert named("\n".join(answers), expected) == expected
