"""Every verb of ovn-nbctl and ovn-sbctl, on our server and on a real ovsdb-server: the same words, the same rows.

The scripts are in `command_scripts.py`; how outputs are compared is told in `tool_sides.py`.
"""

from __future__ import annotations

import re
import shlex

import pytest

from tests.agreement.command_scripts import NBCTL, SBCTL, SHORT
from tests.agreement.ovn_lab import why_not
from tests.agreement.ovsdb_server import missing
from tests.agreement.tool_sides import NB, SB, Said, Side, both_sides

NOT_HERE = why_not() or missing("ovn-nbctl", "ovn-sbctl")
pytestmark = pytest.mark.skipif(bool(NOT_HERE), reason=f"no real OVN here: {NOT_HERE}")
_KEPT = re.compile(r"(\w+) = (.*)")
_FLOW = re.compile(r"(^|-- )flow ")
SCRIPTS = [(tool, name) for tool, scripts in (("ovn-nbctl", NBCTL), ("ovn-sbctl", SBCTL)) for name in scripts]


class Typist:
    """Types commands on one side, and keeps outputs."""

    def __init__(self, side: Side, tool: str) -> None:
        self.side = side
        self._tool = tool
        self._kept = dict(SHORT)

    def type(self, line: str) -> Said:
        """Run a line of a script."""
        keep = _KEPT.fullmatch(line)
        name, command = keep.groups() if keep else ("", line)
        # Every command ends, also one that waits for what never comes.
        words = [
            self._tool,
            "-t",
            "20",
            *shlex.split(_FLOW.sub(r"\1create Logical_Flow ", command.format(**self._kept))),
        ]
        done = self.side.raw(*words)
        if name:
            self._kept[name] = done.stdout.strip() or "nothing"
        return Said(self.side.comparable(done.stdout), self.side.comparable(done.stderr), done.returncode)


@pytest.mark.parametrize(("tool", "name"), SCRIPTS, ids=[f"{tool}: {name}" for tool, name in SCRIPTS])
def test_a_script_says_and_does_the_same(tool: str, name: str) -> None:
    script = (NBCTL if tool == "ovn-nbctl" else SBCTL)[name]
    with both_sides() as (ours, theirs):
        typists = [Typist(side, tool) for side in (ours, theirs)]
        for line in filter(None, map(str.strip, script.splitlines())):
            mine, real = (typist.type(line) for typist in typists)
            assert mine == real, line
        database = NB if tool == "ovn-nbctl" else SB
        assert ours.contents(database) == theirs.contents(database)
