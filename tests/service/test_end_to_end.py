"""The main job, by the real programs: `brume up --detach`, the openstack client, ping between two nodes, tcpdump."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service.process import BRUME, brume

OPENSTACK = Path(sys.executable).with_name("openstack")
pytestmark = pytest.mark.skipif(not OPENSTACK.exists(), reason="python-openstackclient is not installed")


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """The data directory of a running cloud."""
    directory = tmp_path_factory.mktemp("end-to-end") / "state"
    ended = brume(directory, "up", "--detach", "--port", "0")
    assert ended.returncode == 0, ended.stderr
    yield directory
    brume(directory, "down")


class Openstack:
    """The client, with the clouds.yaml that `brume up` wrote."""

    def __init__(self, directory: Path) -> None:
        self.environment = os.environ | {
            "OS_CLIENT_CONFIG_FILE": str(directory / "clouds.yaml"),
            "OS_CLOUD": "brume-admin",
            "PYTHONWARNINGS": "ignore",
        }

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([OPENSTACK, *words], env=self.environment, capture_output=True, text=True, timeout=60)

    def json(self, *words: str):
        ended = self(*words, "-f", "json")
        assert ended.returncode == 0, (words, ended.stdout, ended.stderr)
        return json.loads(ended.stdout)


def test_two_servers_by_the_real_client(state) -> None:
    openstack = Openstack(state)
    network = openstack.json("network", "create", "private-net")
    assert network["provider:network_type"] == "geneve"
    subnet = openstack.json("subnet", "create", "--network", "private-net", "--subnet-range", "192.168.10.0/24", "s")
    assert subnet["gateway_ip"] == "192.168.10.1"
    addresses = {}
    for number in (1, 2):
        server = openstack.json(
            *("server", "create", "--image", "brume-host", "--flavor", "m1.tiny", "--network", "private-net"),
            *("--availability-zone", f"nova:compute{number}", "--wait", f"vm{number}"),
        )
        assert server["status"] == "ACTIVE"
        ((addresses[number],),) = server["addresses"].values()
    refused = openstack("network", "delete", "private-net")
    assert refused.returncode == 1
    assert "There are one or more ports still in use on the network" in refused.stderr

    assert wait_for_address(state, "vm1", addresses[1])
    assert wait_for_address(state, "vm2", addresses[2])
    pinged = brume(state, "exec", "vm1", "ping", "-c", "2", "-i", "0.1", addresses[2])
    assert pinged.returncode == 0, pinged.stdout
    assert "2 packets transmitted, 2 received, 0% packet loss" in pinged.stdout
    assert brume(state, "exec", "vm1", "nc", "-z", "-w", "1", addresses[2], "22").returncode == 0
    assert brume(state, "exec", "vm1", "nc", "-z", "-w", "1", addresses[2], "23").returncode == 1

    status = brume(state, "status")
    assert status.returncode == 0
    assert re.search(r"^server vm1 \(.*\): active, on compute1$", status.stdout, re.MULTILINE)
    assert "not derived" not in status.stdout


def wait_for_address(state, server: str, address: str) -> bool:
    """A server that is active has a lease soon after."""
    return any(address in brume(state, "exec", server, "ip", "addr").stdout for _ in range(20))


def test_flows_are_printed_as_ovs_ofctl_does(state) -> None:
    flows = brume(state, "flows", "compute1", "br-int", "table=0")
    assert flows.returncode == 0
    lines = flows.stdout.splitlines()
    assert lines
    for line in lines:
        assert re.match(r" ?cookie=0x[0-9a-f]+, duration=[\d.]+s, table=0, n_packets=\d+, n_bytes=\d+, ", line.strip())
    assert brume(state, "flows", "compute9").returncode == 1


def test_a_capture_is_read_by_tcpdump(state, tmp_path) -> None:
    file = tmp_path / "vm1.pcap"
    capture = [*BRUME, "pcap", "--data-dir", str(state), "vm1", "-c", "2", "-w", str(file)]
    with subprocess.Popen(capture) as capturing:
        while capturing.poll() is None:  # until the capture has seen what this sends
            brume(state, "exec", "vm1", "ping", "-c", "1", "-W", "0.2", "192.168.10.1")
    assert capturing.returncode == 0
    if shutil.which("tcpdump") is None:
        pytest.skip("tcpdump is not installed")
    shown = subprocess.run(["tcpdump", "-nnr", str(file)], capture_output=True, text=True)
    assert shown.returncode == 0
    assert len(shown.stdout.splitlines()) == 2


def test_commands_fail_with_a_sentence(state) -> None:
    for words, sentence in (
        (("exec", "nobody", "ip", "addr"), "Error: no server nobody\n"),
        (("flows", "compute1", "br-none"), "Error: no bridge br-none on compute1; there are br-int, br-ex\n"),
        (("pcap", "nobody", "-w", "-"), "Error: no server nobody\n"),
    ):
        ended = brume(state, *words)
        assert (ended.returncode, ended.stderr) == (1, sentence)
    assert brume(state, "exec", "vm1", "rm", "-rf").returncode == 127


def test_what_is_secret_is_its_owners_only(state) -> None:
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    for name in ("clouds.yaml", "admin-openrc.sh", "secrets.json", "brume.log", "control.sock"):
        assert stat.S_IMODE((state / name).stat().st_mode) == 0o600, name
    secrets = json.loads((state / "secrets.json").read_text())
    log = (state / "brume.log").read_text()
    assert len(set(secrets.values())) == len(secrets) >= 2
    for secret in secrets.values():
        assert len(secret) >= 20
        assert secret not in log
    assert "gAAAA" not in log, "a token"
    clouds = (state / "clouds.yaml").read_text()
    assert secrets["admin_password"] in clouds
    assert "brume-admin:" in clouds
    assert "  brume:" in clouds


def test_the_end(state) -> None:
    ended = brume(state, "down")
    assert ended.returncode == 0
    assert str(state) in ended.stdout
    while (state / "brume.pid").exists():
        pass
    again = brume(state, "down")
    assert again.returncode == 1
    assert "no cloud is running" in again.stderr
    assert "Traceback" not in (state / "brume.log").read_text()
