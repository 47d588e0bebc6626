"""The real ovn-controller on our southbound by a remote with the role `ovn-controller`, over TLS: a chassis with a
certificate in its own name does all it has to; one in another's name is not let into our database."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from brume.ovsdb.authority import CLIENT, SERVER, Authority, make_authority
from brume.ovsdb.tls import contexts
from brume.service.network import LogicalNetwork
from brume.simulator.clock import Scheduler
from brume.southbound.schema import Chassis, ChassisPrivate, Encap, PortBinding
from tests.agreement.controller_lab import RealChassis, why_not
from tests.agreement.our_server import OurServer
from tests.agreement.ovn_lab import short_directory
from tests.agreement.ovsdb_server import run

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")
NOW = datetime.now(UTC)
PATIENCE = 60.0


class Lab:
    """Our NB and SB and the compiler between them; SB is also served to chassis with their role."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.authority: Authority = make_authority(directory / "pki", now=NOW)
        self.network = LogicalNetwork(Scheduler(1000.0), "physnet1")
        tls = contexts(self.authority.issue("server", SERVER, now=NOW))
        self.server = OurServer(directory, self.network.northbound_store, self.network.southbound_store, tls=tls)
        self.remote = ""

    def start(self) -> None:
        self.server.call(lambda: self.network.start([]))
        self.server.follow("OVN_Southbound", "SB_Global")
        self.nbctl("ls-add", "net", "--", "lsp-add", "net", "vm1")
        self.nbctl("lsp-set-addresses", "vm1", "00:00:00:00:00:01 10.0.0.1")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.run("ovn-sbctl", "set-connection", "role=ovn-controller", f"pssl:{port}:127.0.0.1")
        self.remote = f"ssl:127.0.0.1:{port}"

    def run(self, program: str, *arguments: str) -> str:
        return run(program, "--timeout=60", f"--db={self.server.unix}", *arguments, directory=self.directory)

    def nbctl(self, *arguments: str) -> str:
        return self.run("ovn-nbctl", *arguments)

    @contextmanager
    def chassis(self, name: str, certificate: str) -> Iterator[RealChassis]:
        """A chassis that shows a certificate in some name."""
        files = self.authority.issue(certificate, CLIENT, now=NOW)
        found = RealChassis(self.directory / name, name, 1, self.remote, "physnet1:br-ex", *files)
        try:
            yield found
        finally:
            found.stop()

    def names(self) -> list[str]:
        """Of the chassis in the southbound."""
        return self.server.call(lambda: [row.name for row in self.network.southbound.rows(Chassis)])


@pytest.fixture
def lab() -> Iterator[Lab]:
    with short_directory() as name:
        found = Lab(Path(name))
        with found.server:
            found.start()
            yield found


def eventually(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_chassis_in_its_own_name_does_its_work(lab: Lab) -> None:
    with lab.chassis("compute1", "compute1") as chassis:
        chassis.plug("vm1")
        chassis.await_installed(chassis.plugged)
        lab.nbctl("wait-until", "Logical_Switch_Port", "vm1", "up=true")
        lab.nbctl("--wait=hv", "lsp-set-addresses", "vm1", "00:00:00:00:00:01 10.0.0.2")  # the chassis says it is in
        southbound = lab.network.southbound

        def seen() -> tuple[object, ...]:
            (row,) = southbound.rows(Chassis)
            (private,) = southbound.rows(ChassisPrivate)
            return (
                row.name,
                [encap.chassis_name for encap in southbound.rows(Encap)],
                [port.logical_port for port in southbound.rows(PortBinding) if port.chassis == row.uuid and port.up],
                private.nb_cfg > 0,
            )

        assert lab.server.call(seen) == ("compute1", ["compute1"], ["vm1"], True)
        log = (chassis.directory / "ovn-controller.log").read_text()
        assert "RBAC rules" not in log


def test_a_chassis_in_another_s_name_is_told_that_it_may_not(lab: Lab) -> None:
    with lab.chassis("compute1", "compute2") as chassis:
        log = chassis.directory / "ovn-controller.log"
        refused = (
            r'RBAC rules for client \\?"compute2\\?" role \\?"ovn-controller\\?" prohibit row insertion into table'
        )
        eventually(lambda: log.exists() and re.search(refused, log.read_text()))
        assert lab.names() == []
