"""Boxes exchanged as a user does it: by options of `brume ovn`, with real programs beside it."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.agreement.ovn_lab import OVN, short_directory, start_northd, why_not
from tests.agreement.ovsdb_server import OvsdbServer, end, run
from tests.service.lab import FREE_PORTS, TWO_SWITCHES, Lab
from tests.service.process import BRUME, PATIENCE

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")


@pytest.fixture
def directory() -> Iterator[Path]:
    with short_directory() as directory:
        yield Path(directory)


@pytest.fixture
def cleanup() -> Iterator[list[Callable[[], object]]]:
    """What is to be called at the end, the last first."""
    calls: list[Callable[[], object]] = []
    yield calls
    for call in reversed(calls):
        call()


def nbctl(northbound: str, *words: str) -> str:
    done = subprocess.run(
        ["ovn-nbctl", "--timeout=20", f"--db={northbound}", *words],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "PATH": f"/usr/sbin:{os.environ['PATH']}"},
    )
    assert done.returncode == 0, done
    return done.stdout


def build(run: Callable[[str], object]) -> None:
    for line in TWO_SWITCHES.strip().splitlines():
        run(line)


def test_ovn_northd_in_the_place_of_our_compiler(directory: Path, cleanup: list[Callable[[], object]]) -> None:
    lab = Lab(directory / "lab", "--compiler", "none", *FREE_PORTS)
    cleanup.append(lab.close)
    places = [f"unix:{path}" for path in (lab.paths.northbound_socket, lab.paths.southbound_socket)]
    real = start_northd(directory, *places)
    cleanup.append(lambda: end(real))
    build(lab.nbctl)
    lab.brume("bind vma compute1")
    lab.brume("bind vmb compute2")
    assert lab.ping("vma", "10.0.1.20")
    lab.nbctl("acl-add ls2 to-lport 1000 icmp4 drop")
    assert lab.is_silent("vma", "10.0.1.20")
    assert "delivered to vmb on compute2" in lab.brume("trace vma vmb --tcp 22")


def test_what_ovn_northd_wrote_is_kept_without_it(directory: Path, cleanup: list[Callable[[], object]]) -> None:
    """The lab is killed and starts again with no compiler at all: logical flows are in the file, packets still pass."""
    choice = ("--compiler", "none", *FREE_PORTS)
    lab = Lab(directory / "lab", *choice)
    cleanup.append(lab.close)
    places = [f"unix:{path}" for path in (lab.paths.northbound_socket, lab.paths.southbound_socket)]
    real = start_northd(directory, *places)
    build(lab.nbctl)
    lab.brume("bind vma compute1")
    lab.brume("bind vmb compute2")
    assert lab.ping("vma", "10.0.1.20")
    end(real)
    lab.kill()
    again = Lab(directory / "lab", *choice)
    cleanup.append(again.close)
    assert again.ping("vma", "10.0.1.20")
    assert "up" in again.brume("status")


def test_our_compiler_and_chassis_on_real_databases(directory: Path, cleanup: list[Callable[[], object]]) -> None:
    servers = [
        OvsdbServer(directory, name, OVN / schema)
        for name, schema in (("ovnnb_db", "ovn-nb.ovsschema"), ("ovnsb_db", "ovn-sb.ovsschema"))
    ]
    cleanup.extend(server.stop for server in servers)
    northbound, southbound = (f"unix:{server.socket}" for server in servers)
    lab = Lab(directory / "lab", "--northbound", northbound, "--southbound", southbound)
    cleanup.append(lab.close)
    build(lambda line: nbctl(northbound, "--wait=hv", *shlex.split(line)))
    lab.brume("bind vma compute1")
    lab.brume("bind vmb compute2")
    assert lab.ping("vma", "10.0.1.20")
    nbctl(northbound, "--wait=hv", "acl-add", "ls2", "to-lport", "1000", "icmp4", "drop")
    assert lab.is_silent("vma", "10.0.1.20")
    assert nbctl(northbound, "lsp-get-up", "vma").strip() == "up"
    status = lab.brume("status")
    assert f"OVN_Southbound: connected to {southbound}" in status
    lab.brume("down")
    again = Lab(directory / "lab", "--northbound", northbound, "--southbound", southbound)
    cleanup.append(again.close)
    nbctl(northbound, "--wait=hv", "acl-del", "ls2")
    assert again.ping("vma", "10.0.1.20")


def test_databases_elsewhere_that_go_away_and_come_back(directory: Path, cleanup: list[Callable[[], object]]) -> None:
    """Meanwhile packets pass and a host is unplugged; afterwards the servers hear of it, and new ports are compiled."""

    def servers() -> list[OvsdbServer]:
        return [OvsdbServer(directory, name, OVN / f"ovn-{name}.ovsschema") for name in ("nb", "sb")]

    running = servers()
    cleanup.extend([lambda: running[0].stop(), lambda: running[1].stop()])
    northbound, southbound = (f"unix:{server.socket}" for server in running)
    lab = Lab(directory / "lab", "--northbound", northbound, "--southbound", southbound)
    cleanup.append(lab.close)
    build(lambda line: nbctl(northbound, "--wait=hv", *shlex.split(line)))
    lab.brume("bind vma compute1")
    lab.brume("bind vmb compute2")
    for server in running:
        server.stop()
    while lab.brume("status").count("cannot connect to unix:") < 2:
        assert lab.popen.poll() is None
    assert lab.ping("vma", "10.0.1.20")
    lab.brume("unbind vmb")
    running[:] = servers()
    nbctl(
        northbound,
        "--wait=hv",
        "lsp-add",
        "ls1",
        "vmc",
        "--",
        "lsp-set-addresses",
        "vmc",
        "0a:00:00:00:00:0c 10.0.0.12",
    )
    lab.brume("bind vmc compute2")
    assert lab.ping("vma", "10.0.0.12")
    assert nbctl(northbound, "lsp-get-up", "vmb").strip() == "down"


def test_databases_alone_with_everything_else_elsewhere(directory: Path, cleanup: list[Callable[[], object]]) -> None:
    """NB and SB of one `brume ovn`, the real ovn-northd, and the chassis of another `brume ovn`."""
    keeper = Lab(directory / "keeper", "--compiler", "none", "--chassis", "0", *FREE_PORTS)
    cleanup.append(keeper.close)
    northbound = f"unix:{keeper.paths.northbound_socket}"
    southbound = f"unix:{keeper.paths.southbound_socket}"
    real = start_northd(directory, northbound, southbound)
    cleanup.append(lambda: end(real))
    choice = ("--northbound", northbound, "--southbound", southbound, "--compiler", "none")
    chassis = Lab(directory / "chassis", *choice)
    cleanup.append(chassis.close)
    build(keeper.nbctl)
    chassis.brume("bind vma compute1")
    chassis.brume("bind vmb compute2")
    assert chassis.ping("vma", "10.0.1.20")
    assert "Port_Binding vmb" in keeper.sbctl("show")


def test_databases_elsewhere_over_tls(directory: Path, cleanup: list[Callable[[], object]]) -> None:
    """Keys of the keeper's own authority, which may be learned the first time; without them nobody is let in, and the
    command says what it needs."""
    places = ("--northbound-remote", "pssl:0:127.0.0.1", "--southbound-remote", "pssl:0:127.0.0.1")
    keeper = Lab(directory / "keeper", "--chassis", "0", *places)
    cleanup.append(keeper.close)
    status = keeper.brume("status")
    remotes = re.findall(r"ssl:127\.0\.0\.1:\d+", status)
    keys = re.findall(r"--[a-z-]+=\S+", status)
    assert len(remotes) == 2
    choice = ("--northbound", remotes[0], "--southbound", remotes[1], "--compiler", "none")
    learned = directory / "learned.pem"
    chassis = Lab(directory / "chassis", *choice, *keys[:2], "--bootstrap-ca-cert", str(learned))
    cleanup.append(chassis.close)
    assert f"--ca-cert={keeper.paths.authority}/cacert.pem" == keys[2]
    build(keeper.nbctl)
    chassis.brume("bind vma compute1")
    chassis.brume("bind vmb compute2")
    assert chassis.ping("vma", "10.0.1.20")
    chassis.brume("down")
    again = Lab(directory / "chassis", *choice, *keys[:2], "--ca-cert", str(learned))
    cleanup.append(again.close)
    assert again.ping("vma", "10.0.1.20")
    done = subprocess.run(
        [*BRUME, "ovn", "--data-dir", str(directory / "none"), *choice],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.returncode, "ssl: remotes need --private-key" in done.stderr) == (2, True)


def test_our_chassis_needs_no_more_than_its_role(directory: Path, cleanup: list[Callable[[], object]]) -> None:
    """SB lets it change what ovn-northd permits a chassis, known by its certificate; and that is enough."""
    keeper = Lab(directory / "keeper", "--chassis", "0", *FREE_PORTS)
    cleanup.append(keeper.close)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    keeper.sbctl(f"set-connection role=ovn-controller pssl:{port}:127.0.0.1")
    keys = keeper.brume("certificate compute1").split()
    places = ("--northbound", f"unix:{keeper.paths.northbound_socket}", "--southbound", f"ssl:127.0.0.1:{port}")
    chassis = Lab(directory / "chassis", "--chassis", "1", "--compiler", "none", *places, *keys)
    cleanup.append(chassis.close)
    build(keeper.nbctl)
    chassis.brume("bind vma compute1")
    chassis.brume("bind vmb compute1")
    assert chassis.ping("vma", "10.0.1.20")
    assert "Port_Binding vmb" in keeper.sbctl("show")
    assert keeper.nbctl("lsp-get-up vmb") == "up\n"
    assert "permission" not in chassis.brume("status")


def test_a_real_ovn_northd_beside_our_compiler_waits(directory: Path, cleanup: list[Callable[[], object]]) -> None:
    """Our compiler has the lock of the southbound: nobody compiles twice."""
    lab = Lab(directory / "lab", *FREE_PORTS)
    cleanup.append(lab.close)
    places = [f"unix:{path}" for path in (lab.paths.northbound_socket, lab.paths.southbound_socket)]
    real = start_northd(directory, *places)
    cleanup.append(lambda: end(real))
    build(lab.nbctl)
    assert run("ovn-appctl", "-t", f"{directory}/northd.ctl", "status", directory=directory) == "Status: standby\n"
    lab.brume("down")
    assert "now active" not in (directory / "northd.log").read_text()


def test_a_lab_that_waits_says_for_what_and_ends_when_told(directory: Path) -> None:
    """There is no server; the log says so, and a signal ends the waiting."""
    command = [*BRUME, "ovn", "--data-dir", str(directory / "lab"), "--southbound", f"unix:{directory}/nobody.sock"]
    waiting = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert waiting.stderr is not None
    lines = []
    for line in waiting.stderr:
        lines.append(line)
        if "cannot connect to" in line or "connecting to" in line:
            break
    assert "waiting for OVN_Southbound at unix:" in lines[0]
    assert "and for its lock ovn_northd" in lines[0]
    waiting.terminate()
    assert waiting.wait(PATIENCE) == 0
    waiting.stderr.close()


def test_what_is_no_place_to_connect_to_is_said(directory: Path) -> None:
    done = subprocess.run(
        [*BRUME, "ovn", "--data-dir", str(directory / "lab"), "--southbound", "ptcp:6642"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 2
    assert "to connect, it is tcp:HOST:PORT, ssl:HOST:PORT or unix:FILE" in done.stderr
