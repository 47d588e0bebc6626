"""The frames as a fixture: test modules are not a package."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


def load_frames() -> dict[str, bytes]:
    """The frames of samples.py."""
    spec = importlib.util.spec_from_file_location("packet_samples", Path(__file__).with_name("samples.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    frames: dict[str, bytes] = module.FRAMES
    return frames


FRAMES = load_frames()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that wants `line` and `frame` runs once for each."""
    if {"line", "frame"} <= set(metafunc.fixturenames):
        metafunc.parametrize(("line", "frame"), list(FRAMES.items()), ids=[line[:60] for line in FRAMES])
    elif "frame" in metafunc.fixturenames:
        metafunc.parametrize("frame", list(FRAMES.values()), ids=[line[:60] for line in FRAMES])


@pytest.fixture(scope="session")
def frames() -> dict[str, bytes]:
    """All frames by their line."""
    return FRAMES
