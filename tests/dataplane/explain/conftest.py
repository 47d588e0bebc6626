"""Expected texts lie beside the tests; BRUME_REWRITE=1 in the environment writes them anew (then read the diff)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def same_as() -> Callable[[str, str], None]:
    """Compare a text with the file beside the test, or write it."""

    def compare(name: str, text: str) -> None:
        path = HERE / name
        if os.environ.get("BRUME_REWRITE"):
            path.write_text(text)
        assert text == path.read_text()

    return compare
