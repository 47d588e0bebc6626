"""Database files on a disk that is full or gone; whose they are, and who may open them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from brume.ovsdb.storage.file import read_file
from brume.ovsdb.storage.log import LogError
from tests.ovsdb.storage_lab import Shelf, content, full_disk, reopened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shelf.db"


# the disk is full


def test_a_failed_write_leaves_the_last_whole_record_and_the_next_one_says_everything(path: Path) -> None:
    box = Shelf(path)
    box.add_box("a")
    before, size = path.read_bytes(), box.file.size
    for room in (0, 1, 50, 150):
        with full_disk(size + room), pytest.raises(OSError, match="File too large"):
            box.add_box(f"b{room}")
        assert path.read_bytes() == before
    with full_disk(size), pytest.raises(OSError, match="File too large"):
        box.add_box("still")  # there is no room to write everything either
    assert path.read_bytes() == before
    box.add_box("c")
    held = box.close()
    assert [row["name"] for row in held["Box"].values()] == ["a", "b0", "b1", "b50", "b150", "still", "c"]
    assert reopened(path) == (held, [])
    assert not Path(f"{path}.tmp").exists()


def test_a_compaction_that_fails_leaves_the_file_as_it_is(path: Path) -> None:
    box = Shelf(path)
    for number in range(20):
        box.add_box(f"b{number}")
    before = path.read_bytes()
    with full_disk(500), pytest.raises(OSError, match="File too large"):
        box.file.compact()
    assert path.read_bytes() == before
    box.add_box("more")
    held = box.close()
    assert reopened(path) == (held, [])
    assert sorted(name.name for name in path.parent.iterdir()) == [".shelf.db.~lock~", "shelf.db"]


def test_a_directory_that_is_gone_is_an_error_of_writing(path: Path) -> None:
    box = Shelf(path)
    box.file.distrust()
    shutil.rmtree(path.parent)
    with pytest.raises(FileNotFoundError):
        box.file.compact()
    box.close()


def test_a_file_is_its_owners_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        Shelf(path).close()
    finally:
        os.umask(before)
    assert [name.stat().st_mode & 0o777 for name in path.parent.iterdir()] == [0o600, 0o600]


# the lock


def test_a_file_is_opened_once(path: Path) -> None:
    box = Shelf(path)
    with pytest.raises(LogError, match="failed to lock lockfile"):
        Shelf(path)
    other = path.parent / "link.db"
    other.symlink_to(path)
    with pytest.raises(LogError, match="failed to lock lockfile"):
        Shelf(other)
    assert content(read_file(str(path))) == content(box.store)  # reading asks nobody
    box.close()
    Shelf(other).close()
