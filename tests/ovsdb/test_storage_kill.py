"""kill -9 at any moment: whatever `append` has taken is in the file, and the file is whole."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ovsdb.storage_lab import Shelf, content

ROOT = Path(__file__).parent.parent.parent


def write_until_killed(path: Path, *how: str, acknowledged: int) -> list[str]:
    """What a writer has said before it was killed, which is when it has said so many."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.ovsdb.storage_writer", str(path), *how], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert writer.stdout is not None
    with writer.stdout:
        said = [writer.stdout.readline() for _ in range(acknowledged)]
        writer.kill()
        said += writer.stdout.readlines()
    writer.wait()
    assert all(line.endswith(b"\n") for line in said)
    return [line.decode().strip() for line in said]


@pytest.mark.parametrize(
    "how", [("kept", "grow"), ("durable", "grow"), ("kept", "compact"), ("durable", "compact")], ids="-".join
)
def test_nothing_acknowledged_is_lost(tmp_path: Path, how: tuple[str, str]) -> None:
    path = tmp_path / "shelf.db"
    chance = random.Random("-".join(how))
    for _ in range(4):
        said = write_until_killed(path, *how, acknowledged=chance.randint(1, 300))
        box = Shelf(path)
        held = content(box.store)
        names = {row["name"] for row in held["Thing"].values()}
        assert names >= set(said)
        assert len(names) <= int(said[-1][1:]) + 2  # and at most one more than was said
        (shelf,) = held["Box"].values()
        assert len(held["Thing"]) == (len(shelf["things"][1]) if shelf["things"][0] == "set" else 1)
        assert all("error reading" in warning for warning in box.warnings)  # torn, never wrong
        box.close()
        if shutil.which("ovsdb-tool"):
            subprocess.run(["ovsdb-tool", "show-log", str(path)], check=True, capture_output=True)
            subprocess.run(["ovsdb-tool", "compact", str(path)], check=True, capture_output=True)
