"""Real processes, ended whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.service.lab import Lab
from tests.service.process import Process


@pytest.fixture
def up() -> Iterator[Callable[..., Process]]:
    """Starts clouds: `up(directory, "--nodes", "3")`."""
    started: list[Process] = []

    def start(directory: Path, *options: str) -> Process:
        started.append(Process(directory, *options))
        return started[-1]

    yield start
    for process in started:
        if process.popen.poll() is None:
            process.kill()
        process._close()


@pytest.fixture
def lab() -> Iterator[Callable[..., Lab]]:
    """Starts labs: `lab(directory, "--chassis", "3")`."""
    started: list[Lab] = []

    def start(directory: Path, *options: str) -> Lab:
        started.append(Lab(directory, *options))
        return started[-1]

    yield start
    for one in started:
        one.close()
