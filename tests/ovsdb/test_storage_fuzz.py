"""Whatever stands in a file, opening it gives rows or a `LogError`, and never changes what was whole."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from brume.ovsdb.storage.file import open_file, read_file
from brume.ovsdb.storage.log import LogError, compose
from tests.ovsdb.storage_lab import SHELF, Shelf, content, shelf

Json = Any
ZERO = "00000000-0000-0000-0000-000000000000"
UUIDS = [f"0000000{number}-0000-0000-0000-000000000000" for number in range(4)] + [ZERO, "x"]
HEADER = compose("JSON", json.dumps(SHELF).encode())

atoms: st.SearchStrategy[Json] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=3),
    st.sampled_from(UUIDS).map(lambda uuid: ["uuid", uuid]),
)  # fmt: skip
anything: st.SearchStrategy[Json] = st.recursive(
    atoms,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
sets = st.lists(atoms, max_size=3).map(lambda items: ["set", items])
maps = st.lists(st.lists(atoms, min_size=1, max_size=3), max_size=3).map(lambda items: ["map", items])
values = st.one_of(atoms, sets, maps, anything)
names = st.sampled_from(
    ["name", "weight", "labels", "options", "few", "lid", "things", "seen", "near", "colour", "_uuid"]
)
rows = st.dictionaries(names, values, max_size=3) | st.none() | anything
changes = st.dictionaries(st.sampled_from(UUIDS), rows, max_size=3) | anything
records = st.dictionaries(
    st.sampled_from(["Box", "Thing", "Lid", "_date", "_comment", "_is_diff", "Nothing", "_new"]),
    changes | st.booleans() | st.integers(),
    max_size=4,
)


def held_by(path: Path) -> Json:
    """What a file holds for somebody who only reads it; a short error if it is refused."""
    try:
        return content(read_file(str(path), warn=lambda _: None))
    except LogError as error:
        return str(error)[:1000]


def opened_or_refused(octets: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "shelf.db"
        path.write_bytes(octets)
        held = held_by(path)
        try:
            file = open_file(str(path), shelf(), create=False, warn=lambda _: None)
        except LogError as error:
            assert str(error) == held  # noqa: PT017
            assert path.read_bytes() == octets
            return
        assert content(file.store) == held
        assert path.read_bytes() == octets
        file.compact()
        file.close()
        assert held_by(path) == held


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(records, max_size=4))
@example([{"Box": {UUIDS[1]: {"weight": 1e400}}}])
@example([{"Box": {UUIDS[1]: {"few": ["set", [1, 1]]}}}])
@example([{"Box": {UUIDS[1]: {}}, "_is_diff": True}, {"Box": {UUIDS[1]: {"few": ["set", [0]]}}, "_is_diff": True}])
def test_records_that_say_anything(said: list[Json]) -> None:
    octets = HEADER + b"".join(compose("JSON", json.dumps(record).encode()) for record in said)
    opened_or_refused(octets)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.binary(max_size=80), max_size=3))
@example([b'{"_date":' + b"[" * 100000 + b"]" * 100000 + b"}"])
@example([b'{"_date":1}', b'{"_date":2}\n\n', b'{"_comment":"\xff"}'])
@example([b'{"Box":{"00000000-0000-0000-0000-000000000001":{"name":"\\ud800"}}}'])
@example([b"1" * 5000, b"[]", b"null", b'{"_date":' + b"9" * 5000 + b"}"])
def test_records_of_any_octets(bodies: list[bytes]) -> None:
    opened_or_refused(HEADER + b"".join(compose("JSON", body) for body in bodies))


def whole_file() -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        box = Shelf(Path(directory) / "shelf.db")
        box.add_box("a", labels=["set", ["x", "y"]], options=["map", [["k", "v"]]])
        box.add_thing("t")
        box.update("Box", weight=2.5)
        box.close()
        return box.path.read_bytes()


WHOLE = whole_file()


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, len(WHOLE)), st.integers(0, 60), st.binary(max_size=40))
@example(len(WHOLE), 0, b"OVSDB JSON 99999999999999999999 " + b"0" * 40 + b"\n")
@example(len(WHOLE), 0, b"OVSDB JSON " + b"9" * 5000 + b" " + b"0" * 40 + b"\n")
@example(len(WHOLE), 0, b"OVSDB JSON 0 " + b"0" * 40 + b"\n")
def test_damage_anywhere(position: int, length: int, octets: bytes) -> None:
    opened_or_refused(WHOLE[:position] + octets + WHOLE[position + length :])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_files_of_any_octets(octets: bytes) -> None:
    opened_or_refused(octets)
