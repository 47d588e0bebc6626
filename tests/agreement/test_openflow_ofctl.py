"""ovs-ofctl itself reads our bytes and our lines: it must see what we meant. Skipped where it is not installed."""

import shutil
import subprocess
from pathlib import Path

import pytest

from brume.openflow.messages.action_text import format_actions
from brume.openflow.messages.flow_text import parse_flow
from brume.openflow.messages.wire_encode import encode_actions

pytestmark = pytest.mark.skipif(shutil.which("ovs-ofctl") is None, reason="Open vSwitch is not installed")
DATA = Path(__file__).parents[1] / "data" / "openflow"
FLOWS = [parse_flow(line) for line in (DATA / "ovn-chassis-openflow15.txt").read_text().splitlines()]


def ofctl(*arguments, given=""):
    done = subprocess.run(["ovs-ofctl", *arguments], input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_it_decodes_our_actions_to_the_same_words():
    wanted = sorted({flow.actions for flow in FLOWS if flow.actions}, key=format_actions)
    hexes = "\n".join(encode_actions(actions).hex() for actions in wanted)
    printed = [line.removeprefix("actions=") for line in ofctl("parse-actions", "OpenFlow15", given=hexes) if line]
    assert printed == [format_actions(actions) for actions in wanted]
