"""The verbs of ovn-nbctl, ovn-sbctl and ovs-vsctl on our server and on a real ovsdb-server: the same words and rows.

What is typed lies in `tests/data/ovsdb/commands/TOOL/`. A line is one command; `name = command` keeps its output for
`{name}` in later lines; a line that fails is as good as one that works, as long as it fails in the same words. How
outputs are compared is told in `tool_sides.py`.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from brume.ovsdb.schema_reader import read_schema
from tests.agreement.ovn_lab import why_not
from tests.agreement.ovsdb_server import missing
from tests.agreement.tool_sides import NB, OVN_FILES, SB, Said, Side, both_sides

NOT_HERE = why_not() or missing("ovn-nbctl", "ovn-sbctl", "ovs-vsctl")
pytestmark = pytest.mark.skipif(bool(NOT_HERE), reason=f"no real OVN here: {NOT_HERE}")
SCRIPTS = sorted((Path(__file__).parent.parent / "data" / "ovsdb" / "commands").glob("*/*.txt"))
DATABASES = {"ovn-nbctl": NB, "ovn-sbctl": SB, "ovs-vsctl": "Open_vSwitch"}
SWITCH = Path("/usr/share/openvswitch/vswitch.ovsschema")
_KEPT = re.compile(r"(\w+) = (.*)")


class Typist:
    """Types commands on one side, and keeps outputs."""

    def __init__(self, side: Side, tool: str) -> None:
        self.side = side
        # Every command ends, also one that waits for what never comes.
        self._start = (tool, f"--db={side.remote}", "-t", "20")
        self._kept: dict[str, str] = {}

    def type(self, line: str) -> Said:
        """Run a line of a script."""
        keep = _KEPT.fullmatch(line)
        name, command = keep.groups() if keep else ("", line)
        done = self.side.raw(*self._start, *shlex.split(command.format(**self._kept)))
        if name:
            self._kept[name] = done.stdout.strip() or "nothing"
        return Said(self.side.comparable(done.stdout), self.side.comparable(done.stderr), done.returncode)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: f"{script.parent.name} {script.stem}")
def test_a_script_says_and_does_the_same(script: Path) -> None:
    tool = script.parent.name
    schemas = {SWITCH: read_schema(json.loads(SWITCH.read_text()))} if tool == "ovs-vsctl" else OVN_FILES
    with both_sides(schemas) as (ours, theirs):
        typists = [Typist(side, tool) for side in (ours, theirs)]
        for line in script.read_text().splitlines():
            mine, real = (typist.type(line) for typist in typists)
            assert mine == real, line
            assert not any("connection failed" in str(said) for said in real), line
        assert ours.contents(DATABASES[tool]) == theirs.contents(DATABASES[tool])
