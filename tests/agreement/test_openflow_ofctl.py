"""ovs-ofctl itself reads our bytes and our lines: it must see what we meant. Skipped where it is not installed."""

import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from brume.openflow.connection import Connection
from brume.openflow.messages.action_text import format_actions
from brume.openflow.messages.flow_text import format_flow, parse_flow
from brume.openflow.messages.versions import OPENFLOW_13, OPENFLOW_15, flow_in_version
from brume.openflow.messages.wire_encode import encode_actions
from brume.openflow.messages.wire_messages import BarrierReply, BarrierRequest, FlowMod, encode_message

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


class Listener:
    """A switch that accepts one controller and keeps every message it is sent, as octets and as read."""

    def __init__(self, path: Path):
        self.path = path
        self.heard: list[tuple[bytes, object]] = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen(1)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        peer, _ = self.socket.accept()
        connection = Connection()
        peer.sendall(connection.start())
        buffer = b""
        while data := peer.recv(65536):
            buffer += data
            while len(buffer) >= 8 and len(buffer) >= (length := int.from_bytes(buffer[2:4], "big")):
                whole, buffer = buffer[:length], buffer[length:]
                for transaction, message in connection.receive(whole):
                    self.heard.append((whole, message))
                    if isinstance(message, BarrierRequest):
                        peer.sendall(connection.send(BarrierReply(), transaction))
        peer.close()

    def stop(self):
        self.thread.join(10)
        self.socket.close()


@pytest.mark.parametrize("version", [OPENFLOW_13, OPENFLOW_15])
def test_it_sends_the_octets_that_we_would_send(tmp_path, version):
    lines = [format_flow(flow).replace("dec_ttl()", "dec_ttl").replace("/0x3f->", "->") for flow in FLOWS]
    listener = Listener(tmp_path / "switch.sock")
    name = {OPENFLOW_13: "OpenFlow13", OPENFLOW_15: "OpenFlow15"}[version]
    given = "\n".join([*lines, ""])
    ofctl("-O", name, "--no-names", "add-flows", f"unix:{listener.path}", "-", given=given)
    listener.stop()
    sent = [(octets, message) for octets, message in listener.heard if isinstance(message, FlowMod)]
    assert len(sent) == len(lines)
    for line, (octets, message) in zip(lines, sent, strict=True):
        flow = flow_in_version(parse_flow(line), version)
        assert message.flow.match == flow.match, line
        assert set(message.flow.actions) == set(flow.actions), line
        ours = encode_message(FlowMod("add", flow), version, int.from_bytes(octets[4:8], "big"))
        assert ours.hex() == octets.hex(), line
