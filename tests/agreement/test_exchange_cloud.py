"""Real programs beside a whole cloud: an ovn-controller joins its southbound, an ovn-northd finds that it may wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.agreement.controller_lab import RealChassis, why_not
from tests.agreement.ovn_lab import short_directory, start_northd
from tests.agreement.ovsdb_server import end, run
from tests.service.process import Process

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")
NOT_ON_PORTS = ("--northbound-remote", "ptcp:0:127.0.0.1", "--southbound-remote", "ptcp:0:127.0.0.1")


@pytest.fixture
def cloud() -> Iterator[tuple[Process, Path]]:
    with short_directory() as directory:
        process = Process(Path(directory) / "cloud", *NOT_ON_PORTS)
        yield process, Path(directory)
        process.kill()


@pytest.fixture
def at_the_end() -> Iterator[list[Callable[[], object]]]:
    calls: list[Callable[[], object]] = []
    yield calls
    for call in reversed(calls):
        call()


def test_a_real_chassis_joins_a_cloud(cloud: tuple[Process, Path], at_the_end: list[Callable[[], object]]) -> None:
    """Whoever waits for the chassis waits for it too; what is written by hand is bound there."""
    process, directory = cloud
    northbound, southbound = process.paths.northbound_socket, process.paths.southbound_socket

    def nbctl(*words: str) -> str:
        return run("ovn-nbctl", "--timeout=20", f"--db=unix:{northbound}", *words, directory=directory)

    nbctl("--wait=hv", "sync")
    chassis = RealChassis(directory / "real1", "real1", 9, southbound, "physnet1:br-ex")
    at_the_end.append(chassis.stop)
    nbctl("ls-add", "lab", "--", "lsp-add", "lab", "by-hand", "--", "lsp-set-addresses", "by-hand", "unknown")
    chassis.plug("by-hand")
    nbctl("wait-until", "logical_switch_port", "by-hand", "up=true")
    nbctl("--wait=hv", "sync")
    shown = run("ovn-sbctl", f"--db=unix:{southbound}", "show", directory=directory)
    assert {"real1", "compute1", "compute2"} <= {line.split()[-1].strip('"') for line in shown.splitlines()}
    assert "Port_Binding by-hand" in shown.partition("Chassis real1")[2].partition("Chassis")[0]
    assert any(flow.table == 65 for flow in chassis.flows()), "its switch has the flows of the port"


def test_an_ovn_northd_beside_a_cloud_stands_by(
    cloud: tuple[Process, Path], at_the_end: list[Callable[[], object]]
) -> None:
    process, directory = cloud
    sockets = (process.paths.northbound_socket, process.paths.southbound_socket)
    real = start_northd(directory, *(f"unix:{socket}" for socket in sockets))
    at_the_end.append(lambda: end(real))
    nbctl = ("ovn-nbctl", "--timeout=20", f"--db=unix:{process.paths.northbound_socket}")
    run(*nbctl, "--wait=sb", "sync", directory=directory)
    run(*nbctl, "--wait=hv", "ls-add", "lab", directory=directory)
    assert run("ovn-appctl", "-t", f"{directory}/northd.ctl", "status", directory=directory) == "Status: standby\n"
