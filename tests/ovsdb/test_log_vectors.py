"""Open vSwitch's own unit tests of log files: each is a story of `test-ovsdb log-io` commands on one file.

The vectors hold most commands of each story; what happens between them (another command, or somebody who spoils the
file with `sed`) is told here, as in `ovsdb-log.at`. Not compared: how the JSON parser words its complaint.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brume.ovsdb.errors import OvsdbError
from brume.ovsdb.json_text import print_json
from brume.ovsdb.storage.log import Log, Mode, compose

CASES = json.loads((Path(__file__).parent.parent / "data" / "ovsdb" / "units.json").read_text())["cases"]
MODES = {
    "read-only": Mode.READ_ONLY,
    "read/write": Mode.READ_WRITE,
    "create": Mode.CREATE,
    "create-excl": Mode.CREATE_EXCLUSIVE,
}
THREE = ["create", *(f'write:{{"x":{number}}}' for number in range(3))]


def log_io(name: str, mode: str, *commands: str, magic: str = "JSON") -> list[str]:
    log = Log(name, MODES[mode], magic)
    lines = [f"{name}: open successful"]
    replacement: Log | None = None
    try:
        for command in commands:
            target, shown, order = log, name, command.removeprefix("old-").removeprefix("new-")
            if command.startswith("new-"):
                assert replacement is not None
                target, shown = replacement, "(temp)"
            try:
                if order == "replace_start":
                    replacement = log.start_replacement()
                elif order.startswith("replace_"):
                    assert replacement is not None
                    end = log.commit_replacement if order == "replace_commit" else log.abort_replacement
                    end(replacement)
                else:
                    lines += read_or_write(target, shown, order)
                    continue
            except OvsdbError as error:
                lines.append(f"{shown}: {order} failed: {error}")
            else:
                lines.append(f"{shown}: {order} successful")
    finally:
        log.close()
    return lines


def read_or_write(log: Log, shown: str, order: str) -> list[str]:
    if order == "read":
        found = log.read()
        return [f"{shown}: read: {'end of log' if found is None else print_json(found)}"]
    if order == "commit":
        log.commit()
    else:
        log.write(compose(log.magic, order.removeprefix("write:").encode()))
    return [f"{shown}: {order} successful"]


def earlier(*commands: list[str]) -> Callable[[Path], object]:
    def act(_: Path) -> None:
        for command in commands:
            log_io("file", *command)

    return act


def spoil(old: bytes, new: bytes) -> Callable[[Path], object]:
    return lambda file: file.write_bytes(file.read_bytes().replace(old, new))


def append(octets: bytes) -> Callable[[Path], object]:
    return lambda file: file.write_bytes(file.read_bytes() + octets)


def both(*actions: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda file: [action(file) for action in actions]


REPLACE = ["replace_start", 'new-write:{"x":1}', 'new-write:{"x":2}', 'old-write:{"x":4}', "replace_abort"]
NULL = b"OVSDB JSON 5 d910b02871075d3156ec8675dfc95b7d5d640aa6\nnull\n"
BEFORE: dict[tuple[str, int], Callable[[Path], object]] = {
    ("check that create fails if file exists", 0): earlier(["create", 'write:{"x":1}']),
    ("write one, replace, abort", 0): earlier(["create", 'write:{"x":0}', *REPLACE, 'write:{"x":3}']),
    ("write one, reread, append", 0): earlier(THREE, ["read/write", "read", "read", "read", 'write:{"append":0}']),
    ("write, add corrupted data, read", 1): append(b"xxx\n"),
    ("write, add corrupted data, read, overwrite", 1): both(
        append(b"xxx\n"), earlier(["read/write", "read", "read", "read", "read", 'write:{"x":3}'])
    ),
    ("write, corrupt some data, read, overwrite", 1): spoil(b'{"x":2}', b'{"x":3}'),
    ("write, truncate file, read, overwrite", 0): both(earlier(THREE), spoil(b'{"x":2}', b"2")),
    ("write bad JSON, read, overwrite", 1): append(NULL),
}
"""What happens before the numbered command of a story."""


def stories() -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for case in CASES:
        if "log-io" in case["args"]:
            found.setdefault(case["title"].removeprefix("ovsdb-log - "), []).append(case)
    return found


def expected(text: str) -> list[str]:
    return [without_parser(line) for line in text.splitlines()]


def without_parser(line: str) -> str:
    return re.sub(r"not (valid JSON|a JSON object).*", "not JSON", line)


@pytest.mark.parametrize("title", stories())
def test_what_test_ovsdb_log_io_prints(title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number, case in enumerate(stories()[title]):
        if (title, number) in BEFORE:
            BEFORE[title, number](tmp_path / "file")
        magic, arguments = "JSON", list(case["args"])
        if arguments[0].startswith("--magic="):
            magic = arguments.pop(0).removeprefix("--magic=")
        try:
            lines = log_io(*arguments[1:], magic=magic)
        except OvsdbError as error:
            assert case["error_contains"].removeprefix("test-ovsdb: ") in str(error)  # noqa: PT017
        else:
            assert [without_parser(line) for line in lines] == expected(case["stdout"])
    assert (tmp_path / ".file.~lock~").exists()
    assert not (tmp_path / "file.tmp").exists()


def test_every_story_is_told() -> None:
    assert {title for title, _ in BEFORE} <= stories().keys()
    assert sum(len(cases) for cases in stories().values()) == 25
