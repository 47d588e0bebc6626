"""A page of `docs/how-to`, run: its commands as they stand, and what it says that one sees. A helper, not a test."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.agreement.ovn_lab import short_directory
from tests.docs.markdown import ROOT, blocks
from tests.service.process import BRUME

MARK = "--- end of piece"


class Piece(NamedTuple):
    """Commands, and lines of which each is part of some line that they print, in any order."""

    line: int
    commands: str
    seen: tuple[str, ...]


def pieces(page: Path) -> Iterator[Piece]:
    waiting: Piece | None = None
    for block in blocks(page.read_text()):
        if block.language == "bash":
            if waiting is not None:
                yield waiting
            waiting = Piece(block.line, block.text, ())
        elif block.language == "text" and waiting is not None:
            yield waiting._replace(seen=tuple(line.strip() for line in block.text.splitlines()))
            waiting = None
    if waiting is not None:
        yield waiting


def script(found: list[Piece]) -> str:
    """All pieces in one shell: what one exports, the next has."""
    return "set -e\n" + "\n".join(f"{piece.commands}\necho '{MARK} {piece.line}'" for piece in found)


def run_page(page: Path, tmp_path: Path) -> None:
    """The commands of a page do what it says."""
    found = list(pieces(page))
    tools = tmp_path / "bin"
    tools.mkdir()
    wrapper = tools / "brume"
    wrapper.write_text(f'#!/bin/sh\nexec {" ".join(BRUME)} "$@"\n')
    wrapper.chmod(0o755)
    with short_directory() as directory:
        environment = os.environ | {"BRUME": str(ROOT), "PATH": f"{tools}:{os.environ['PATH']}:/usr/sbin"}
        log = tmp_path / "said"
        try:
            with log.open("w") as sink:
                done = subprocess.run(
                    ["bash", "-c", script(found)],
                    cwd=directory,
                    env=environment,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    timeout=110,
                )
            said = log.read_text()
        finally:
            end_all(Path(directory), environment)
    assert done.returncode == 0, said[-3000:]
    for piece in found:
        printed, _, said = said.partition(f"{MARK} {piece.line}\n")
        lines = [" ".join(line.split()) for line in printed.splitlines()]
        for expected in piece.seen:
            words = " ".join(expected.split())
            assert any(words in line for line in lines), f"line {piece.line} of the page: no {expected!r} in\n{printed}"


def end_all(directory: Path, environment: dict[str, str]) -> None:
    """Whatever of the page's programs still runs, after a failure."""
    for lab in ("lab", "guest"):
        if (directory / lab / "control.sock").exists():
            command = [*BRUME, "ovn", "--data-dir", str(directory / lab), "down"]
            subprocess.run(command, env=environment, capture_output=True, timeout=30)
    for file in directory.glob("*.pid"):
        if shutil.which("kill"):
            subprocess.run(["kill", file.read_text().strip()], capture_output=True)
