"""The page "Exchange a box for the real one", run: its commands as they stand, and what it says that one sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agreement.controller_lab import why_not
from tests.agreement.how_to import run_page
from tests.agreement.ovsdb_server import missing
from tests.docs.markdown import ROOT

REASON = why_not() or missing("ovn-trace", "tcpdump", "ovn-sbctl")
pytestmark = pytest.mark.skipif(bool(REASON), reason=f"no real OVN here: {REASON}")


def test_the_commands_do_what_the_page_says(tmp_path: Path) -> None:
    run_page(ROOT / "docs/how-to/exchange-a-box.md", tmp_path)
