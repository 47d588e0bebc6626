"""A private Open vSwitch with its dummy datapath: no root, no kernel module, no network. For agreement tests.

`netdev-dummy/receive` is the wire in; every port writes what leaves it into a pcap file.
"""

import contextlib
import json
import shutil
import socket
import struct
import subprocess
from pathlib import Path

NEEDED = ("ovs-vswitchd", "ovsdb-server", "ovs-vsctl", "ovs-ofctl", "ovs-appctl", "ovsdb-tool")
SCHEMA = Path("/usr/share/openvswitch/vswitch.ovsschema")
MISSING = [name for name in NEEDED if shutil.which(name) is None] or ([] if SCHEMA.exists() else [str(SCHEMA)])


def run(*arguments, env, given=None):
    done = subprocess.run(arguments, env=env, capture_output=True, text=True, input=given, check=False, timeout=60)
    assert done.returncode == 0, f"{' '.join(arguments)[:200]}: {done.stderr[:2000]}"
    return done.stdout


class RealSwitch:
    """ovsdb-server and ovs-vswitchd under a directory of their own; ended by `stop`."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.env = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            **{f"OVS_{name}": str(directory) for name in ("RUNDIR", "LOGDIR", "DBDIR", "SYSCONFDIR")},
        }
        run("ovsdb-tool", "create", str(directory / "conf.db"), str(SCHEMA), env=self.env)
        options = ("--detach", "--no-chdir", "-vconsole:off", "--log-file")
        self._start("ovsdb-server", *options, f"--remote=punix:{directory}/db.sock", str(directory / "conf.db"))
        self.vsctl("--no-wait", "init")
        dummies = ("--enable-dummy=override", "--disable-system")
        self._start("ovs-vswitchd", *options, *dummies, f"unix:{directory}/db.sock")

    def _start(self, name, *arguments):
        control = f"--unixctl={self.directory}/{name}.ctl"
        run(name, f"--pidfile={self.directory}/{name}.pid", control, *arguments, env=self.env)

    def stop(self):
        for name in ("ovs-vswitchd", "ovsdb-server"):
            with contextlib.suppress(AssertionError):
                run("ovs-appctl", "-t", f"{self.directory}/{name}.ctl", "exit", env=self.env)

    def vsctl(self, *arguments):
        return run("ovs-vsctl", f"--db=unix:{self.directory}/db.sock", *arguments, env=self.env)

    def ofctl(self, *arguments, given=None):
        return run("ovs-ofctl", "-O", "OpenFlow15", *arguments, env=self.env, given=given)

    def understands(self, line):
        """Whether ovs-ofctl finds a flow legal (in OpenFlow 1.0 with Nicira extensions, the most lenient)."""
        given = ("ovs-ofctl", "-O", "OpenFlow10", "parse-flow", line)
        return subprocess.run(given, env=self.env, capture_output=True, check=False, timeout=60).returncode == 0

    def replace_flows(self, bridge, lines):
        """Only these flows, whatever version each needs."""
        self.ofctl("del-flows", bridge)
        text = "\n".join([*lines, ""])
        run("ovs-ofctl", "-O", "OpenFlow10", "add-flows", bridge, "-", env=self.env, given=text)
        self.appctl("revalidator/purge")  # what the datapath remembers of former flows

    def appctl(self, method, *arguments):
        """As ovs-appctl: one JSON-RPC call on the control socket, without starting a program for each packet.

        The switch has one loop: packets that have come, then new control connections and what they say. A connection
        of its own for each call is therefore served only after every packet of the calls before it; two calls on one
        connection can fall into one turn of the loop, and then their packets may pass each other.
        """
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(10)
            control.connect(f"{self.directory}/ovs-vswitchd.ctl")
            control.sendall(json.dumps({"id": 0, "method": method, "params": list(arguments)}).encode())
            answer = b""
            while True:
                received = control.recv(65536)
                assert received, f"ovs-vswitchd hung up on {method}"
                answer += received
                with contextlib.suppress(json.JSONDecodeError):
                    told = json.loads(answer)
                    assert told["error"] is None, told["error"]
                    return told["result"]

    def add_bridge(self, name):
        dummy = ("--", "set", "bridge", name, "datapath_type=dummy", "fail_mode=secure")
        self.vsctl("add-br", name, *dummy, "protocols=OpenFlow10,OpenFlow13,OpenFlow15")

    def add_port(self, bridge, name, number, **options):
        kind = options.pop("type", "dummy")
        if kind == "dummy":
            options["tx_pcap"] = str(self.directory / f"{name}.pcap")
        given = [f"options:{key}={value}" for key, value in options.items()]
        settings = ("set", "interface", name, f"type={kind}", f"ofport_request={number}", *given)
        self.vsctl("add-port", bridge, name, "--", *settings)

    def receive(self, port, frame):
        self.appctl("netdev-dummy/receive", port, frame.hex())

    def sent(self, port):
        """Every frame that left a port so far."""
        self.appctl("version")  # answered after the packets that came before it
        return read_pcap((self.directory / f"{port}.pcap").read_bytes())


def read_pcap(data):
    """The packets of a pcap file in this machine's byte order."""
    frames, offset = [], 24
    while offset + 16 <= len(data):
        _, _, length, _ = struct.unpack_from("=IIII", data, offset)
        frames.append(data[offset + 16 : offset + 16 + length])
        offset += 16 + length
    return frames
