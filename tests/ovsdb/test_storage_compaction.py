"""Compaction of database files: what it keeps, what is written meanwhile, and when it is due."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from brume.ovsdb.storage.file import read_file
from tests.ovsdb.storage_lab import Shelf, content, reopened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shelf.db"


def test_compaction_keeps_everything_in_two_records(path: Path) -> None:
    box = Shelf(path)
    box.add_box("a")
    for number in range(300):
        box.add_thing(f"t{number}")
    path.chmod(0o640)
    large = box.file.size
    box.file.compact()
    assert box.file.size < large / 2
    assert (len(box.records()), box.file.records) == (2, 0)
    assert path.stat().st_mode & 0o777 == 0o640
    box.add_thing("after")
    held = box.close()
    assert len(box.records()) == 3
    assert reopened(path) == (held, [])


def test_what_is_written_while_compacting_is_kept(path: Path) -> None:
    box = Shelf(path)
    box.add_box("a")
    for number in range(1000):
        box.add_thing(f"t{number}")

    async def serve() -> int:
        compaction = asyncio.ensure_future(box.file.compact_while_serving())
        written = 0
        while not compaction.done():
            box.add_thing(f"meanwhile{written}")
            written += 1
            if written == 3:
                assert content(read_file(str(path))) == content(box.store)  # the old file is whole all the time
            await asyncio.sleep(0)
        await compaction
        return written

    written = asyncio.run(serve())
    assert written > 5
    assert len(box.records()) == 2 + written - 1  # the first came before the snapshot
    box.add_thing("after")
    held = box.close()
    assert reopened(path) == (held, [])


def test_closing_or_rewriting_ends_a_compaction(path: Path) -> None:
    box = Shelf(path)
    box.add_box("a")
    for number in range(1000):
        box.add_thing(f"t{number}")

    async def interrupt(action: Any) -> None:
        compaction = asyncio.ensure_future(box.file.compact_while_serving())
        await asyncio.sleep(0)
        action()
        await compaction

    asyncio.run(interrupt(box.file.compact))
    box.add_thing("more")
    asyncio.run(interrupt(box.file.close))
    held = content(box.store)
    assert reopened(path) == (held, [])
    assert sorted(name.name for name in path.parent.iterdir()) == [".shelf.db.~lock~", "shelf.db"]


def test_compaction_is_due_when_a_large_log_has_doubled_and_else_once_a_day(path: Path) -> None:
    now = 1000.0
    box = Shelf(path, clock=lambda: now, chance=lambda: 0.5)
    box.add_box("a")
    now += 86399
    assert not box.file.compaction_due()
    now += 1
    assert box.file.compaction_due()
    box.file.compact()
    now += 2 * 86400
    assert not box.file.compaction_due()  # nothing was written since
    box.file.compact()
    large = ["set", [f"{number:x}" * 1000 for number in range(100)]]
    for number in range(110):
        box.add_box(f"large{number}", labels=large)
    assert not box.file.compaction_due()  # not so soon
    now += 899
    assert not box.file.compaction_due()
    now += 1
    assert box.file.compaction_due()
    box.file.compact()
    now += 1000
    for number in range(100):
        box.add_box(f"small{number}")
    assert not box.file.compaction_due()  # it has not doubled
