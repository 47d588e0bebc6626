"""NB and SB on sockets, of a lab and of a cloud: reached by the real ovn-nbctl wherever they were asked for."""

from __future__ import annotations

import re
import shlex
import socket
import stat

import pytest

from tests.service.lab import FREE_PORTS, Lab, tool, why_not
from tests.service.process import Process, brume

pytestmark = pytest.mark.skipif(bool(why_not), reason=f"no real OVN here: {why_not}")
KINDS = {"lab": ("ovn",), "cloud": ("up", "--port", "0")}


@pytest.fixture
def taken():
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def reached(lab: Lab, name: str, kind: str) -> str:
    """Where a database is, by the status."""
    found = re.search(rf"^{name}: .*?({kind}:\S+)", lab.brume("status"), re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("option", ["--northbound-remote", "--southbound-remote"])
def test_a_port_that_was_asked_for_must_be_had(tmp_path, taken, kind, option) -> None:
    ended = brume(tmp_path, *KINDS[kind], "--data-dir", str(tmp_path), option, f"ptcp:{taken}:127.0.0.1")
    assert ended.returncode == 1
    database = "OVN_Northbound" if option.startswith("--north") else "OVN_Southbound"
    assert f"Error: {database}: cannot listen on ptcp:{taken}:127.0.0.1: Address already in use\n" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "control.sock").exists()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("remote", ["ptcp:99999", "tcp:", "6641", "udp:127.0.0.1:6641"])
def test_a_remote_that_is_none(tmp_path, kind, remote) -> None:
    ended = brume(tmp_path, *KINDS[kind], "--data-dir", str(tmp_path), "--northbound-remote", remote)
    assert ended.returncode == 2
    assert "Error: Invalid value for '--northbound-remote': " in ended.stderr


def test_the_usual_ports_are_had_once(tmp_path, lab) -> None:
    """Of two labs at least one has no port, says so, and is none the worse."""
    first = lab(tmp_path / "first", "--chassis", "1")
    second = lab(tmp_path / "second", "--chassis", "1")
    assert first.paths.directory != second.paths.directory
    said = first.brume("status") + second.brume("status")  # whoever is elsewhere on this machine may have the port
    assert "OVN_Northbound: cannot listen on ptcp:6641:127.0.0.1: Address already in use\n" in said
    second.nbctl("ls-add reached")
    assert "(reached)" in second.nbctl("show")


def test_several_remotes(tmp_path, lab) -> None:
    other = tmp_path / "nb.sock"
    running = lab(tmp_path / "state", *FREE_PORTS, "--northbound-remote", f"punix:{other}")
    running.nbctl("ls-add everywhere")
    for remote in (reached(running, "OVN_Northbound", "tcp"), f"unix:{other}"):
        assert "(everywhere)" in running.tool("ovn-nbctl", f"--db={remote}", "show")
    southbound = reached(running, "OVN_Southbound", "tcp")
    assert "Chassis compute2" in running.tool("ovn-sbctl", f"--db={southbound}", "show")
    assert "OVN_Northbound" in running.tool("ovsdb-client", "list-dbs", reached(running, "OVN_Northbound", "tcp"))


def test_sockets_are_their_owners_and_go_with_the_process(tmp_path, lab) -> None:
    running = lab(tmp_path)
    sockets = (running.paths.northbound_socket, running.paths.southbound_socket)
    assert [stat.S_IMODE(path.stat().st_mode) for path in sockets] == [0o600, 0o600]
    files = (running.paths.northbound, running.paths.southbound)
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600, 0o600]
    running.brume("down")
    assert not any(path.exists() for path in sockets)


def test_a_long_path(tmp_path, lab) -> None:
    """A unix socket's address has 108 octets at most; the data directory may be deeper."""
    running = lab(tmp_path / ("deep" * 20) / ("deeper" * 10))
    running.nbctl("ls-add far")
    assert "(far)" in running.nbctl("show")


def test_tls_with_the_keys_that_the_status_names(tmp_path, lab) -> None:
    options = ("--northbound-remote", "pssl:0:127.0.0.1", "--southbound-remote", "pssl:0:127.0.0.1")
    running = lab(tmp_path, *options)
    keys = re.search(r"^ssl: clients need (.*)$", running.brume("status"), re.MULTILINE)
    assert keys is not None
    remote = reached(running, "OVN_Northbound", "ssl")
    running.tool("ovn-nbctl", *shlex.split(keys[1]), f"--db={remote}", "ls-add", "secret")
    assert "(secret)" in running.nbctl("show")
    with pytest.raises(AssertionError, match="ssl"):
        running.tool("ovn-nbctl", "--timeout=3", f"--db={remote}", "show")
    assert [stat.S_IMODE(path.stat().st_mode) & 0o077 for path in running.paths.authority.glob("*privkey.pem")] == [
        0,
        0,
    ]


def test_a_connection_that_a_row_asks_for(tmp_path, lab) -> None:
    running = lab(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    running.nbctl(f"set-connection ptcp:{port}:127.0.0.1")
    running.nbctl("ls-add asked")
    assert "(asked)" in running.tool("ovn-nbctl", "--timeout=5", f"--db=tcp:127.0.0.1:{port}", "show")


def test_a_row_that_asks_for_tls_gets_our_own_keys(tmp_path, lab) -> None:
    running = lab(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    running.nbctl(f"set-connection pssl:{port}:127.0.0.1")
    running.nbctl("ls-add secret")
    keys = re.search(r"^ssl: clients need (.*)$", running.brume("status"), re.MULTILINE)
    assert keys is not None
    remote = f"--db=ssl:127.0.0.1:{port}"
    assert "(secret)" in running.tool("ovn-nbctl", "--timeout=5", *shlex.split(keys[1]), remote, "show")


def test_a_chassis_changes_what_is_its_own(tmp_path, lab) -> None:
    """By a remote with the role of chassis, with a certificate in its own name."""
    running = lab(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    running.sbctl(f"set-connection role=ovn-controller pssl:{port}:127.0.0.1")
    options = running.brume("certificate compute1")
    assert running.brume("certificate compute1") == options  # there is one, and it does
    chassis = ("ovn-sbctl", "--timeout=10", f"--db=ssl:127.0.0.1:{port}", *shlex.split(options))
    running.tool(*chassis, "set", "Chassis", "compute1", "external_ids:mine=yes")
    assert "mine=yes" in running.sbctl("get Chassis compute1 external_ids")
    for table, column in (("Chassis", "external_ids:mine=no"), ("SB_Global", "external_ids:mine=yes")):
        row = "compute2" if table == "Chassis" else "."
        with pytest.raises(AssertionError, match=rf'prohibit mutate operation on table \W*"{table}.*permission error'):
            running.tool(*chassis, "set", table, row, column)


@pytest.mark.parametrize("name", ["server", "", "../x", ".x", "x" * 70])
def test_a_name_that_no_certificate_can_have(tmp_path, name) -> None:
    ended = brume(tmp_path, "ovn", "certificate", name, "--data-dir", str(tmp_path))
    assert ended.returncode != 0
    assert ended.stderr.splitlines()[-1].startswith("Error: ")
    assert not list(tmp_path.glob("pki/*x*-cert.pem"))


def test_somebody_who_waits_to_be_called(tmp_path, lab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as waiting:
        remote = f"tcp:127.0.0.1:{waiting.getsockname()[1]}"
        running = lab(tmp_path, "--northbound-remote", remote)
        waiting.settimeout(30)
        caller, _ = waiting.accept()
        with caller:
            caller.settimeout(30)
            caller.sendall(b'{"id":1,"method":"list_dbs","params":[]}')
            assert b'"OVN_Northbound"' in caller.recv(1000)
            assert f"OVN_Northbound: calls {remote}: connected\n" in running.brume("status")


def test_a_cloud_serves_what_neutron_made(tmp_path, up) -> None:
    cloud: Process = up(tmp_path, *FREE_PORTS)
    cloud.log_in()
    made = cloud.ask("POST", "/network/v2.0/networks", {"network": {"name": "net1"}})
    status = brume(tmp_path, "status").stdout
    found = re.search(r"^OVN_Northbound: unix:\S+ (tcp:\S+)$", status, re.MULTILINE)
    assert found is not None
    shown = tool(cloud.paths, "ovn-nbctl", "--timeout=20", "--wait=hv", "sync")
    assert shown == ""
    shown = tool(cloud.paths, "ovn-nbctl", f"--db={found[1]}", "show")
    assert f"(neutron-{made.body['network']['id']}) (aka net1)" in shown
    assert "Chassis compute2" in tool(cloud.paths, "ovn-sbctl", "show")
